"""Two officers take a file at once, or one whose role ends at that moment, on PostgreSQL."""

import threading
from typing import Any

import pytest
from django.db.models import QuerySet

from applications.models import Application, OfficerChange
from applications.services.officers import charge
from portal.access import granting
from portal.core.errors import StaleVersion
from portal.models import User
from programs.roles import OFFICER
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory
from tests.faults.together import WAIT_SECONDS, at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def both_take() -> tuple[Application, list[User], list[object]]:
    program = staff.program()
    officers = [staff.officer(program), staff.officer(program)]
    filed = ApplicationFactory(filed=True, sub_program=program)

    def take(place: int) -> object:
        mine = Application.objects.get(pk=filed.pk)
        return charge.take(mine, by=officers[place], now=NOW).officer_id

    answers = at_once(2, take)
    return Application.objects.get(pk=filed.pk), officers, answers


def wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both decide before either writes."""
    both_checked, real = threading.Barrier(2), charge._refuse

    def then_wait(*args: Any) -> None:
        real(*args)
        both_checked.wait(WAIT_SECONDS)

    monkeypatch.setattr(charge, "_refuse", then_wait)


def test_of_two_who_take_a_file_at_once_one_has_it(monkeypatch) -> None:
    wait_for_each_other(monkeypatch)
    filed, officers, answers = both_take()
    (refused,) = [row for row in answers if isinstance(row, StaleVersion)]
    (holder,) = [row for row in answers if row is not refused]
    assert filed.officer_id == holder
    assert holder in {row.pk for row in officers}
    assert OfficerChange.objects.count() == 1


def test_without_the_condition_of_the_update_both_would_have_taken_it(monkeypatch) -> None:
    """The negative control: an UPDATE that does not name the officer it was decided on."""
    real = QuerySet.filter

    def forgetful(self: Any, *args: Any, **words: Any) -> Any:
        if words.keys() == {"pk", "officer"}:
            del words["officer"]
        return real(self, *args, **words)

    wait_for_each_other(monkeypatch)
    monkeypatch.setattr(QuerySet, "filter", forgetful)
    _, officers, answers = both_take()
    assert sorted(answers) == sorted(row.pk for row in officers)
    assert OfficerChange.objects.count() == 2


def take_while_the_role_ends(monkeypatch: pytest.MonkeyPatch, *, locked: bool) -> Application:
    """Let the role be taken once the officer was found fit; without the lock it is gone first."""
    decided, taken, real = threading.Barrier(2), threading.Event(), charge._refuse

    def then_wait(*args: Any) -> None:
        real(*args)
        decided.wait(WAIT_SECONDS)
        if not locked:
            taken.wait(WAIT_SECONDS)

    program = staff.program()
    officer, manager = staff.officer(program), staff.manager()
    filed = ApplicationFactory(filed=True, sub_program=program)
    monkeypatch.setattr(charge, "_refuse", then_wait)

    def act(place: int) -> None:
        if place == 0:
            charge.take(Application.objects.get(pk=filed.pk), by=officer, now=NOW)
        else:
            decided.wait(WAIT_SECONDS)
            granting.take(officer, OFFICER, reason="인사이동", by=manager, now=NOW)
            taken.set()

    assert at_once(2, act) == [None, None]
    return Application.objects.get(pk=filed.pk)


def test_a_file_that_is_taken_while_the_role_ends_is_nobodys(monkeypatch) -> None:
    assert take_while_the_role_ends(monkeypatch, locked=True).officer is None


def test_without_the_lock_the_file_would_stay_with_who_is_no_officer(monkeypatch) -> None:
    """The negative control: the officer is not locked before they are found fit."""
    monkeypatch.setattr(charge, "lock_officer", lambda officer: officer)
    assert take_while_the_role_ends(monkeypatch, locked=False).officer is not None
