"""Changes of released decisions: declined, cancelled, reversed, moved up, lapsed.

Every change but a decline is approved by somebody other than its proposer.
"""

from datetime import datetime

from django.db import transaction

from applications.models import Application, Decision, DecisionChange, Objection
from applications.queries.selection import decisions as decision_queries
from applications.queries.selection import reserve as reserve_queries
from applications.services import objection
from applications.services.agreement import contracts
from applications.services.selection import decisions, reserve
from applications.states import (
    PENDING_CHANGES,
    ApplicationState,
    ChangeKind,
    ChangeMoves,
    ChangeState,
    ObjectionMoves,
    ObjectionState,
    Outcome,
)
from portal.access import impartiality
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from portal.records.workflow import move
from programs.roles import MANAGER, OFFICER

DECLINED = "신청기업이 포기했습니다."
HOLDING_A_PLACE = {Outcome.SELECTED, Outcome.RESERVE}


def decline(application: Application, *, note: str, by: User, now: datetime) -> Decision:
    """Give up a selection or a place on the reserve list, before an agreement is begun.

    Needs no approval; a vacated place goes to the reserve list. The caller has checked that `by`
    owns the company. Changes that staff still prepare are discarded, and an objection needs no answer
    any more. Raises MoveNotAllowed (`nothing_to_decline`, `no_award`, `objection_upheld` while a case
    is scored again), BadInput (`reason`).
    """
    with transaction.atomic():
        reserve.lock_program(application.sub_program)
        current = _current(application)
        _refuse_scored_again(application, "포기")
        if current.outcome not in HOLDING_A_PLACE:
            raise MoveNotAllowed(
                "선정되었거나 예비인 신청만 포기할 수 있습니다.", code="nothing_to_decline"
            )
        for pending in application.changes.filter(state__in=PENDING_CHANGES):
            move(pending, ChangeMoves.DISCARD, by=None, now=now, note=DECLINED)
        made = decisions.open_change(
            current,
            kind=ChangeKind.DECLINE,
            outcome=Outcome.DECLINED,
            reason=f"{DECLINED} {note.strip()}"[: decisions.REASON_LENGTH] if note.strip() else "",
            by=by,
            now=now,
        )
        decision = decisions.put_in_force(made, ChangeMoves.DECLINE, by=by, now=now, owner=True)
        objection.lapse(application, reason=DECLINED, now=now)
        contracts.follow_decision(application, now=now)
        reserve.fill(application.sub_program, by=None, now=now)
    return decision


def propose(
    application: Application,
    *,
    kind: ChangeKind,
    outcome: str,
    reason: str,
    by: User,
    now: datetime,
) -> DecisionChange:
    """Propose to cancel a selection or to reverse a decision.

    A reversal needs two approvals, a cancellation one, each by another person. Raises
    MoveNotAllowed (`role`, `not_selected`, `no_award`, `objection_upheld`), BadInput (`kind`,
    `outcome`, `reason`).
    """
    impartiality.require(
        by, [OFFICER, MANAGER], about=application, message="결정 변경을 제안할 권한이 없습니다."
    )
    with transaction.atomic():
        reserve.lock_program(application.sub_program)
        current = _current(application)
        _refuse_scored_again(application, "제안")
        if kind == ChangeKind.CANCEL:
            outcome = Outcome.CANCELLED
            if current.outcome != Outcome.SELECTED:
                raise MoveNotAllowed(
                    "선정된 신청만 선정을 취소할 수 있습니다.", code="not_selected"
                )
        elif kind != ChangeKind.REVERSAL:
            raise BadInput("취소나 번복만 제안할 수 있습니다.", code="kind")
        elif outcome not in {*HOLDING_A_PLACE, Outcome.REJECTED} or outcome == current.outcome:
            raise BadInput("지금과 다른 결과를 고르세요.", code="outcome")
        support = application.submission.support_won or 0
        return decisions.open_change(
            current,
            kind=kind,
            outcome=outcome,
            grant_won=support if outcome == Outcome.SELECTED else 0,
            reason=reason,
            by=by,
            now=now,
        )


def take_up(change: DecisionChange, *, by: User, now: datetime) -> None:
    """Adopt an automatic draft as an officer. Raises MoveNotAllowed (`barred`)."""
    _refuse_barred(change, by)
    move(change, ChangeMoves.TAKE_UP, by=by, now=now, changes={"proposed_by": by})


def second(change: DecisionChange, *, by: User, now: datetime) -> None:
    """Give the first of the two approvals of a reversal. Raises MoveNotAllowed."""
    if change.kind != ChangeKind.REVERSAL:
        raise MoveNotAllowed("1차 승인은 결정 번복에만 있습니다.", code="second_approval")
    _refuse_same_person(change, by)
    move(change, ChangeMoves.SECOND, by=by, now=now, changes={"seconded_by": by})


