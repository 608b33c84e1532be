"""Two acts on overlapping applications at once, and a job killed between two chunks, on PostgreSQL."""

from typing import Any

import pytest
from django.db import IntegrityError

from applications.models import Application, ApplicationMove, Check, SetAct, SetResult
from applications.services.set_acts import running
from applications.states import SetActKind
from portal.models import Job, User
from programs.models import SubProgram
from tests.factories import staff
from tests.factories.applications import NOW
from tests.faults.processes import script
from tests.faults.together import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
K = SetActKind
COUNT = 6


def filed() -> tuple[SubProgram, list[int]]:
    program = staff.program()
    return program, [staff.filed(program).pk for _ in range(COUNT)]


def begin(ids: list[int], by: User) -> SetAct:
    chosen = Application.objects.filter(pk__in=ids)
    words: dict[str, Any] = {"selection": {}, "options": {}, "reason": "함께"}
    confirmed = running.choose(K.TAKE_UP, chosen).confirmed
    return running.start(K.TAKE_UP, chosen, confirmed=confirmed, **words, by=by, now=NOW)


def test_of_two_acts_on_the_same_applications_each_row_is_done_by_one() -> None:
    program, ids = filed()
    acts = [
        begin(ids[:4], staff.officer(program)),
        begin(ids[2:], staff.officer(program)),
    ]
    answers = at_once(2, lambda place: running.run(SetAct.objects.get(pk=acts[place].pk)))
    assert [row.state for row in answers] == ["done", "done"]
    assert sum(row.done for row in answers) == COUNT
    assert sum(row.skipped for row in answers) == 2
    assert set(SetResult.objects.filter(outcome="skipped").values_list("code", flat=True)) == {
        "move_not_allowed"
    }
    moves = ApplicationMove.objects.filter(move="take_up").values_list("thing", flat=True)
    assert sorted(moves) == sorted(ids)
    assert Check.objects.count() == COUNT * 4


def test_one_act_run_by_two_workers_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    program, ids = filed()
    spec = running.ACTS[K.TAKE_UP]
    small = type(spec)(**{**vars(spec), "chunk": 2})
    monkeypatch.setattr(running, "ACTS", {**running.ACTS, K.TAKE_UP: small})
    made = begin(ids, staff.officer(program))
    answers = at_once(2, lambda place: running.run(SetAct.objects.get(pk=made.pk)))
    assert {row.state for row in answers} == {"done"}
    made.refresh_from_db()
    assert (made.done, made.skipped, made.position) == (COUNT, 0, 3)
    assert ApplicationMove.objects.filter(move="take_up").count() == COUNT


def test_without_the_lock_of_the_rows_the_database_has_to_refuse_the_second_act(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: the same overlap, with rows that are judged as they were read before."""
    program, ids = filed()
    by = staff.officer(program)
    first, second = begin(ids[:4], by), begin(ids[2:], by)
    stale = {row.pk: row for row in Application.objects.filter(pk__in=ids)}
    running.run(first)
    monkeypatch.setattr(running, "staff_applications", lambda by: Stale(stale))
    with pytest.raises(IntegrityError, match="one_check_per_condition"):
        running.run(second)


class Stale:
    """Rows as they were, behind the calls of a query."""

    def __init__(self, rows: dict[int, Application]) -> None:
        self.rows = rows

    def filter(self, *, pk__in: list[int]) -> "Stale":
        return Stale({pk: self.rows[pk] for pk in pk__in})

    def order_by(self, *names: str) -> "Stale":
        return self

    def select_for_update(self, **named: object) -> list[Application]:
        return list(self.rows.values())


KILLED = """
import django
django.setup()
import os, signal, sys
from applications.models import SetAct
from applications.services.set_acts import running

act = SetAct.objects.get(pk=sys.argv[1])

def kill(done, total, stage=""):
    if sys.argv[2] == "between" and done == 4:
        os.kill(os.getpid(), signal.SIGKILL)

def killing(whole):
    chunks = []
    def insert(model, *words):
        whole(model, *words)
        chunks.extend([model] if model.__name__ == "SetResult" else [])
        if sys.argv[2] == "within" and len(chunks) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
    return insert

running.bulk.insert = killing(running.bulk.insert)
running.run(act, progress=kill)
"""


@pytest.mark.parametrize(("place", "done"), [("between", 4), ("within", 2), ("never", 6)])
def test_a_job_that_is_killed_goes_on_and_does_nothing_twice(
    place: str, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, ids = filed()
    spec = running.ACTS[K.TAKE_UP]
    small = type(spec)(**{**vars(spec), "chunk": 2})
    monkeypatch.setattr(running, "ACTS", {**running.ACTS, K.TAKE_UP: small})
    made = begin(ids, staff.officer(program))
    ended = script(KILLED, made.pk, place, CELERY_BROKER_URL="memory://localhost")
    assert ended.returncode == (0 if place == "never" else -9), ended.stderr
    made.refresh_from_db()
    assert (made.done, SetResult.objects.count()) == (done, done)
    assert ApplicationMove.objects.filter(move="take_up").count() == done
    assert Check.objects.count() == done * 4
    running.run(made)
    assert (made.state, made.done, made.skipped) == ("done", COUNT, 0)
    moves = list(ApplicationMove.objects.filter(move="take_up").values_list("thing", flat=True))
    assert sorted(moves) == sorted(ids)
    assert Check.objects.count() == COUNT * 4
    assert Job.objects.filter(kind=running.JOB).count() == 1
