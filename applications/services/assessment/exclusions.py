"""What people decide about sheets: to exclude, to keep in spite of a tie, to restore.

One person decides about a sheet that is not locked before the result is announced. A locked sheet, an
announced result and every restoration need a second person.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from applications.models import ScoreSheet, SheetDecision
from applications.services.assessment import conflicts
from applications.states import ANNOUNCED, ApplicationState
from applications.states import SheetDecisionKind as K
from portal.access import impartiality
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from programs.roles import MANAGER, OFFICER

REASON_LENGTH = 400
MEMBER = ("same_company", "member")


def needs_two(sheet: ScoreSheet, kind: str) -> bool:
    """Tell whether a decision about this sheet needs a second person."""
    return kind == K.RESTORE or sheet.locked_at is not None or sheet.application.state in ANNOUNCED


def propose(sheet: ScoreSheet, *, kind: str, reason: str, by: User, now: datetime) -> SheetDecision:
    """Propose a decision about a sheet; where one person suffices it is carried out at once.

    Raises BadInput (`reason`), MoveNotAllowed (`role`, `kind`, `member`, `decision_open`), Tied.
    """
    _require(sheet, by)
    if not reason.strip() or len(reason.strip()) > REASON_LENGTH:
        raise BadInput(f"사유를 {REASON_LENGTH}자까지 적어 주세요.", code="reason")
    with transaction.atomic():
        conflicts.lock_program(sheet.application)
        locked = ScoreSheet.objects.select_for_update(of=("self",)).get(pk=sheet.pk)
        locked.application = sheet.application
        _check(locked, kind)
        _check_no_member(locked, kind)
        try:
            with transaction.atomic():
                made = SheetDecision.objects.create(
                    sheet=sheet,
                    kind=kind,
                    reason=reason.strip(),
                    two=needs_two(locked, kind),
                    proposed_by=by,
                    proposed_at=now,
                )
        except IntegrityError as there:
            raise MoveNotAllowed(
                "이 평가표에는 아직 승인을 기다리는 제안이 있습니다.", code="decision_open"
            ) from there
        if not made.two:
            SheetDecision.objects.filter(pk=made.pk).update(approved_at=now)
            made.refresh_from_db()
            _carry_out(made, by, now)
    return made


def approve(decision: SheetDecision, *, by: User, now: datetime) -> SheetDecision:
    """Approve as another person than the one who proposed it, and carry it out.

    Raises MoveNotAllowed (`role`, `same_person`, `decision_closed`, `kind`), Tied.
    """
    sheet = decision.sheet
    _require(sheet, by)
    if decision.proposed_by_id == by.pk:
        raise MoveNotAllowed(
            "제안한 사람은 승인할 수 없습니다. 다른 사람이 확인해야 합니다.", code="same_person"
        )
    with transaction.atomic():
        conflicts.lock_program(sheet.application)
        ScoreSheet.objects.select_for_update(of=("self",)).get(pk=sheet.pk)
        sheet.refresh_from_db()
        _check(sheet, decision.kind)
        _check_no_member(sheet, decision.kind)
        rows = SheetDecision.objects.filter(pk=decision.pk, approved_at=None, discarded_at=None)
        if not rows.update(approved_by=by, approved_at=now):
            raise _closed()
        decision.refresh_from_db()
        _carry_out(decision, by, now)
    return decision


def discard(decision: SheetDecision, *, note: str, by: User, now: datetime) -> None:
    """Discard a proposal; the sheet stays as it is. Raises BadInput, MoveNotAllowed, Tied."""
    _require(decision.sheet, by)
    if not note.strip():
        raise BadInput("제안을 거두는 사유를 적어 주세요.", code="reason")
    rows = SheetDecision.objects.filter(pk=decision.pk, approved_at=None, discarded_at=None)
    if not rows.update(discarded_by=by, discarded_at=now, note=note.strip()[:300]):
        raise _closed()
    decision.refresh_from_db()


def _require(sheet: ScoreSheet, by: User) -> None:
    impartiality.require(
        by,
        [OFFICER, MANAGER],
        about=sheet,
        message="평가표의 제외와 복원을 결정할 권한이 없습니다.",
    )


def _check(sheet: ScoreSheet, kind: str) -> None:
    possible = {
        K.EXCLUDE: not sheet.ended,
        K.KEEP: not sheet.ended and conflicts.open_ties(sheet).exists(),
        K.RESTORE: sheet.withdrawn_at is not None
        and sheet.application.state != ApplicationState.WITHDRAWN,
    }
    if not possible.get(K(kind)):
        raise MoveNotAllowed(
            f"지금은 이 평가표를 ‘{K(kind).label}’로 처리할 수 없습니다.", code="kind"
        )


def _check_no_member(sheet: ScoreSheet, kind: str) -> None:
    if kind == K.KEEP and conflicts.open_ties(sheet).filter(code__in=MEMBER).exists():
        raise MoveNotAllowed(
            "이 기업에 속한 평가위원의 평가표는 유지할 수 없습니다.", code="member"
        )


def _carry_out(decision: SheetDecision, by: User, now: datetime) -> None:
    sheet, reason = decision.sheet, f"{decision.get_kind_display()}: {decision.reason}"
    if decision.kind == K.EXCLUDE:
        conflicts.withdraw(sheet, reason=reason, by=by, now=now)
        return
    if decision.kind == K.RESTORE:
        conflicts.restore(sheet, reason=reason, by=by, now=now)
    conflicts.open_ties(sheet).update(kept_at=now, late=True)


def _closed() -> MoveNotAllowed:
    return MoveNotAllowed("이미 확정했거나 거둔 제안입니다.", code="decision_closed")
