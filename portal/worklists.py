"""What waits for the operators and auditors of the portal."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from portal.access import factor_reset
from portal.access.roles import AUDITOR, OPERATOR, approvers
from portal.models import (
    AccountEnding,
    ApiToken,
    AuditCheck,
    FactorReset,
    Job,
    JobState,
    Notice,
    NoticeState,
    RoleRequest,
    ScannedFile,
    StaffInvitation,
    User,
    Verdict,
)
from portal.staff.filters import OPEN
from portal.staff.worklists import Area, Whose, Worklist

EXPIRY = timedelta(days=14)
FAULTS = timedelta(days=30)


def expiring_tokens(rows: QuerySet[ApiToken], now: datetime) -> QuerySet[ApiToken]:
    """Return the tokens in force that end within EXPIRY."""
    return rows.filter(revoked_at=None, expires_at__gt=now, expires_at__lte=now + EXPIRY)


def faulty_checks(rows: QuerySet[AuditCheck], now: datetime) -> QuerySet[AuditCheck]:
    """Return the verifications of the last days that found a fault."""
    return rows.filter(faults__gt=0, started_at__gt=now - FAULTS)


def parked(person: User, now: datetime) -> QuerySet[Job]:
    return Job.objects.filter(state=JobState.PARKED)


def failed(person: User, now: datetime) -> QuerySet[Notice]:
    return Notice.objects.filter(state=NoticeState.FAILED)


def quarantined(person: User, now: datetime) -> QuerySet[ScannedFile]:
    return ScannedFile.objects.filter(verdict=Verdict.QUARANTINED)


def unconfirmed(person: User, now: datetime) -> QuerySet[FactorReset]:
    return FactorReset.objects.filter(factor_reset.OPEN)


def requested_roles(person: User, now: datetime) -> QuerySet[RoleRequest]:
    return RoleRequest.objects.filter(state=RoleRequest.State.WAITING)


def unanswered(person: User, now: datetime) -> QuerySet[StaffInvitation]:
    return StaffInvitation.objects.filter(accepted_at=None, withdrawn_at=None)


def ending(person: User, now: datetime) -> QuerySet[AccountEnding]:
    return AccountEnding.objects.filter(done_at=None, cancelled_at=None)


def expiring(person: User, now: datetime) -> QuerySet[ApiToken]:
    return expiring_tokens(ApiToken.objects.all(), now)


def faulty(person: User, now: datetime) -> QuerySet[AuditCheck]:
    return faulty_checks(AuditCheck.objects.all(), now)


OPERATORS = frozenset({OPERATOR})

WORKLISTS = (
    Worklist(
        "jobs-parked",
        Area.OPERATION,
        "중단된 작업",
        OPERATORS,
        parked,
        "admin:portal_job_changelist",
        {"state__exact": "parked"},
        since="created_at",
    ),
    Worklist(
        "mails-failed",
        Area.OPERATION,
        "보내지 못한 메일",
        OPERATORS,
        failed,
        "admin:portal_notice_changelist",
        {"state__exact": "failed"},
        since="created_at",
    ),
    Worklist(
        "files-quarantined",
        Area.OPERATION,
        "격리한 파일",
        OPERATORS,
        quarantined,
        "admin:portal_scannedfile_changelist",
        {"verdict__exact": "quarantined"},
        since="stored_at",
    ),
    Worklist(
        "factor-resets",
        Area.OPERATION,
        "승인할 2단계 인증 재설정",
        OPERATORS,
        unconfirmed,
        "admin:portal_factorreset_changelist",
        OPEN,
        since="requested_at",
        whose=Whose.APPROVAL,
    ),
    Worklist(
        "roles-requested",
        Area.OPERATION,
        "승인할 역할 요청",
        approvers(),
        requested_roles,
        "admin:portal_rolerequest_changelist",
        {"state__exact": "waiting"},
        since="requested_at",
        whose=Whose.APPROVAL,
    ),
    Worklist(
        "invitations-unanswered",
        Area.OPERATION,
        "수락을 기다리는 계정 초대",
        OPERATORS,
        unanswered,
        "admin:portal_staffinvitation_changelist",
        {"state": "open"},
        since="sent_at",
        due="expires_at",
        mailed=False,
    ),
    Worklist(
        "accounts-ending",
        Area.OPERATION,
        "끝날 예정인 계정",
        OPERATORS,
        ending,
        "admin:portal_accountending_changelist",
        {"state": "coming"},
        since="at",
        mailed=False,
    ),
    Worklist(
        "tokens-expiring",
        Area.OPERATION,
        "곧 만료되는 API 토큰",
        OPERATORS,
        expiring,
        "admin:portal_apitoken_changelist",
        {"expiry": "soon"},
        due="expires_at",
    ),
    Worklist(
        "audit-faults",
        Area.OPERATION,
        "어긋난 것이 나온 기록 검증",
        frozenset({OPERATOR, AUDITOR}),
        faulty,
        "admin:portal_auditcheck_changelist",
        {"faults": "recent"},
        since="started_at",
    ),
)
