"""Lift a tie that was recorded by mistake: two people, within the assessment, before a score.

A sheet that the tie had ended comes back with its history. One that its assessor gave up by the
statement waits for a new statement; one that people had excluded is restored as they would restore it.
Where firms are hidden, a statement's sheet stays ended: its return would tell whose it is.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from applications.models import ConflictOfInterest, ScoreRun, ScoreSheet, SheetDecision, TieLift
from applications.services.assessment import conflicts
from applications.states import ApplicationMoves, ApplicationState, SheetDecisionKind
from portal.access import impartiality
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from portal.notices import outbox
from portal.records.workflow import move
from programs.roles import MANAGER, OFFICER

REASON_LENGTH = 400
# What somebody stated; ties that follow from data end when the data are set right.
LIFTABLE = (conflicts.STATED, conflicts.DECLARED)


def propose(tie: ConflictOfInterest, *, reason: str, by: User, now: datetime) -> TieLift:
    """Propose to lift a tie.

    Raises BadInput (`reason`), MoveNotAllowed (`role`, `not_liftable`, `scored`, `lift_open`), Tied.
    """
    _require(by, tie)
    if not reason.strip() or len(reason.strip()) > REASON_LENGTH:
        raise BadInput(f"사유를 {REASON_LENGTH}자까지 적어 주세요.", code="reason")
    _check(tie)
    try:
        with transaction.atomic():
            return TieLift.objects.create(
                tie=tie, reason=reason.strip(), proposed_by=by, proposed_at=now
            )
    except IntegrityError as there:
        raise MoveNotAllowed(
            "이 이해관계에는 아직 승인을 기다리는 해제 제안이 있습니다.", code="lift_open"
        ) from there


def approve(lift: TieLift, *, by: User, now: datetime) -> TieLift:
    """Lift the tie as another person than the one who proposed it, and restore the sheet.

    Raises MoveNotAllowed (`role`, `same_person`, `not_liftable`, `scored`, `lift_closed`), Tied.
    """
    _require(by, lift)
    if lift.proposed_by_id == by.pk:
        raise MoveNotAllowed(
            "제안한 사람은 승인할 수 없습니다. 다른 사람이 확인해야 합니다.", code="same_person"
        )
    with transaction.atomic():
        conflicts.lock_program(lift.tie.application)
        rows = ConflictOfInterest.objects.select_for_update(of=("self",))
        tie = rows.select_related("application__sub_program", "assessor").get(pk=lift.tie_id)
        _check(tie)
        open_rows = TieLift.objects.filter(pk=lift.pk, approved_at=None, discarded_at=None)
        if not open_rows.update(approved_by=by, approved_at=now):
            raise _closed()
        lift.refresh_from_db()
        ConflictOfInterest.objects.filter(pk=tie.pk).update(cleared_at=now)
        _restore(lift, tie, by, now)
    return lift


def discard(lift: TieLift, *, note: str, by: User, now: datetime) -> None:
    """Discard a proposal; the tie stays. Raises BadInput (`reason`), MoveNotAllowed, Tied."""
    _require(by, lift)
    if not note.strip():
        raise BadInput("제안을 거두는 사유를 적어 주세요.", code="reason")
    rows = TieLift.objects.filter(pk=lift.pk, approved_at=None, discarded_at=None)
    if not rows.update(discarded_by=by, discarded_at=now, note=note.strip()[:300]):
        raise _closed()
    lift.refresh_from_db()


def liftable(tie: ConflictOfInterest) -> bool:
    """Tell whether a tie is of the kind and at the stage that can be lifted."""
    return (
        tie.code in LIFTABLE
        and tie.cleared_at is None
        and tie.application.state == ApplicationState.ASSESSING
    )


def _check(tie: ConflictOfInterest) -> None:
    if not liftable(tie):
        raise MoveNotAllowed(
            "평가하는 동안, 본인이나 담당자가 밝힌 이해관계만 해제할 수 있습니다.",
            code="not_liftable",
        )
    sheet = _sheet(tie)
    ended_at = sheet and (sheet.abstained_at or sheet.withdrawn_at)
    if ended_at is None:
        return
    scored = ScoreRun.objects.filter(
        sub_program=tie.application.sub_program_id, requested_at__gte=ended_at, stale_at=None
    )
    if scored.exists():
        raise MoveNotAllowed(
            "이 평가표 없이 이미 점수를 산정했으므로 되살릴 수 없습니다.", code="scored"
        )


def _sheet(tie: ConflictOfInterest) -> ScoreSheet | None:
    sheets = ScoreSheet.objects.filter(application=tie.application_id, assessor=tie.assessor_id)
    return sheets.select_related("application", "assessor").first()


def _restore(lift: TieLift, tie: ConflictOfInterest, by: User, now: datetime) -> None:
    sheet = _sheet(tie)
    if sheet is None or conflicts.open_ties(sheet).exists():
        return
    reason = f"이해관계 해제: {lift.reason}"
    if sheet.withdrawn_at is not None and sheet.decisions.filter(
        kind=SheetDecisionKind.EXCLUDE, approved_at__isnull=False
    ):
        SheetDecision.objects.create(
            sheet=sheet,
            kind=SheetDecisionKind.RESTORE,
            reason=reason,
            two=True,
            proposed_by=lift.proposed_by,
            proposed_at=lift.proposed_at,
            approved_by=by,
            approved_at=now,
        )
        conflicts.restore(sheet, reason=reason, by=by, now=now)
    elif _waits_again(tie, sheet):
        move(sheet.application, ApplicationMoves.RESTORE_SHEET, by=by, now=now, note=reason)
        ScoreSheet.objects.filter(pk=sheet.pk).update(
            abstained_at=None, declared_at=None, end_reason=""
        )
    else:
        return
    outbox.write(
        "applications/sheet_restored",
        to_email=sheet.assessor.email,
        user=sheet.assessor,
        key=f"sheet-restored:{sheet.pk}:{lift.pk}",
        now=now,
        program=sheet.application.sub_program,
        due_at=sheet.due_at,
    )


def stays_ended(tie: ConflictOfInterest) -> bool:
    """Tell whether a sheet that the tie ended does not come back: its assessor knows the firm by the tie."""
    return tie.code == conflicts.STATED and tie.application.sub_program.blind


def _waits_again(tie: ConflictOfInterest, sheet: ScoreSheet) -> bool:
    if tie.code != conflicts.STATED or stays_ended(tie):
        return False
    same = ScoreSheet.objects.filter(pk=sheet.pk, abstained_at=F("declared_at"))
    return same.exists()


def _require(by: User, about: ConflictOfInterest | TieLift) -> None:
    impartiality.require(
        by, [OFFICER, MANAGER], about=about, message="이해관계를 해제할 권한이 없습니다."
    )


def _closed() -> MoveNotAllowed:
    return MoveNotAllowed("이미 승인했거나 거둔 제안입니다.", code="lift_closed")
