"""Pots and totals change by two managers, and never beyond the total of the rounds."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from portal.core.errors import BadInput, BudgetExceeded, MoveNotAllowed, StaleVersion
from portal.models import User
from programs.models import LedgerEntry, PotProposal, ProgramRound, RoundChange, TotalProposal
from programs.roles import MANAGER, OFFICER
from programs.services import pots
from programs.states import EntryKind
from tests.factories import staff
from tests.factories.applications import UserFactory
from tests.factories.programs import NOW, pot

pytestmark = pytest.mark.django_db
APPROPRIATE, REDUCE = EntryKind.APPROPRIATE, EntryKind.REDUCE


@pytest.fixture
def one() -> User:
    return UserFactory(roles=[MANAGER])


@pytest.fixture
def second() -> User:
    return UserFactory(roles=[MANAGER])


@pytest.fixture
def round() -> ProgramRound:
    """A round of 1,000 won with a pot of 600 and one of 300."""
    first = staff.program(money=600)
    staff.program(money=300, round=first.round)
    ProgramRound.objects.filter(pk=first.round_id).update(total_won=1_000)
    first.round.refresh_from_db()
    return first.round


def pot_of(round: ProgramRound):
    return round.sub_programs.order_by("pk").first().pot


def propose(round: ProgramRound, by: User, amount: int, kind: EntryKind = APPROPRIATE):
    return pots.propose(pot_of(round), kind, amount=amount, reason="추경", by=by, now=NOW)


@pytest.mark.parametrize("kind", [APPROPRIATE, REDUCE])
def test_money_moves_only_with_the_second_manager(round, one, second, kind) -> None:
    proposal = propose(round, one, 100, kind)
    with pytest.raises(MoveNotAllowed) as same:
        pots.approve(proposal, by=one, now=NOW)
    assert same.value.code == "same_person"
    with pytest.raises(MoveNotAllowed):
        pots.approve(proposal, by=UserFactory(roles=[OFFICER]), now=NOW)
    assert not LedgerEntry.objects.filter(reference__startswith="pot-").exists()
    entry = pots.approve(proposal, by=second, now=NOW)
    assert (entry.by, entry.amount_won, entry.proposal.approved_by) == (one, 100, second)
    assert pot_of(round).appropriated_won == (700 if kind == APPROPRIATE else 500)
    with pytest.raises(MoveNotAllowed) as ended:
        pots.approve(proposal, by=second, now=NOW)
    assert ended.value.code == "proposal_ended"


def test_the_pots_of_a_round_never_hold_more_than_its_total(round, one, second) -> None:
    with pytest.raises(BudgetExceeded, match="100원까지만") as refused:
        propose(round, one, 101)
    assert refused.value.code == "beyond_total"
    proposal = propose(round, one, 100)
    ProgramRound.objects.update(total_won=950)  # checked again when it is approved
    with pytest.raises(BudgetExceeded):
        pots.approve(proposal, by=second, now=NOW)
    assert PotProposal.objects.get().ended_at is None
    pots.drop(proposal, by=second, now=NOW)


def test_the_total_is_raised_by_two_and_stays_above_the_pots(round, one, second) -> None:
    words = {"reason": "추경", "by": one, "now": NOW}
    with pytest.raises(BudgetExceeded, match="이미 900원"):
        pots.propose_total(round, total_won=899, **words)
    for wrong in ({"total_won": 1_000}, {"total_won": 2_000, "reason": " "}):
        with pytest.raises(BadInput):
            pots.propose_total(round, **{**words, **wrong})
    proposal = pots.propose_total(round, total_won=2_000, **words)
    with pytest.raises(MoveNotAllowed):
        pots.approve_total(proposal, by=one, now=NOW)
    change = pots.approve_total(proposal, by=second, now=NOW)
    assert (change.act, change.before, change.after) == (
        "total", {"total_won": 1_000}, {"total_won": 2_000},
    )  # fmt: skip
    pots.approve(propose(round, one, 1_100), by=second, now=NOW)
    assert pot_of(round).appropriated_won == 1_700


def test_a_total_that_changed_meanwhile_is_not_overwritten(round, one, second) -> None:
    proposal = pots.propose_total(round, total_won=2_000, reason="추경", by=one, now=NOW)
    ProgramRound.objects.update(total_won=1_500)
    with pytest.raises(StaleVersion):
        pots.approve_total(proposal, by=second, now=NOW)
    assert not RoundChange.objects.filter(act="total").exists()


def test_one_open_proposal_per_pot_and_a_pot_of_no_round_has_no_total(round, one, second) -> None:
    propose(round, one, 1)
    with pytest.raises(MoveNotAllowed) as refused:
        propose(round, second, 1)
    assert refused.value.code == "proposal_open"
    alone = pot(10)
    pots.propose(alone, APPROPRIATE, amount=5_000, reason="x", by=one, now=NOW)


def test_the_database_wants_two_people_and_the_entry(round, one, second) -> None:
    proposal = propose(round, one, 1)
    rows = PotProposal.objects.filter(pk=proposal.pk)
    for broken in ({"approved_by": second, "ended_at": NOW}, {"approved_by": one, "ended_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**broken)
    total = pots.propose_total(round, total_won=2_000, reason="x", by=one, now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        TotalProposal.objects.filter(pk=total.pk).update(approved_by=one, ended_at=NOW)
