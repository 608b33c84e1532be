"""Managers who decide at the same moment on PostgreSQL: the money is reserved once."""

import threading
from dataclasses import replace
from uuid import uuid4

import pytest

from applications.models import Selection, SelectionMove
from applications.services.selection import proposals
from portal.core.errors import BudgetExceeded, MoveNotAllowed
from portal.models import Notice
from programs.models import LedgerEntry, SubProgram
from programs.queries.ledger import balance
from programs.services import ledger
from tests.factories import staff
from tests.factories.applications import NOW
from tests.faults.together import WAIT_SECONDS, at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def two_programs_of_one_pot() -> list[Selection]:
    """Two proposals that each fit the pot and together do not."""
    first = staff.program(money=100)
    second = staff.program(money=0)
    SubProgram.objects.filter(pk=second.pk).update(pot=first.pot)
    judges = staff.assessors(3)
    made = []
    for program in SubProgram.objects.filter(pk__in=[first.pk, second.pk]).order_by("pk"):
        staff.judged(program, judges=judges, support=60)
        made.append(staff.confirmed(staff.proposed(program, staff.officer(program))))
    return made


def test_two_managers_deciding_the_same_selection_reserve_once() -> None:
    program = staff.program(money=1_000)
    judges = staff.assessors(3)
    for _ in range(5):
        staff.judged(program, judges=judges, support=100)
    made = staff.confirmed(staff.proposed(program, staff.officer(program)))
    managers = [staff.manager(), staff.manager()]

    def decide(place: int) -> object:
        mine = Selection.objects.get(pk=made.pk)
        return proposals.decide(mine, by=managers[place], now=NOW) or "decided"

    answers = at_once(2, decide)
    assert sorted(type(row).__name__ for row in answers) == ["MoveNotAllowed", "str"]
    assert LedgerEntry.objects.filter(kind="reserve").count() == 5
    assert balance(program.pot).reserved == 500
    assert SelectionMove.objects.filter(thing=made, move="decide").count() == 1


def test_without_the_condition_and_the_references_both_would_reserve(monkeypatch) -> None:
    """The negative control: both have looked before either writes, and no reference is shared."""
    program, judges = staff.program(money=1_000), staff.assessors(3)
    for _ in range(5):
        staff.judged(program, judges=judges, support=100)
    made = staff.confirmed(staff.proposed(program, staff.officer(program)))
    looked, rows = threading.Barrier(2), proposals._ledger_rows

    def unconditional(thing: Selection, *words: object, **more: object) -> None:
        assert Selection.objects.get(pk=thing.pk).state == "confirmed"
        looked.wait(WAIT_SECONDS)

    def own_references(selection: Selection, act: str, *, note: str) -> list[ledger.Booking]:
        return [
            replace(row, reference=f"{row.reference}:{uuid4()}")
            for row in rows(selection, act, note=note)
        ]

    monkeypatch.setattr(proposals, "move", unconditional)
    monkeypatch.setattr(proposals, "_ledger_rows", own_references)
    monkeypatch.setattr(proposals, "_move_applications", lambda *words: None)
    managers = [staff.manager(), staff.manager()]

    def decide(place: int) -> object:
        mine = Selection.objects.select_related("sub_program__round").get(pk=made.pk)
        return proposals.decide(mine, by=managers[place], now=NOW) or "decided"

    assert at_once(2, decide) == ["decided", "decided"]
    assert balance(program.pot).reserved == 1_000


def test_two_selections_of_one_pot_decided_at_once_never_overspend_it() -> None:
    made = two_programs_of_one_pot()
    boss = staff.manager()

    def decide(place: int) -> object:
        mine = Selection.objects.select_related("sub_program").get(pk=made[place].pk)
        return proposals.decide(mine, by=boss, now=NOW) or "decided"

    answers = at_once(2, decide)
    assert sorted(type(row).__name__ for row in answers) == ["BudgetExceeded", "str"]
    assert balance(made[0].sub_program.pot).reserved == 60
    assert sorted(Selection.objects.values_list("state", flat=True)) == ["confirmed", "decided"]
    assert any(isinstance(row, BudgetExceeded) for row in answers)


def test_a_decision_and_its_undoing_at_once_leave_counters_and_states_in_step() -> None:
    program = staff.program(money=1_000)
    staff.judged(program, judges=staff.assessors(3), support=100)
    made = staff.proposed(program, staff.officer(program))
    boss = staff.manager()
    staff.decided(made, by=boss)

    def undo(place: int) -> object:
        mine = Selection.objects.get(pk=made.pk)
        return proposals.undecide(mine, note="되돌림", by=boss, now=NOW) or "undone"

    answers = at_once(4, undo)
    assert sum(row == "undone" for row in answers) == 1
    assert sum(isinstance(row, MoveNotAllowed) for row in answers) == 3
    assert balance(program.pot).reserved == 0


def test_two_releases_at_once_write_one_notice_each() -> None:
    program = staff.program(money=1_000)
    judges = staff.assessors(3)
    for _ in range(6):
        staff.judged(program, judges=judges, support=100)
    made = staff.proposed(program, staff.officer(program))
    boss = staff.manager()
    staff.decided(made, by=boss)

    def release(place: int) -> object:
        mine = Selection.objects.select_related("sub_program").get(pk=made.pk)
        return proposals.release(mine, by=boss, now=NOW)

    answers = at_once(2, release)
    assert {"decisions": 6, "notices": 6} in answers
    assert Notice.objects.filter(key__startswith="result:").count() == 6
    assert SelectionMove.objects.filter(thing=made, move="release").count() == 1
