"""Corrections: raised from reports, verified, asked for, answered; unfixed ones stop the sale."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import F

from portal.access.roles import roles_of
from portal.core.clock import KST
from portal.core.errors import BadInput, Closed, MoveNotAllowed, NotFound
from portal.core.moves import Move
from portal.models import MoveLogBase, User
from portal.records.workflow import move
from portal.uploads import files
from vouchers.models import (
    ConsumerReport,
    Correction,
    CorrectionAnswer,
    CorrectionEvidence,
    Issue,
    ReportPlan,
    Service,
)
from vouchers.roles import AGENCY, MODERATOR, PANEL_OPERATOR
from vouchers.services import suppliers
from vouchers.states import (
    ACCEPTED_STATES,
    CorrectionMoves,
    CorrectionState,
    IssueKind,
    ServiceMoves,
    ServiceState,
)

FORMATS = ("pdf", "hwp", "hwpx", "docx", "xlsx", "jpg", "png")
MOST_FILES = 5
RAISERS = frozenset({MODERATOR, PANEL_OPERATOR, AGENCY})
OVERDUE_AT_ONCE = 500
DUE_HOUR = time(18)  # assumption, as for the rounds (domain 0.12)


def raise_issue(
    report: ConsumerReport, *, kind: str, text: str, by: User, now: datetime
) -> Correction:
    """Raise what an accepted report finds wrong; a case not yet looked at takes it up.

    Raises MoveNotAllowed (`role`, `not_accepted`, `raised`), BadInput (`text`).
    """
    if not roles_of(by) & RAISERS:
        raise MoveNotAllowed("문제를 제기할 권한이 없습니다.", code="role")
    if report.state not in ACCEPTED_STATES:
        raise MoveNotAllowed("채택한 보고서에서만 문제를 제기할 수 있습니다.", code="not_accepted")
    if not text.strip():
        raise BadInput("무엇이 문제인지 적어 주세요.", code="text")
    kind = IssueKind(kind)
    service = report.assignment.service
    with transaction.atomic():
        case = _raised(service, kind, now)
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


def verify(case: Correction, *, finding: str, by: User, now: datetime) -> MoveLogBase:
    """Say what the agency has found; from here on supplier and public read of it."""
    return move(
        case,
        CorrectionMoves.VERIFY,
        by=by,
        now=now,
        note=finding,
        changes={"finding": finding.strip()},
    )


def dismiss(case: Correction, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Close a case in which the agency has found nothing wrong."""
    return move(
        case, CorrectionMoves.DISMISS, by=by, now=now, note=note, changes={"closed_at": now}
    )


def ask(case: Correction, *, wanted: str, by: User, now: datetime) -> MoveLogBase:
    """Ask the supplier to put it right, by a date."""
    return _ask(case, CorrectionMoves.ASK, wanted, by, now)


def ask_again(case: Correction, *, wanted: str, by: User, now: datetime) -> MoveLogBase:
    """Refuse an answer and ask once more, by a new date; a stopped sale stays stopped."""
    return _ask(case, CorrectionMoves.ASK_AGAIN, wanted, by, now)


@transaction.atomic
def answer(
    case: Correction,
    *,
    text: str,
    uploads: Sequence["File[bytes]"] = (),
    by: User,
    now: datetime,
) -> CorrectionAnswer:
    """Take the supplier's answer with its proofs; also late, while the sale is stopped.

    The edge has checked that `by` works at the supplier's desk. Raises BadInput (`text`,
    `file_…`), Closed (`correction_due`) between due date and suspension, MoveNotAllowed.
    """
    if not text.strip():
        raise BadInput("무엇을 어떻게 고쳤는지 적어 주세요.", code="text")
    if len(uploads) > MOST_FILES:
        raise BadInput(f"증빙은 {MOST_FILES}개까지 올릴 수 있습니다.", code="file_count")
    if case.state == CorrectionState.ASKED and case.due_at is not None and now >= case.due_at:
        raise Closed(
            "시정 기한이 지났습니다. 판매 중지 처리 뒤에 다시 낼 수 있습니다.",
            code="correction_due",
        )
    found = [(files.inspect(upload, allowed=FORMATS), upload) for upload in uploads]
    move(case, CorrectionMoves.ANSWER, by=by, now=now, owner=True, changes={"answered_at": now})
    row = CorrectionAnswer.objects.create(correction=case, text=text.strip(), by=by, at=now)
    CorrectionEvidence.objects.bulk_create(
        CorrectionEvidence(
            answer=row,
            name=what.name,
            file=files.store(upload),
            sha256=what.sha256,
            content_type=what.content_type,
            size=what.size,
        )
        for what, upload in found
    )
    return row


