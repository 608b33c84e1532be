"""Corrections: raised from reports, verified, requested, answered; unfixed ones suspend the sale."""

from collections.abc import Sequence
from datetime import datetime

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import F

from portal.access import impartiality
from portal.core.errors import BadInput, Closed, MoveNotAllowed, NotFound
from portal.core.moves import Move
from portal.models import MoveLogBase, User
from portal.records import workflow
from portal.records.workflow import move
from portal.uploads import files
from programs.queries.calendar import holidays
from vouchers.models import (
    ConsumerReport,
    Correction,
    CorrectionAnswer,
    CorrectionEvidence,
    Issue,
    SaleSuspension,
    Service,
)
from vouchers.queries import plans
from vouchers.roles import AGENCY, MODERATOR, PANEL_OPERATOR
from vouchers.services import suppliers
from vouchers.services.catalogue import sale, standing
from vouchers.services.reports import moderation
from vouchers.states import (
    ACCEPTED_STATES,
    CorrectionMoves,
    CorrectionState,
    IssueKind,
    SuspensionState,
)

FORMATS = ("pdf", "hwp", "hwpx", "docx", "xlsx", "jpg", "png")
MOST_FILES = 5
RAISERS = frozenset({MODERATOR, PANEL_OPERATOR, AGENCY})
OVERDUE_AT_ONCE = 500


def raise_issue(
    report: ConsumerReport, *, kind: str, text: str, by: User, now: datetime
) -> Correction:
    """Raise a problem from an accepted report, joining an unverified case of the same kind.

    Raises MoveNotAllowed (`role`, `not_accepted`, `raised`), BadInput (`text`).
    """
    impartiality.require(by, RAISERS, about=report, message="문제를 제기할 권한이 없습니다.")
    if report.state not in ACCEPTED_STATES:
        raise MoveNotAllowed("채택한 보고서에서만 문제를 제기할 수 있습니다.", code="not_accepted")
    if not text.strip():
        raise BadInput("무엇이 문제인지 적어 주세요.", code="text")
    kind = IssueKind(kind)
    service = report.assignment.service
    with transaction.atomic():
        case = _unverified_case(service, kind, now)
        move(case, CorrectionMoves.JOIN, by=by, now=now, note=text.strip())
        try:
            with transaction.atomic():
                Issue.objects.create(
                    correction=case,
                    report=report,
                    kind=kind,
                    text=text.strip(),
                    raised_by=by,
                    raised_at=now,
                )
        except IntegrityError as again:
            raise MoveNotAllowed(
                "이 보고서로 같은 문제를 이미 제기했습니다.", code="raised"
            ) from again
    return case


@transaction.atomic
def verify(case: Correction, *, finding: str, by: User, now: datetime) -> MoveLogBase:
    """Verify a case with the agency's finding, which supplier and public read. Raises MoveNotAllowed."""
    row = move(
        case,
        CorrectionMoves.VERIFY,
        by=by,
        now=now,
        note=finding,
        changes={"finding": finding.strip()},
    )
    standing.refresh([case.service_id])
    return row


