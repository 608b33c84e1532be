"""An opinion is taken back while all are released, on PostgreSQL: none is released without it."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from applications.models import Opinion
from applications.services.assessment import opinions
from portal.core.errors import MoveNotAllowed
from tests.factories import opinions as made
from tests.factories import staff
from tests.factories.applications import NOW
from tests.faults.together import WAIT_SECONDS, at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
LATER = NOW + timedelta(hours=1)


def release_while_one_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> object:
    """Take one back once the release was found possible; return what the release gave or raised."""
    first, second = made.drafts(2)
    selection, boss = first.run.selections.get(), staff.manager()
    officer = staff.officer(first.application.sub_program)
    made.all_ready(selection, by=officer)
    taken = Opinion.objects.select_related("application").get(pk=second.pk)
    found, back, real = threading.Event(), threading.Event(), opinions.queries.unready

    def then_wait(*args: Any) -> object:
        findings = real(*args)
        found.set()
        back.wait(WAIT_SECONDS)
        return findings

    monkeypatch.setattr(opinions.queries, "unready", then_wait)

    def act(place: int) -> object:
        if place == 0:
            return opinions.release_all(selection, by=boss, now=LATER)
        found.wait(WAIT_SECONDS)
        try:
            return opinions.reopen(taken, note="다시", by=officer, now=LATER)
        finally:
            back.set()

    return at_once(2, act)[0]


def states() -> list[str]:
    return list(Opinion.objects.order_by("pk").values_list("state", flat=True))


def test_one_taken_back_meanwhile_stops_the_release(monkeypatch) -> None:
    refused = release_while_one_is_taken_back(monkeypatch)
    assert isinstance(refused, MoveNotAllowed)
    assert refused.code == "drafts"
    assert states() == ["ready", "draft"]


def test_without_the_second_look_the_other_would_be_released_alone(monkeypatch) -> None:
    """The negative control: nobody looks again after the release."""
    monkeypatch.setattr(opinions, "_refuse_left", lambda rows: None)
    assert release_while_one_is_taken_back(monkeypatch) == 1
    assert states() == ["released", "draft"]