@transaction.atomic
def fix(case: Correction, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Confirm that it was put right; the sale goes on when no other case has stopped it."""
    row = move(
        case,
        CorrectionMoves.FIX,
        by=by,
        now=now,
        note=note,
        changes={"closed_at": now, "suspended_service": False},
    )
    service = _locked(case)
    others = service.corrections.filter(suspended_service=True).exclude(pk=case.pk)
    if service.state == ServiceState.SUSPENDED and not others.exists():
        move(service, ServiceMoves.RESUME, by=by, now=now, note=f"시정 완료: {note.strip()}")
    _tell(case, "vouchers/correction_fixed", f"correction-fixed:{case.pk}", now, note=note.strip())
    return row


@transaction.atomic
def fail(case: Correction, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Find that it was not put right: the sale stops until it is."""
    row = move(
        case, CorrectionMoves.FAIL, by=by, now=now, note=note, changes={"suspended_service": True}
    )
    _stop(case, by, now, f"시정하지 않음: {note.strip()}")
    return row


def suspend_overdue(now: datetime) -> int:
    """Stop the sale of services whose correction was not answered in time; returns how many."""
    late = Correction.objects.filter(state=CorrectionState.ASKED, due_at__lte=now).order_by("pk")
    return sum(_overdue(case, now) for case in late[:OVERDUE_AT_ONCE])


@transaction.atomic
def _overdue(case: Correction, now: datetime) -> int:
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
    except MoveNotAllowed:  # answered in this very moment
        return 0
    _stop(case, None, now, "시정 기한까지 공급기업의 답이 없었습니다.")
    return 1


def _stop(case: Correction, by: User | None, now: datetime, note: str) -> None:
    service = _locked(case)
    if service.state == ServiceState.ON_SALE:
        move(service, ServiceMoves.SUSPEND, by=by, now=now, note=note)
    last = case.moves.order_by("-pk").values_list("pk", flat=True).first()
    _tell(case, "vouchers/service_suspended", f"service-suspended:{last}", now, note=note)


def _ask(case: Correction, step: Move, wanted: str, by: User, now: datetime) -> MoveLogBase:
    due_at = due_after(case.service, now)
    with transaction.atomic():
        row = move(
            case,
            step,
            by=by,
            now=now,
            note=wanted,
            changes={
                "request": wanted.strip(),
                "asked_at": now,
                "due_at": due_at,
                "asked_times": F("asked_times") + 1,
            },
        )
        case.refresh_from_db()
        _tell(case, "vouchers/correction_asked", f"correction-asked:{row.pk}", now)
    return row


def due_after(service: Service, now: datetime) -> datetime:
    """When a correction asked for now is due, by the rules of the round that tried the service."""
    plan = (
        ReportPlan.objects.filter(round__assignments__service=service)
        .order_by("-round__opens_at")
        .first()
    )
    if plan is None:
        raise NotFound("이 서비스를 체험한 모니터링단 회차가 없습니다.")
    day = now.astimezone(KST).date() + timedelta(days=plan.correction_days)
    return datetime.combine(day, DUE_HOUR, tzinfo=KST)


def _raised(service: Service, kind: IssueKind, now: datetime) -> Correction:
    """Find the case that is not yet looked at, or begin one; two at once begin one together."""
    waiting = {"service": service, "kind": kind, "state": CorrectionState.RAISED}
    case, _ = Correction.objects.get_or_create(**waiting, defaults={"raised_at": now})
    return case


def _locked(case: Correction) -> Service:
    return Service.objects.select_for_update(of=("self",)).get(pk=case.service_id)


def _tell(case: Correction, template: str, key: str, now: datetime, **words: object) -> None:
    suppliers.to_supplier(
        case.service.supplier,
        template,
        key=key,
        now=now,
        case=case,
        service=case.service,
        **words,
    )