def approve(change: DecisionChange, *, by: User, now: datetime) -> Decision:
    """Approve as a person who has not signed yet; the new decision is in force at once.

    A vacated place or returned money goes to the reserve list. Raises MoveNotAllowed
    (`same_person`, `second_approval`, `place_taken`, `decision_replaced`), BudgetExceeded.
    """
    if change.kind == ChangeKind.REVERSAL and change.state == ChangeState.PROPOSED:
        raise MoveNotAllowed("결정 번복은 1차 승인이 먼저 있어야 합니다.", code="second_approval")
    _refuse_same_person(change, by)
    _refuse_barred(change, by)
    program = change.application.sub_program
    with transaction.atomic():
        reserve.lock_program(program)
        if change.kind == ChangeKind.MOVE_UP:
            _require_free_place(change)
        made = decisions.put_in_force(change, ChangeMoves.APPROVE, by=by, now=now, approved_by=by)
        if change.kind == ChangeKind.OBJECTION:
            move(_case(change), ObjectionMoves.CLOSE, by=by, now=now)
        contracts.follow_decision(change.application, now=now)
        vacated = change.replaces.outcome == Outcome.SELECTED and made.outcome != Outcome.SELECTED
        # The reserve list waits for a case that is scored again.
        if vacated or change.kind == ChangeKind.OBJECTION:
            reserve.fill(program, by=None, now=now)
    return made


def discard(change: DecisionChange, *, note: str, by: User, now: datetime) -> None:
    """Discard a change that is not in force. Raises MoveNotAllowed (`objection_upheld`)."""
    if change.kind == ChangeKind.OBJECTION:
        raise MoveNotAllowed(
            "이의신청이 인용되어 만든 변경안은 폐기할 수 없습니다.", code="objection_upheld"
        )
    move(change, ChangeMoves.DISCARD, by=by, now=now, note=note)


def lapse(
    application: Application, *, reason: str, proposed_by: User, by: User, now: datetime
) -> Decision:
    """End a selection without an agreement and move up the reserve list.

    Called by agreements, whose two people (`proposed_by` and the approving manager `by`) have
    signed already. The part of the grant still reserved returns to the pot.
    """
    current = _current(application)
    if current.outcome != Outcome.SELECTED:
        raise MoveNotAllowed("선정된 신청이 아닙니다.", code="not_selected")
    with transaction.atomic():
        reserve.lock_program(application.sub_program)
        change = decisions.open_change(
            current,
            kind=ChangeKind.LAPSE,
            outcome=Outcome.CANCELLED,
            reason=reason,
            by=proposed_by,
            now=now,
        )
        made = decisions.put_in_force(change, ChangeMoves.LAPSE, by=by, now=now, approved_by=by)
        reserve.fill(application.sub_program, by=None, now=now)
    return made


def _current(application: Application) -> Decision:
    """Raises MoveNotAllowed (`no_award`) before a release and after a contract."""
    award = decision_queries.award_of(application)
    state = Application.objects.values_list("state", flat=True).get(pk=application.pk)
    if award is None or state not in {ApplicationState.RELEASED, ApplicationState.ASSESSING}:
        raise MoveNotAllowed("발표된 결정이 없거나 이미 협약을 시작했습니다.", code="no_award")
    return Decision.objects.select_related("application__submission", "selection").get(
        pk=award.decision
    )


def _refuse_scored_again(application: Application, act: str) -> None:
    if application.objections.filter(state=ObjectionState.UPHELD).exists():
        raise MoveNotAllowed(
            f"이의신청에 따라 다시 산정하고 있습니다. 결과가 나온 뒤 {act}하세요.",
            code="objection_upheld",
        )


def _refuse_same_person(change: DecisionChange, by: User) -> None:
    if by.pk in {change.proposed_by_id, change.seconded_by_id}:
        raise MoveNotAllowed(
            "제안했거나 이미 승인한 사람은 승인할 수 없습니다. 다른 결정권자가 해야 합니다.",
            code="same_person",
        )


def _refuse_barred(change: DecisionChange, by: User) -> None:
    if change.kind == ChangeKind.OBJECTION:
        objection.refuse_barred(_case(change), by)


def _case(change: DecisionChange) -> Objection:
    return Objection.objects.get(application=change.application_id, exclusion=None)


def _require_free_place(change: DecisionChange) -> None:
    # The place may have been taken otherwise since the move-up was opened.
    free = reserve_queries.status(change.replaces.selection).free
    if free is not None and free < 0:
        raise MoveNotAllowed("그사이 선정 수가 모두 찼습니다.", code="place_taken")
