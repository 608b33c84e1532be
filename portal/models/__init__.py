"""Models, one module per package of the portal."""

from portal.models.access import FactorReset, User, UserManager
from portal.models.accounts import AccountEnding, RoleChange, RoleRequest, StaffInvitation
from portal.models.api import ApiToken, IdempotentCall, TokenScope
from portal.models.assignment import DeclaredTie, FirmLink
from portal.models.files import ScannedFile, Verdict
from portal.models.jobs import Job, JobState
from portal.models.notices import News, Notice, NoticeState
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
from portal.models.recovery import RestoreReceipt
from portal.models.registries import Failure, RegistryAnswer, RegistryRecord
from portal.models.staff import ListColumns, SavedView, StaffAct
from portal.models.todos import TodoSettings

__all__ = [
    "AccountEnding",
    "ApiToken",
    "AuditChain",
    "AuditCheck",
    "AuditSeal",
    "Dated",
    "DeclaredTie",
    "FactorReset",
    "Failure",
    "FirmLink",
    "IdempotentCall",
    "IncidentMinute",
    "IssuedPdf",
    "Job",
    "JobState",
    "ListColumns",
    "MoveLogBase",
    "News",
    "Notice",
    "NoticeState",
    "RegistryAnswer",
    "RegistryRecord",
    "RestoreReceipt",
    "RoleChange",
    "RoleRequest",
    "SavedView",
    "ScannedFile",
    "StaffAct",
    "StaffInvitation",
    "Stateful",
    "TodoSettings",
    "TokenScope",
    "User",
    "UserManager",
    "Verdict",
]
