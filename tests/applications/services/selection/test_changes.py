"""Later decisions: the old one stays, two people approve, the money follows, the reserve moves up."""

import pytest
from django.db import IntegrityError, transaction

from applications.models import Application, Decision, DecisionChange
from applications.queries.selection.decisions import award_of, history, reversals
from applications.services.selection import changes, reserve
from applications.states import ChangeKind, ChangeMoves, Outcome
from portal.core.errors import BadInput, BudgetExceeded, MoveNotAllowed
from portal.models import Notice
from programs.models import LedgerEntry
from programs.queries.ledger import balance, recomputed
from programs.services import ledger
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
MAN = 10_000
EACH = 5_000 * MAN


@pytest.fixture
def program():
    return staff.program(money=20_000 * MAN)


@pytest.fixture
def officer(program):
    return staff.officer(program)


@pytest.fixture
def boss():
    return staff.manager()


@pytest.fixture
def five(program, boss) -> list[Application]:
    """Two selected, two in reserve, one below the floor; released."""
    judges = staff.assessors(3)
    marks = [(28, 36, 28), (26, 34, 26), (24, 32, 24), (22, 30, 22), (10, 20, 10)]
    made = [staff.judged(program, row, judges=judges, support=EACH) for row in marks]
    staff.released(program, by=boss, places=2)
    return [Application.objects.get(pk=row.pk) for row in made]


def outcomes(five: list[Application]) -> list[str]:
    return [award_of(row).outcome for row in five]


def approve_all(boss) -> None:
    for change in DecisionChange.objects.filter(state="proposed"):
        changes.approve(change, by=boss, now=NOW)


def test_a_place_given_up_goes_to_the_next_in_rank(program, officer, boss, five) -> None:
    owner = five[0].created_by
    changes.decline(five[0], note="설비 투자를 미룹니다", by=owner, now=NOW)
    assert award_of(five[0]).outcome == "declined"
    assert balance(program.pot).reserved == EACH
    draft = DecisionChange.objects.get(kind="move_up")
    assert (draft.application, draft.state, draft.proposed_by) == (five[2], "drafted", None)
    assert draft.fills.application == five[0]
    changes.take_up(draft, by=officer, now=NOW)
    made = changes.approve(draft, by=boss, now=NOW)
    assert outcomes(five) == ["declined", "selected", "selected", "reserve", "rejected"]
    assert (made.grant_won, made.previous.outcome) == (EACH, "reserve")
    assert balance(program.pot).reserved == 2 * EACH
    assert balance(program.pot) == recomputed(program.pot)
    notice = Notice.objects.get(key=f"decision:{made.pk}")
    assert "예비 승계" in notice.body
    assert made.reason in notice.body
    assert [row.outcome for row in history(five[2])] == ["reserve", "selected"]


def test_looking_again_opens_nothing_twice(program, officer, boss, five) -> None:
    changes.decline(five[0], note="포기", by=five[0].created_by, now=NOW)
    assert reserve.fill(program, by=officer, now=NOW) == []
    assert DecisionChange.objects.filter(kind="move_up").count() == 1


def test_nobody_is_skipped_when_the_next_does_not_fit(program, officer, boss) -> None:
    """The second in reserve would fit into what is left, the first does not: neither moves up."""
    judges = staff.assessors(3)
    rows = [((28, 36, 28), 6_000), ((24, 32, 24), 9_000), ((22, 30, 22), 1_000)]
    first, second, _ = (
        staff.judged(program, marks, judges=judges, support=support * MAN)
        for marks, support in rows
    )
    ledger.reduce(
        program.pot, ledger.Booking(amount=12_000 * MAN, reference="less"), by=None, now=NOW
    )
    staff.released(program, by=boss, places=1)
    winner = Application.objects.get(pk=first.pk)
    changes.decline(winner, note="포기", by=winner.created_by, now=NOW)
    assert not DecisionChange.objects.filter(kind="move_up").exists()
    ledger.appropriate(
        program.pot, ledger.Booking(amount=1_000 * MAN, reference="more"), by=None, now=NOW
    )
    assert [row.application for row in reserve.fill(program, by=officer, now=NOW)] == [second]


