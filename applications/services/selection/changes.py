"""Changes of released decisions: declined, cancelled, reversed, moved up; each by four eyes."""

from datetime import datetime

from django.db import transaction

from applications.models import Application, Decision, DecisionChange
from applications.queries.selection import decisions as decisions_queries
from applications.queries.selection import reserve as places
from applications.services import objection
from applications.services.selection import decisions, reserve
from applications.states import (
    ApplicationState,
    ChangeKind,
    ChangeMoves,
    ChangeState,
    ObjectionMoves,
    Outcome,
)
from portal.access.roles import roles_of
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from portal.records.workflow import move
from programs.roles import MANAGER, OFFICER

CLAIMED = {Outcome.SELECTED, Outcome.RESERVE}


def decline(application: Application, *, note: str, by: User, now: datetime) -> Decision:
    """Give up a selection or a place on the reserve list, before an agreement is begun.

    The applicant's own will needs no approval; a place that comes free goes to the reserve list.
    The edge has checked that `by` owns the company. Raises MoveNotAllowed, BadInput (`reason`).
    """
    current = _current(application)
    if current.outcome not in CLAIMED:
        raise MoveNotAllowed(
            "선정되었거나 예비인 신청만 포기할 수 있습니다.", code="nothing_to_decline"
        )
    with transaction.atomic():
        reserve.hold(application.sub_program)
        made = decisions.open_change(
            current,
            kind=ChangeKind.DECLINE,
            outcome=Outcome.DECLINED,
            reason=f"신청기업이 포기했습니다. {note.strip()}"[: decisions.REASON_LENGTH]
            if note.strip()
            else "",
            by=by,
            now=now,
        )
        decision = decisions.put_in_force(made, ChangeMoves.DECLINE, by=by, now=now, owner=True)
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

    A reversal needs two approvals, a cancellation one, each by somebody else. Raises
    MoveNotAllowed, BadInput (`kind`, `outcome`, `reason`).
    """
    if not roles_of(by) & {OFFICER, MANAGER}:
        raise MoveNotAllowed("결정 변경을 제안할 권한이 없습니다.", code="role")
    current = _current(application)
    if kind == ChangeKind.CANCEL:
        outcome = Outcome.CANCELLED
        if current.outcome != Outcome.SELECTED:
            raise MoveNotAllowed("선정된 신청만 선정을 취소할 수 있습니다.", code="not_selected")
    elif kind != ChangeKind.REVERSAL:
        raise BadInput("취소나 번복만 제안할 수 있습니다.", code="kind")
    elif outcome not in {*CLAIMED, Outcome.REJECTED} or outcome == current.outcome:
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
    """Take up a draft of the portal as an officer. Raises MoveNotAllowed (`barred`)."""
    _unbarred(change, by)
    move(change, ChangeMoves.TAKE_UP, by=by, now=now, changes={"proposed_by": by})


def second(change: DecisionChange, *, by: User, now: datetime) -> None:
    """Give the first of a reversal's two approvals. Raises MoveNotAllowed."""
    if change.kind != ChangeKind.REVERSAL:
        raise MoveNotAllowed("1차 승인은 결정 번복에만 있습니다.", code="second_approval")
    _somebody_else(change, by)
    move(change, ChangeMoves.SECOND, by=by, now=now, changes={"seconded_by": by})


def approve(change: DecisionChange, *, by: User, now: datetime) -> Decision:
    """Approve as somebody who has not signed yet: the new decision is in force at once.

    A place or money that comes free goes on to the reserve list. Raises MoveNotAllowed
    (`same_person`, `second_approval`, `place_taken`, `decision_replaced`), BudgetExceeded.
    """
    if change.kind == ChangeKind.REVERSAL and change.state == ChangeState.PROPOSED:
        raise MoveNotAllowed("결정 번복은 1차 승인이 먼저 있어야 합니다.", code="second_approval")
    _somebody_else(change, by)
    _unbarred(change, by)
    program = change.application.sub_program
    with transaction.atomic():
        reserve.hold(program)
        if change.kind == ChangeKind.MOVE_UP:
            _has_a_place(change)
        made = decisions.put_in_force(change, ChangeMoves.APPROVE, by=by, now=now, approved_by=by)
        if change.kind == ChangeKind.OBJECTION:
            move(change.application.objection, ObjectionMoves.CLOSE, by=by, now=now)
        if change.replaces.outcome == Outcome.SELECTED and made.outcome != Outcome.SELECTED:
            reserve.fill(program, by=None, now=now)
    return made


def discard(change: DecisionChange, *, note: str, by: User, now: datetime) -> None:
    """Drop a change that is not in force; the old decision stays. Raises MoveNotAllowed."""
    if change.kind == ChangeKind.OBJECTION:
        raise MoveNotAllowed(
            "이의신청이 인용되어 만든 변경안은 폐기할 수 없습니다.", code="objection_upheld"
        )
    move(change, ChangeMoves.DISCARD, by=by, now=now, note=note)


def lapse(
    application: Application, *, reason: str, proposed_by: User, by: User, now: datetime
) -> Decision:
    """Record that no agreement came about: the selection ends and the reserve list moves up.

    For the chapter of agreements, which has had its two people look at it: `proposed_by` and the
    approving manager `by`. What of the grant is still reserved returns to the pot.
    """
    current = _current(application)
    if current.outcome != Outcome.SELECTED:
        raise MoveNotAllowed("선정된 신청이 아닙니다.", code="not_selected")
    with transaction.atomic():
        reserve.hold(application.sub_program)
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
    """The decision in force. Raises MoveNotAllowed before a release and after a contract."""
    found = decisions_queries.award_of(application)
    state = Application.objects.values_list("state", flat=True).get(pk=application.pk)
    if found is None or state not in {ApplicationState.RELEASED, ApplicationState.ASSESSING}:
        raise MoveNotAllowed("발표된 결정이 없거나 이미 협약을 시작했습니다.", code="no_award")
    return Decision.objects.select_related("application__submission", "selection").get(
        pk=found.decision
    )


def _somebody_else(change: DecisionChange, by: User) -> None:
    if by.pk in {change.proposed_by_id, change.seconded_by_id}:
        raise MoveNotAllowed(
            "제안했거나 이미 승인한 사람은 승인할 수 없습니다. 다른 결정권자가 해야 합니다.",
            code="same_person",
        )


def _unbarred(change: DecisionChange, by: User) -> None:
    if change.kind == ChangeKind.OBJECTION:
        objection.refuse_barred(change.application.objection, by)


def _has_a_place(change: DecisionChange) -> None:
    """Raise MoveNotAllowed when the place was taken otherwise since the move-up was opened."""
    found = places.standing(change.replaces.selection)
    if found.free is not None and found.free < 0:
        raise MoveNotAllowed("그사이 선정 수가 모두 찼습니다.", code="place_taken")
