"""People of firms."""

from collections.abc import Collection, Sequence

from applications.models import Member
from applications.states import MemberRole
from applications.visibility import WRITERS
from portal.models import User


def people_of(
    firms: Collection[int], roles: Sequence[MemberRole] = WRITERS
) -> dict[int, list[User]]:
    """Return the people who hold one of the roles and whose accounts work, by the key of the firm."""
    found: dict[int, list[User]] = {}
    rows = Member.objects.filter(company__in=firms, role__in=roles, user__is_active=True)
    for row in rows.select_related("user").order_by("pk"):
        found.setdefault(row.company_id, []).append(row.user)
    return found