def test_a_move_up_that_the_pot_cannot_pay_changes_nothing(program, officer, boss, five) -> None:
    changes.decline(five[0], note="포기", by=five[0].created_by, now=NOW)
    draft = DecisionChange.objects.get(kind="move_up")
    changes.take_up(draft, by=officer, now=NOW)
    left = balance(program.pot).available
    ledger.reduce(program.pot, ledger.Booking(amount=left, reference="less"), by=None, now=NOW)
    with pytest.raises(BudgetExceeded):
        changes.approve(draft, by=boss, now=NOW)
    draft.refresh_from_db()
    assert (draft.state, draft.made) == ("proposed", None)
    assert award_of(five[2]).outcome == "reserve"


def test_a_reserve_may_decline_too_and_nothing_moves(program, boss, five) -> None:
    changes.decline(five[3], note="다른 사업에 선정됨", by=five[3].created_by, now=NOW)
    assert outcomes(five)[3] == "declined"
    assert not DecisionChange.objects.filter(kind="move_up").exists()
    with pytest.raises(MoveNotAllowed):
        changes.decline(five[3], note="다시", by=five[3].created_by, now=NOW)
    with pytest.raises(BadInput):
        changes.decline(five[0], note=" ", by=five[0].created_by, now=NOW)


def test_a_cancelled_selection_needs_a_second_person(program, officer, boss, five) -> None:
    change = changes.propose(
        five[1],
        kind=ChangeKind.CANCEL,
        outcome="",
        reason="신청 내용이 사실과 다릅니다.",
        by=boss,
        now=NOW,
    )
    with pytest.raises(MoveNotAllowed) as same:
        changes.approve(change, by=boss, now=NOW)
    assert same.value.code == "same_person"
    changes.approve(change, by=staff.manager(), now=NOW)
    assert outcomes(five)[1] == "cancelled"
    assert DecisionChange.objects.get(kind="move_up").fills.application == five[1]


def test_a_reversal_needs_two_managers_besides_its_proposer(program, officer, boss, five) -> None:
    other = staff.manager()
    change = changes.propose(
        five[4],
        kind=ChangeKind.REVERSAL,
        outcome=Outcome.SELECTED,
        reason="평가표 한 부가 다른 신청의 것이었습니다.",
        by=officer,
        now=NOW,
    )
    with pytest.raises(MoveNotAllowed) as early:
        changes.approve(change, by=boss, now=NOW)
    assert early.value.code == "second_approval"
    changes.second(change, by=boss, now=NOW)
    with pytest.raises(MoveNotAllowed):
        changes.approve(change, by=boss, now=NOW)
    assert reversals(program) == 0
    made = changes.approve(change, by=other, now=NOW)
    assert reversals(program) == 1
    assert (made.outcome, made.grant_won) == ("selected", EACH)
    assert Decision.objects.get(pk=made.previous_id).outcome == "rejected"
    assert balance(program.pot).reserved == 3 * EACH
    assert LedgerEntry.objects.get(reference__endswith=f":change:{change.pk}").kind == "reserve"


def test_a_reversal_that_takes_a_selection_away_moves_the_reserve_up(
    program, officer, boss, five
) -> None:
    change = changes.propose(
        five[0],
        kind=ChangeKind.REVERSAL,
        outcome=Outcome.REJECTED,
        reason="가점 증빙이 거짓으로 밝혀졌습니다.",
        by=officer,
        now=NOW,
    )
    changes.second(change, by=boss, now=NOW)
    changes.approve(change, by=staff.manager(), now=NOW)
    assert balance(program.pot).reserved == EACH
    assert DecisionChange.objects.get(kind="move_up").application == five[2]


