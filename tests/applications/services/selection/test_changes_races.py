"""Two at the same moment on PostgreSQL: one place for one reserve, one decision for one change."""

import threading
from itertools import count

import pytest

from applications.models import Application, Decision, DecisionChange
from applications.queries.selection import reserve as places
from applications.queries.selection.decisions import award_of
from applications.services.selection import changes, reserve
from applications.states import ChangeKind
from portal.core.errors import MoveNotAllowed
from programs.models import SubProgram
from programs.queries.ledger import balance
from programs.services import ledger
from tests.factories import staff
from tests.factories.applications import NOW
from tests.faults.together import at_once
from tests.patience import PATIENCE

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def ready(*, places: int = 1) -> tuple[SubProgram, list[Application]]:
    """One selection with three in reserve, released; money for all."""
    program = staff.program(money=1_000)
    judges = staff.assessors(3)
    marks = [(28, 36, 28), (26, 34, 26), (24, 32, 24), (22, 30, 22)]
    made = [staff.judged(program, row, judges=judges, support=100) for row in marks]
    staff.released(program, by=staff.manager(), places=places)
    return program, list(Application.objects.filter(pk__in=[row.pk for row in made]).order_by("pk"))


def without_draft(program: SubProgram, application: Application) -> None:
    """Free a place and put the portal's own draft aside, so that the race opens the first."""
    changes.decline(application, note="포기", by=application.created_by, now=NOW)
    draft = DecisionChange.objects.get(kind="move_up")
    changes.discard(draft, note="다시", by=staff.officer(program), now=NOW)


def filling(program: SubProgram, count: int = 4) -> list[object]:
    officers = [staff.officer(program) for _ in range(count)]

    def fill(place: int) -> object:
        return [row.pk for row in reserve.fill(program, by=officers[place], now=NOW)]

    return at_once(count, fill)


def test_two_never_move_up_for_one_place() -> None:
    program, four = ready()
    without_draft(program, four[0])
    answers = filling(program)
    assert sum(len(row) for row in answers) == 1
    assert DecisionChange.objects.filter(kind="move_up", state="proposed").count() == 1


def test_without_the_lock_the_database_still_refuses_the_second(monkeypatch) -> None:
    """The negative control: the lock is taken away and the constraints alone stand."""
    program, four = ready()
    without_draft(program, four[0])
    monkeypatch.setattr(reserve, "lock_program", lambda sub_program: None)
    real = places.status

    def slow(selection):
        found = real(selection)
        if next(calls) < 2:  # both have seen the free place before either takes it
            gate.wait()
        return found

    gate, calls = threading.Barrier(2, timeout=PATIENCE), count()
    monkeypatch.setattr(reserve.reserve_queries, "status", slow)
    answers = filling(program, 2)
    assert sorted(type(row).__name__ for row in answers) == ["MoveNotAllowed", "list"]
    assert DecisionChange.objects.filter(kind="move_up", state="proposed").count() == 1


def test_two_managers_approving_one_move_up_make_one_decision_and_one_reservation() -> None:
    program, four = ready()
    changes.decline(four[0], note="포기", by=four[0].created_by, now=NOW)
    draft = DecisionChange.objects.get(kind="move_up")
    changes.take_up(draft, by=staff.officer(program), now=NOW)
    bosses = [staff.manager() for _ in range(3)]

    def approve(place: int) -> object:
        mine = DecisionChange.objects.get(pk=draft.pk)
        return changes.approve(mine, by=bosses[place], now=NOW).pk

    answers = at_once(3, approve)
    assert sum(isinstance(row, int) for row in answers) == 1
    assert sum(isinstance(row, MoveNotAllowed) for row in answers) == 2
    assert Decision.objects.filter(application=four[1]).count() == 2
    assert balance(program.pot).reserved == 100


def test_a_cancellation_and_a_decline_at_once_free_the_money_once() -> None:
    program, four = ready()
    officer, boss = staff.officer(program), staff.manager()

    def act(place: int) -> object:
        mine = Application.objects.select_related("sub_program").get(pk=four[0].pk)
        if place:
            return changes.decline(mine, note="포기", by=mine.created_by, now=NOW).pk
        words = {"kind": ChangeKind.CANCEL, "outcome": "", "reason": "사유"}
        change = changes.propose(mine, by=officer, now=NOW, **words)
        return changes.approve(change, by=boss, now=NOW).pk

    answers = at_once(2, act)
    assert sum(isinstance(row, int) for row in answers) == 1
    assert balance(program.pot).reserved == 0
    assert award_of(four[0]).outcome in {"declined", "cancelled"}
    assert DecisionChange.objects.filter(kind="move_up", state="drafted").count() == 1


def test_two_places_and_money_for_one_move_up_one() -> None:
    program, four = ready(places=2)
    left = balance(program.pot).available
    for row in four[:2]:
        changes.decline(row, note="포기", by=row.created_by, now=NOW)
    for draft in DecisionChange.objects.filter(kind="move_up"):
        changes.take_up(draft, by=staff.officer(program), now=NOW)
    ledger.reduce(
        program.pot, ledger.Booking(amount=left + 100, reference="less"), by=None, now=NOW
    )
    drafts = list(DecisionChange.objects.filter(kind="move_up").values_list("pk", flat=True))
    assert len(drafts) == 2

    def approve(place: int) -> object:
        mine = DecisionChange.objects.get(pk=drafts[place])
        return changes.approve(mine, by=bosses[place], now=NOW).pk

    bosses = [staff.manager(), staff.manager()]
    answers = at_once(2, approve)
    assert sum(isinstance(row, int) for row in answers) == 1
    assert balance(program.pot).reserved == 100
