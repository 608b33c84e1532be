"""Tables of the portal that the audit chain seals (see `portal.records.audit`)."""

from portal.models import RoleChange
from portal.records.audit import Audited

AUDITED = (Audited("role-changes", "역할 변경 이력", RoleChange.objects.all, time="at"),)
