"""Two officers take the same file at the same moment on PostgreSQL: one gets it."""

import threading
from typing import Any

import pytest
from django.db.models import QuerySet

from applications.models import Application, OfficerChange
from applications.services.officers import charge
from portal.core.errors import StaleVersion
from portal.models import User
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
