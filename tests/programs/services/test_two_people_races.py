"""Approvals at the same moment on PostgreSQL: one takes effect, and no total is passed."""

import threading

import pytest

from programs.models import Budget, LedgerEntry, PotProposal, ProgramRound, RuleChange
from programs.queries import pots as pot_queries
from programs.queries import rule_changes as rule_queries
from programs.rules import rule_changes as rules
from programs.services import pots, rule_changes
from programs.states import EntryKind
from tests.factories import staff
from tests.factories.programs import NOW
from tests.programs.services.test_ledger_races import WAIT, race

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
MANY = 8


def at_once(round: ProgramRound) -> list[str]:
    """Approve 100 won for each of many pots of a round that has room for one."""
    one, second = staff.manager(), staff.manager()
    made = [
        pots.propose(program.pot, EntryKind.APPROPRIATE, amount=100, reason="x", by=one, now=NOW)
        for program in round.sub_programs.all()
    ]
    return race(lambda place: pots.approve(made[place], by=second, now=NOW), threads=MANY)


def a_round() -> ProgramRound:
    first = staff.program(money=0)
    for _ in range(MANY - 1):
        staff.program(money=0, round=first.round)
    ProgramRound.objects.filter(pk=first.round_id).update(total_won=199)
    return ProgramRound.objects.get(pk=first.round_id)


def test_many_pots_of_a_round_do_not_pass_its_total_together() -> None:
    round = a_round()
    assert sorted(at_once(round)) == ["beyond_total"] * (MANY - 1) + ["done"]
    assert pot_queries.room_of(round).left == 99


def test_two_approvals_of_one_proposal_take_effect_once() -> None:
    program, one, second = staff.program(money=0), staff.manager(), staff.manager()
    change = [rule_queries.change(program, rules.CHANGE, {"floor": ["60.00", "65.00"]})]
    rule = rule_changes.propose(program, change, reason="x", by=one, now=NOW)
    fared = race(lambda place: rule_changes.approve(rule, by=second, now=NOW), threads=MANY)
    assert sorted(fared) == ["done"] + ["proposal_ended"] * (MANY - 1)
    assert RuleChange.objects.count() == 1
    money = pots.propose(
        program.pot, EntryKind.APPROPRIATE, amount=100, reason="x", by=one, now=NOW
    )
    fared = race(lambda place: pots.approve(money, by=second, now=NOW), threads=MANY)
    assert sorted(fared) == ["done"] + ["proposal_ended"] * (MANY - 1)
    assert LedgerEntry.objects.count() == 1


def test_without_the_lock_of_the_round_they_pass_its_total(monkeypatch) -> None:
    round, checked, refuse = a_round(), threading.Barrier(MANY), pots._refuse_misfit
    monkeypatch.setattr(pots, "_lock", lambda pot: Budget.objects.get(pk=pot.pk))

    def refuse_together(pot: Budget, kind: EntryKind, amount: int) -> None:
        refuse(pot, kind, amount)
        if PotProposal.objects.count() == MANY:  # while they are approved
            checked.wait(WAIT)

    monkeypatch.setattr(pots, "_refuse_misfit", refuse_together)
    assert at_once(round) == ["done"] * MANY
    assert pot_queries.room_of(round).left < 0
