"""The database's clock: it advances inside a transaction and is the same in every zone."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection, transaction

from portal.core import clock
from portal.core.clock import KST, now

ROOT = Path(__file__).parents[2]


@pytest.mark.django_db
def test_the_clock_gives_an_aware_instant_of_this_moment() -> None:
    at = now()
    assert at.utcoffset() is not None
    assert abs(datetime.now(UTC) - at) < timedelta(seconds=5)


def standing() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_clock_moves_inside_a_transaction() -> None:
    with transaction.atomic():
        first = now()
        begun = standing()
        time.sleep(0.2)
        assert now() - first >= timedelta(seconds=0.2)
        assert standing() == begun  # PostgreSQL's own now() stands still: never to be asked


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_clock_is_the_database_s_whatever_the_process_believes() -> None:
    before = now()
    with time_machine.travel(before + timedelta(days=400), tick=False):
        assert now() - before < timedelta(minutes=1)


SAYS = """
import django
django.setup()
from datetime import datetime, timedelta
from django.conf import settings
from django.template import engines
from django.utils import timezone
from portal.core.clock import KST
from programs.rules.calendar import Window, days_left, refusal, stamp, state
from programs.services.catalogue import data_file
closes = datetime(2021, 2, 25, 18, tzinfo=KST)
window = Window(datetime(2021, 1, 22, tzinfo=KST), closes)
step = timedelta(microseconds=1)
print(closes.timestamp(), state(window, closes - step), state(window, closes))
print(stamp(closes), refusal(window, closes).message, days_left(window, closes - step))
page = engines["django"].from_string("{{ at|kst }} {{ at|kdate }} {{ at|date:'H:i' }}")
print(page.render({"at": closes}), timezone.localtime(closes).isoformat())
"""


def told_in(zone: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SAYS],
        cwd=ROOT,
        env={**os.environ, "TZ": zone, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_deadline_is_the_same_instant_and_the_same_words_wherever_the_server_stands() -> None:
    told = {zone: told_in(zone) for zone in ("Asia/Seoul", "UTC", "America/New_York")}
    assert len(set(told.values())) == 1, told
    assert f"{datetime(2021, 2, 25, 9, tzinfo=UTC).timestamp()} open closed" in told["UTC"]
    assert "2021. 2. 25. 18:00:00 KST" in told["UTC"]
    assert datetime(2021, 2, 25, 18, tzinfo=KST) == datetime(2021, 2, 25, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("readings", "kept"),
    [
        ([(0, 0.25), (1, 0.5)], 0),  # a slow answer says little about when it was true
        ([(0, 0.5), (1, 0.25)], 1),
        ([(0, 0.25), (61, 0.5)], 61),  # an old one no longer counts
        ([(0, 0.25), (1, 0.25)], 1),  # quarters: sums and differences of them are exact
    ],
)
def test_the_reading_that_was_answered_most_quickly_is_kept_for_a_minute(
    monkeypatch: pytest.MonkeyPatch, readings: list[tuple[float, float]], kept: float
) -> None:
    moments = iter([at for asked, took in readings for at in (asked, asked + took)])
    monkeypatch.setattr(clock, "_last", None)
    monkeypatch.setattr(clock, "connection", SimpleNamespace(vendor="sqlite"))
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    for _ in readings:
        now()
    assert clock.last_reading().moment == kept
