"""Models, one module per package of the portal."""

from portal.models.access import User, UserManager
from portal.models.api import ApiToken, IdempotentCall, TokenScope
from portal.models.assignment import DeclaredTie, FirmLink
from portal.models.jobs import Job, JobState
from portal.models.notices import Notice, NoticeState
from portal.models.paper import IssuedPdf
from portal.models.records import (
    AuditChain,
    AuditCheck,
    AuditSeal,
    Dated,
    IncidentMinute,
    MoveLogBase,
    Stateful,
)

__all__ = [
    "ApiToken",
    "AuditChain",
    "AuditCheck",
    "AuditSeal",
    "Dated",
    "DeclaredTie",
    "FirmLink",
    "IdempotentCall",
    "IncidentMinute",
    "IssuedPdf",
    "Job",
    "JobState",
    "MoveLogBase",
    "Notice",
    "NoticeState",
    "Stateful",
    "TokenScope",
    "User",
    "UserManager",
]
