"""Two officers name each other at the same moment on PostgreSQL: no circle comes of it."""

import threading
from typing import Any

import pytest

from applications.models import StandIn
from applications.services.officers import stand_ins
from portal.core.dates import korean_day
from portal.core.errors import BadInput
from tests.factories import staff
from tests.factories.applications import NOW
from tests.faults.together import WAIT_SECONDS, at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def name_each_other() -> list[object]:
    program, day = staff.program(), korean_day(NOW)
    people = [staff.officer(program), staff.officer(program)]

    def arrange(place: int) -> object:
        mine = people[place]
        words: dict[str, Any] = {"first_day": day, "last_day": day, "by": mine, "now": NOW}
        return stand_ins.arrange(mine, stand_in=people[1 - place], **words).pk

    return at_once(2, arrange)


def test_of_two_who_name_each_other_at_once_one_is_refused() -> None:
    answers = name_each_other()
    (refused,) = [row for row in answers if isinstance(row, BadInput)]
    assert refused.code == "overlap"
    assert StandIn.objects.count() == 1


def test_without_the_lock_both_would_stand_in_for_each_other(monkeypatch) -> None:
    """The negative control: both look before either has written."""
    both_checked, real = threading.Barrier(2), stand_ins._refuse_chain

    def then_wait(*args: Any) -> None:
        real(*args)
        both_checked.wait(WAIT_SECONDS)

    monkeypatch.setattr(stand_ins, "_lock", lambda *people: None)
    monkeypatch.setattr(stand_ins, "_refuse_chain", then_wait)
    assert not [row for row in name_each_other() if isinstance(row, Exception)]
    assert StandIn.objects.count() == 2
