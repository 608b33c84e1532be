"""Good cases: proposed by one person, decided by another, shown on the home page."""

from datetime import datetime

from django.db import IntegrityError, transaction

from portal.access import impartiality
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import MoveLogBase, User
from portal.records.workflow import move
from vouchers.models import ConsumerReport, GoodCase, Service
from vouchers.roles import AGENCY, MODERATOR, PANEL_OPERATOR
from vouchers.states import CorrectionState, GoodCaseMoves, MonitorState, ReportState, ServiceState

PROPOSERS = frozenset({MODERATOR, PANEL_OPERATOR, AGENCY})
OPEN_CORRECTIONS = (
    CorrectionState.VERIFIED,
    CorrectionState.ASKED,
    CorrectionState.ANSWERED,
    CorrectionState.SUSPENDED,
)


def propose(
    report: ConsumerReport, *, headline: str, reason: str, by: User, now: datetime
) -> GoodCase:
    """Propose the service of a published report as a good case.

    Raises MoveNotAllowed (`role`, `not_good`, `proposed`), BadInput (`reason`).
    """
    impartiality.require(by, PROPOSERS, about=report, message="우수 사례를 추천할 권한이 없습니다.")
    if not headline.strip() or not reason.strip():
        raise BadInput("한 줄 소개와 추천 사유를 적어 주세요.", code="reason")
    _check_report(report)
    try:
        with transaction.atomic():
            return GoodCase.objects.create(
                service=report.assignment.service,
                report=report,
                headline=headline.strip(),
                reason=reason.strip(),
                proposed_by=by,
                proposed_at=now,
            )
    except IntegrityError as taken:
        raise MoveNotAllowed(
            "이미 추천했거나 우수 사례인 서비스입니다.", code="proposed"
        ) from taken


@transaction.atomic
def promote(case: GoodCase, *, by: User, now: datetime) -> MoveLogBase:
    """Promote a proposal and show it on the home page.

    Raises MoveNotAllowed (`second_person`, `not_good`).
    """
    _check_second_person(case, by)
    _check_report(case.report)
    row = move(
        case,
        GoodCaseMoves.PROMOTE,
        by=by,
        now=now,
        changes={"decided_by": by, "decided_at": now},
    )
    Service.objects.filter(pk=case.service_id).update(promoted_at=now)
    return row


def decline(case: GoodCase, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Decline a proposal. Raises MoveNotAllowed (`second_person`)."""
    _check_second_person(case, by)
    return move(
        case,
        GoodCaseMoves.DECLINE,
        by=by,
        now=now,
        note=note,
        changes={"decided_by": by, "decided_at": now},
    )


@transaction.atomic
def end(case: GoodCase, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Stop showing a good case. Raises MoveNotAllowed."""
    row = move(case, GoodCaseMoves.END, by=by, now=now, note=note)
    Service.objects.filter(pk=case.service_id).update(promoted_at=None)
    return row


def _check_second_person(case: GoodCase, by: User) -> None:
    if case.proposed_by_id == by.pk:
        raise MoveNotAllowed(
            "추천한 사람은 결정할 수 없습니다. 다른 사람이 확인해야 합니다.", code="second_person"
        )


def _check_report(report: ConsumerReport) -> None:
    service = report.assignment.service
    if report.state != ReportState.PUBLISHED:
        raise MoveNotAllowed("공개된 보고서가 있어야 합니다.", code="not_good")
    if report.assignment.monitor.state == MonitorState.EXCLUDED:
        raise MoveNotAllowed("평균에서 제외한 보고서는 근거가 될 수 없습니다.", code="not_good")
    if service.state != ServiceState.ON_SALE:
        raise MoveNotAllowed("판매 중인 서비스만 우수 사례가 됩니다.", code="not_good")
    if service.corrections.filter(state__in=OPEN_CORRECTIONS).exists():
        raise MoveNotAllowed("시정이 끝나지 않은 서비스입니다.", code="not_good")