def test_an_approval_sent_again_makes_no_second_decision(program, officer, boss, five) -> None:
    changes.decline(five[0], note="포기", by=five[0].created_by, now=NOW)
    draft = DecisionChange.objects.get(kind="move_up")
    changes.take_up(draft, by=officer, now=NOW)
    stale = DecisionChange.objects.get(pk=draft.pk)
    changes.approve(draft, by=boss, now=NOW)
    for again in (draft, stale):
        with pytest.raises(MoveNotAllowed):
            changes.approve(again, by=boss, now=NOW)
    assert Decision.objects.filter(application=five[2]).count() == 2
    assert balance(program.pot).reserved == 2 * EACH


def test_one_change_at_a_time_for_each_application(program, officer, boss, five) -> None:
    words = {"kind": ChangeKind.CANCEL, "outcome": "", "reason": "사유", "by": officer, "now": NOW}
    changes.propose(five[0], **words)
    with pytest.raises(MoveNotAllowed) as second:
        changes.propose(five[0], **words)
    assert second.value.code == "change_open"


def test_a_lapsed_agreement_gives_back_what_is_left_and_fills_the_place(
    program, officer, boss, five
) -> None:
    pot = program.pot
    booking = ledger.Booking(EACH - 1, "agreement gave back", five[0].subject)
    ledger.release(pot, booking, by=None, now=NOW)
    changes.lapse(five[0], reason="기한까지 협약 서류 없음", proposed_by=officer, by=boss, now=NOW)
    assert award_of(five[0]).outcome == "cancelled"
    assert balance(pot).reserved == EACH
    assert DecisionChange.objects.get(kind="move_up").application == five[2]
    with pytest.raises(MoveNotAllowed):
        changes.lapse(five[1], reason="사유", proposed_by=boss, by=boss, now=NOW)


@pytest.mark.parametrize("role", ["assessor", "auditor", "operator", "applicant"])
def test_nobody_else_proposes_or_signs(program, officer, boss, five, role) -> None:
    who = five[0].created_by if role == "applicant" else staff.staff(role)
    words = {"kind": ChangeKind.CANCEL, "outcome": "", "reason": "사유", "now": NOW}
    with pytest.raises(MoveNotAllowed):
        changes.propose(five[0], by=who, **words)
    with pytest.raises(MoveNotAllowed):
        reserve.fill(program, by=who, now=NOW)
    change = changes.propose(five[0], by=officer, **words)
    for act in (
        lambda: changes.approve(change, by=who, now=NOW),
        lambda: changes.discard(change, note="x", by=who, now=NOW),
        lambda: changes.take_up(change, by=who, now=NOW),
    ):
        with pytest.raises(MoveNotAllowed):
            act()
    assert award_of(five[0]).outcome == "selected"


def test_every_pair_of_states_that_is_not_in_the_table_is_refused(
    program, officer, boss, five
) -> None:
    change = changes.propose(
        five[0], kind=ChangeKind.CANCEL, outcome="", reason="사유", by=officer, now=NOW
    )
    changes.discard(change, note="철회", by=officer, now=NOW)
    for name in ChangeMoves.by_name():
        with pytest.raises(MoveNotAllowed):
            changes.move(change, change.MOVES[name], by=boss, now=NOW, note="x")


def test_the_database_requires_two_people_and_keeps_the_old_decision(
    program, officer, boss, five
) -> None:
    change = changes.propose(
        five[0], kind=ChangeKind.REVERSAL, outcome="reserve", reason="사유", by=officer, now=NOW
    )
    rows = DecisionChange.objects.filter(pk=change.pk)
    for broken in (
        {"seconded_by": officer},
        {"seconded_by": boss, "approved_by": boss},
        {"state": "seconded"},
        {"state": "in_force"},
        {"proposed_by": None},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**broken)
    for act in (
        lambda: Decision.objects.filter(application=five[0]).update(outcome="rejected"),
        lambda: Decision.objects.filter(application=five[0])._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()
