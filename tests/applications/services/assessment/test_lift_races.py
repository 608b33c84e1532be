"""A tie is lifted while a score run starts, on PostgreSQL: no run goes without the restored sheet."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from applications.models import ScoreRun, ScoreSheet
from applications.services.assessment import conflicts, lifts, scoring, sheets
from portal.core.errors import RuleBroken
from tests.factories import staff
from tests.factories.applications import NOW
from tests.faults.together import WAIT_SECONDS, at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
LATER = NOW + timedelta(hours=2)


def lift_while_a_run_starts(monkeypatch: pytest.MonkeyPatch, *, locked: bool) -> object:
    """Let a run start once the lift was found possible; return what the start gave or raised."""
    program = staff.program()
    officer, boss, (judge,) = staff.officer(program), staff.manager(), staff.assessors(1)
    case = staff.judged(program, judges=[])
    for other in staff.assessors(3):
        staff.locked_sheet(case, other, (20, 30, 20))
    sheet = sheets.assign(case, assessor=judge, by=officer, now=NOW)
    sheets.declare(sheet, tied=True, words="자문했습니다", by=judge, now=NOW)
    lift = lifts.propose(case.conflicts.get(), reason="실수", by=officer, now=LATER)
    decided, started, real = threading.Barrier(2), threading.Event(), lifts._check

    def then_wait(*args: Any) -> None:
        real(*args)
        decided.wait(WAIT_SECONDS)
        if not locked:
            started.wait(WAIT_SECONDS)

    monkeypatch.setattr(lifts, "_check", then_wait)

    def act(place: int) -> object:
        if place == 0:
            return lifts.approve(lift, by=boss, now=LATER)
        decided.wait(WAIT_SECONDS)
        try:
            return scoring.start(program, by=officer, now=LATER, while_open=True)
        finally:
            started.set()

    answers = at_once(2, act)
    assert answers[0] == lift, answers
    assert ScoreSheet.objects.waiting().get() == sheet
    return answers[1]


def test_a_run_that_starts_with_a_lift_waits_for_the_sheet(monkeypatch) -> None:
    refused = lift_while_a_run_starts(monkeypatch, locked=True)
    assert isinstance(refused, RuleBroken)
    assert [row.code for row in refused.findings] == ["sheets_unlocked"]
    assert not ScoreRun.objects.exists()


def test_without_the_lock_a_run_would_go_without_the_sheet(monkeypatch) -> None:
    """The negative control: the lift does not lock the sub-programme."""
    monkeypatch.setattr(conflicts, "lock_program", lambda application: None)
    assert isinstance(lift_while_a_run_starts(monkeypatch, locked=False), ScoreRun)
