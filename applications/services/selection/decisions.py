"""Later decisions: open a change, and put it in force as a new decision with its money."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from applications.models import Application, Decision, DecisionChange
from applications.services.selection import aid
from applications.states import ApplicationMoves, ApplicationState, ChangeKind, ChangeState, Outcome
from portal.core.errors import BadInput, MoveNotAllowed
from portal.core.moves import Move
from portal.models import User
from portal.notices import outbox
from portal.records.workflow import move
from programs.models import Budget
from programs.queries import ledger as ledger_queries
from programs.services import ledger

REASON_LENGTH = 300
REPLACED = "이 결정은 그사이 다른 결정으로 바뀌었습니다. 화면을 새로 열어 확인해 주세요."


def open_change(
    decision: Decision,
    *,
    kind: ChangeKind,
    outcome: str,
    reason: str,
    by: User | None,
    now: datetime,
    grant_won: int = 0,
    rank: int | None = None,
    fills: Decision | None = None,
) -> DecisionChange:
    """Open a change of a decision in force; with `by` None an officer must take it up.

    Raises BadInput (`reason`), MoveNotAllowed (`decision_replaced`, `change_open` while another
    change is pending).
    """
    reason = reason.strip()
    if not reason:
        raise BadInput("결정을 바꾸는 사유를 적어 주세요.", code="reason")
    if len(reason) > REASON_LENGTH:
        raise BadInput(f"사유는 {REASON_LENGTH}자까지 적을 수 있습니다.", code="reason")
    if Decision.objects.filter(previous=decision).exists():
        raise MoveNotAllowed(REPLACED, code="decision_replaced")
    try:
        with transaction.atomic():
            return DecisionChange.objects.create(
                state=ChangeState.PROPOSED if by else ChangeState.DRAFTED,
                kind=kind,
                application=decision.application,
                replaces=decision,
                outcome=outcome,
                grant_won=grant_won,
                rank=decision.rank if rank is None else rank,
                reason=reason,
                fills=fills,
                drafted_at=now,
                proposed_by=by,
            )
    except IntegrityError as error:
        raise _translate(error) from error


def put_in_force(
    change: DecisionChange,
    step: Move,
    *,
    by: User,
    now: datetime,
    owner: bool = False,
    **signature: object,
) -> Decision:
    """Create the new decision, move the change and the application, and move the money.

    Raises MoveNotAllowed (`decision_replaced`, `same_person`), BudgetExceeded, RuleBroken
    (`aid_limit`).
    """
    try:
        with transaction.atomic():
            if change.outcome == Outcome.SELECTED:
                program = change.application.sub_program
                aid.enforce(program, {change.application_id: change.grant_won})
            made = Decision.objects.create(
                selection_id=change.replaces.selection_id,
                application_id=change.application_id,
                outcome=change.outcome,
                rank=change.rank,
                grant_won=change.grant_won,
                reason_code=change.kind,
                reason=change.reason,
                previous=change.replaces,
                at=now,
            )
            move(
                change,
                step,
                by=by,
                now=now,
                owner=owner,
                changes={"made": made, **signature},
            )
            _move_application(change, by=by, now=now, owner=owner)
            _move_money(change, by=by, now=now)
            _notify(change, made, now)
    except IntegrityError as error:
        raise _translate(error) from error
    return made


def _move_application(change: DecisionChange, *, by: User, now: datetime, owner: bool) -> None:
    application = Application.objects.get(pk=change.application_id)
    if change.kind == ChangeKind.DECLINE:
        step = ApplicationMoves.DECLINE
    else:
        again = application.state == ApplicationState.ASSESSING
        reopened = again and change.kind == ChangeKind.OBJECTION
        step = ApplicationMoves.CONCLUDE if reopened else ApplicationMoves.AMEND
    note = f"{change.get_kind_display()}: {change.reason}"
    move(application, step, by=by, now=now, note=note, owner=owner)


def _move_money(change: DecisionChange, *, by: User, now: datetime) -> None:
    before, after = change.replaces.grant_won, change.grant_won
    if before == after:
        return
    pot = Budget.objects.get(sub_programs=change.replaces.selection.sub_program_id)
    subject = change.application.subject
    note = change.reason[:200]
    if change.kind == ChangeKind.LAPSE:  # the agreement may have given part of it back already
        before = min(before, ledger_queries.held(pot, subject).reserved)
    if before:
        reference = f"release:{subject}:change:{change.pk}"
        ledger.release(pot, ledger.Booking(before, reference, subject, note), by=by, now=now)
    if after:
        reference = f"reserve:{subject}:change:{change.pk}"
        ledger.reserve(pot, ledger.Booking(after, reference, subject, note), by=by, now=now)


def _notify(change: DecisionChange, made: Decision, now: datetime) -> None:
    filed = change.application.submission
    outbox.write(
        "applications/decision_changed",
        to_email=filed.submitted_by.email,
        user=filed.submitted_by,
        key=f"decision:{made.pk}",
        now=now,
        application=change.application,
        program=change.application.sub_program,
        kind=ChangeKind(change.kind).label,
        before=Outcome(change.replaces.outcome).label,
        after=Outcome(made.outcome).label,
        grant_won=made.grant_won,
        reason=made.reason,
    )


REFUSALS: Iterable[tuple[tuple[str, ...], str, str]] = (
    (
        ("one_open_change_per_application", "decisionchange.application_id"),
        "이 신청에는 아직 끝나지 않은 결정 변경안이 있습니다.",
        "change_open",
    ),
    (
        ("a_place_is_filled_once", "decisionchange.fills_id"),
        "그 자리는 이미 다른 예비 신청이 이어받았습니다.",
        "place_taken",
    ),
    (("decision_previous_id", "decision.previous_id"), REPLACED, "decision_replaced"),
    (
        ("change_needs_two_people",),
        "제안한 사람과 승인하는 사람은 서로 달라야 합니다.",
        "same_person",
    ),
    (
        ("reversal_has_two_approvals",),
        "결정 번복에는 서로 다른 결정권자 두 사람의 승인이 필요합니다.",
        "second_approval",
    ),
    (
        ("objection_by_other_people",),
        "원래의 결정이나 평가에 참여했거나 가점을 인정하지 않은 사람은 이의신청을 처리할 수 없습니다.",
        "barred",
    ),
)


def _translate(error: IntegrityError) -> Exception:
    # PostgreSQL names the constraint, SQLite the columns.
    for names, message, code in REFUSALS:
        if any(name in str(error) for name in names):
            return MoveNotAllowed(message, code=code)
    return error