def dismiss(case: Correction, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Close a case in which the agency found no problem. Raises MoveNotAllowed."""
    return move(
        case, CorrectionMoves.DISMISS, by=by, now=now, note=note, changes={"closed_at": now}
    )


def request(case: Correction, *, text: str, by: User, now: datetime) -> MoveLogBase:
    """Request a correction from the supplier by a due date. Raises MoveNotAllowed, NotFound."""
    return _request(case, CorrectionMoves.ASK, text, by, now)


@transaction.atomic
def request_again(case: Correction, *, text: str, by: User, now: datetime) -> MoveLogBase:
    """Reject an answer and set a new due date; a suspended sale stays suspended.

    Raises MoveNotAllowed, NotFound.
    """
    for waiting in case.suspensions.filter(state=SuspensionState.PROPOSED):
        sale.decline_suspension(waiting, note=f"다시 시정 요청: {text}", by=by, now=now)
    return _request(case, CorrectionMoves.ASK_AGAIN, text, by, now)


@transaction.atomic
def answer(
    case: Correction,
    *,
    text: str,
    uploads: Sequence["File[bytes]"] = (),
    by: User,
    now: datetime,
) -> CorrectionAnswer:
    """Record the supplier's answer with its files, also after the sale was suspended.

    The caller checks that `by` acts for the supplier. Raises BadInput (`text`, `file_…`), RuleBroken
    (`private`), Closed (`correction_due`) between due date and suspension, MoveNotAllowed.
    """
    if not text.strip():
        raise BadInput("무엇을 어떻게 고쳤는지 적어 주세요.", code="text")
    moderation.check_words(text, case.service.supplier, plans.of_service(case.service))
    if len(uploads) > MOST_FILES:
        raise BadInput(f"증빙은 {MOST_FILES}개까지 올릴 수 있습니다.", code="file_count")
    if case.state == CorrectionState.ASKED and case.due_at is not None and now >= case.due_at:
        raise Closed(
            "시정 기한이 지났습니다. 판매 중지 처리 뒤에 다시 낼 수 있습니다.",
            code="correction_due",
        )
    inspected = [(files.inspect(upload, allowed=FORMATS), upload) for upload in uploads]
    move(case, CorrectionMoves.ANSWER, by=by, now=now, owner=True, changes={"answered_at": now})
    standing.refresh([case.service_id])
    row = CorrectionAnswer.objects.create(correction=case, text=text.strip(), by=by, at=now)
    CorrectionEvidence.objects.bulk_create(
        CorrectionEvidence(
            answer=row,
            name=what.name,
            file=files.store(upload, by=by),
            sha256=what.sha256,
            content_type=what.content_type,
            size=what.size,
        )
        for what, upload in inspected
    )
    return row


@transaction.atomic
def fix(case: Correction, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Confirm the correction; resume the sale unless something else keeps it suspended.

    Raises MoveNotAllowed.
    """
    row = move(
        case,
        CorrectionMoves.FIX,
        by=by,
        now=now,
        note=note,
        changes={"closed_at": now, "suspended_service": False},
    )
    sale.release_case(case, reason=f"시정 완료: {note.strip()}", by=by, now=now)
    standing.refresh([case.service_id])
    _notify(
        case, "vouchers/correction_fixed", f"correction-fixed:{case.pk}", now, note=note.strip()
    )
    return row


@transaction.atomic
def fail(case: Correction, *, note: str, by: User, now: datetime) -> SaleSuspension | None:
    """Judge that an answer corrects nothing, and propose to suspend the sale; a second person confirms.

    None when this case keeps the sale suspended already. Raises MoveNotAllowed, BadInput (`reason`).
    """
    if not workflow.allowed(CorrectionMoves.FAIL, state=case.state, by=by):
        raise MoveNotAllowed("지금 상태에서는 미시정으로 처리할 수 없습니다.")
    if not case.suspended_service:
        reason = f"시정하지 않음: {note.strip()}" if note.strip() else ""
        return sale.propose_suspension(case.service, reason=reason, case=case, by=by, now=now)
    move(case, CorrectionMoves.FAIL, by=by, now=now, note=note)
    standing.refresh([case.service_id])
    return None


def suspend_overdue(now: datetime) -> int:
    """Suspend the sale of services whose correction is overdue; return the number of cases."""
    late = Correction.objects.filter(state=CorrectionState.ASKED, due_at__lte=now).order_by("pk")
    return sum(_overdue(case, now) for case in late[:OVERDUE_AT_ONCE])


@transaction.atomic
def _overdue(case: Correction, now: datetime) -> int:
    held = case.suspended_service  # asked again while the sale was suspended
    try:
        move(
            case,
            CorrectionMoves.OVERDUE,
            by=None,
            now=now,
            note="시정 기한까지 답이 없었습니다.",
            where={"due_at__lte": now},
            changes={"suspended_service": True},
        )
    except MoveNotAllowed:  # answered since the query
        return 0
    if not held:
        sale.suspend_overdue(case, reason="시정 기한까지 공급기업의 답이 없었습니다.", now=now)
    standing.refresh([case.service_id])
    return 1


def _request(case: Correction, step: Move, text: str, by: User, now: datetime) -> MoveLogBase:
    due_at = due_after(case.service, now)
    with transaction.atomic():
        row = move(
            case,
            step,
            by=by,
            now=now,
            note=text,
            changes={
                "request": text.strip(),
                "asked_at": now,
                "due_at": due_at,
                "asked_times": F("asked_times") + 1,
            },
        )
        case.refresh_from_db()
        _notify(case, "vouchers/correction_asked", f"correction-asked:{row.pk}", now)
    return row


def due_after(service: Service, now: datetime) -> datetime:
    """Return when a correction requested now is due. Raises NotFound without any report rules."""
    plan = plans.of_service(service)
    if plan is None:
        raise NotFound("보고서 운영 기준이 아직 없습니다.")
    return plan.due_after("correction_days", now, holidays())


def _unverified_case(service: Service, kind: IssueKind, now: datetime) -> Correction:
    # The unique constraint makes concurrent calls share one case.
    case, _ = Correction.objects.get_or_create(
        service=service, kind=kind, state=CorrectionState.RAISED, defaults={"raised_at": now}
    )
    return case


def _notify(case: Correction, template: str, key: str, now: datetime, **context: object) -> None:
    suppliers.notify(
        case.service.supplier,
        template,
        key=key,
        now=now,
        case=case,
        service=case.service,
        **context,
    )
