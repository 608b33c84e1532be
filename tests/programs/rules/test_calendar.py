"""When a round is open: instants, seconds and the zone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import BadInput
from programs.rules.calendar import KST, OPEN, Window, days_left, refusal, stamp, state

OPENS = datetime(2021, 1, 22, 9, 0, tzinfo=KST)
CLOSES = datetime(2021, 2, 25, 18, 0, tzinfo=KST)
FIRST_ROUND = Window(OPENS, CLOSES)
ROLLING = Window(OPENS, rolling=True)
TICK = timedelta(microseconds=1)


def test_at_the_closing_instant_itself_the_call_is_closed() -> None:
    assert state(FIRST_ROUND, CLOSES - TICK) == OPEN
    assert state(FIRST_ROUND, CLOSES) != OPEN
    assert state(FIRST_ROUND, CLOSES) == "closed"


def test_at_the_opening_instant_itself_the_call_is_open() -> None:
    assert state(FIRST_ROUND, OPENS - TICK) == "upcoming"
    assert state(FIRST_ROUND, OPENS) == "open"


def test_the_same_instant_in_another_zone_is_judged_the_same() -> None:
    assert state(FIRST_ROUND, datetime(2021, 2, 25, 8, 59, 59, tzinfo=UTC)) == OPEN
    assert state(FIRST_ROUND, datetime(2021, 2, 25, 9, 0, 0, tzinfo=UTC)) != OPEN


def test_a_refusal_shows_both_instants_to_the_second_with_the_zone() -> None:
    late = refusal(FIRST_ROUND, datetime(2021, 2, 25, 9, 0, 1, tzinfo=UTC))
    assert late is not None
    assert late.code == "round_closed"
    assert "2021. 2. 25. 18:00:00 KST" in late.message
    assert "2021. 2. 25. 18:00:01 KST" in late.message
    early = refusal(FIRST_ROUND, OPENS - TICK)
    assert early is not None
    assert early.code == "round_upcoming"
    assert "2021. 1. 22. 09:00:00 KST" in early.message
    assert refusal(FIRST_ROUND, OPENS) is None


def test_aftercare_is_accepted_all_year_until_the_budget_is_used() -> None:
    assert state(ROLLING, OPENS + timedelta(days=340)) == OPEN
    assert refusal(ROLLING, OPENS + timedelta(days=340)) is None
    assert days_left(ROLLING, OPENS) is None


@pytest.mark.parametrize(
    ("at", "days"),
    [
        (datetime(2021, 2, 25, 17, 59, 59, tzinfo=KST), 0),
        (datetime(2021, 2, 25, 0, 0, tzinfo=KST), 0),
        (datetime(2021, 2, 24, 23, 59, 59, tzinfo=KST), 1),
        (datetime(2021, 2, 24, 15, 0, tzinfo=UTC), 0),
        (datetime(2021, 1, 22, 9, 0, tzinfo=KST), 34),
        (CLOSES, None),
    ],
)
def test_days_left_are_calendar_days_in_korea(at: datetime, days: int | None) -> None:
    assert days_left(FIRST_ROUND, at) == days


def test_an_end_at_midnight_makes_the_day_before_the_last() -> None:
    window = Window(OPENS, datetime(2021, 2, 17, 0, 0, tzinfo=KST))
    assert days_left(window, datetime(2021, 2, 16, 23, 0, tzinfo=KST)) == 0


def test_writes_an_instant_with_seconds_and_zone() -> None:
    assert stamp(datetime(2021, 2, 16, 9, 0, tzinfo=UTC)) == "2021. 2. 16. 18:00:00 KST"


@given(st.datetimes(datetime(2020, 1, 1), datetime(2022, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_open_and_refused_are_opposites(at: datetime) -> None:
    assert (state(FIRST_ROUND, at) == OPEN) == (OPENS <= at < CLOSES)
    assert (state(FIRST_ROUND, at) == OPEN) == (refusal(FIRST_ROUND, at) is None)


def test_refuses_times_without_a_zone() -> None:
    naive = datetime(2021, 2, 1)  # noqa: DTZ001
    with pytest.raises(BadInput):
        state(FIRST_ROUND, naive)
    with pytest.raises(BadInput):
        Window(naive, rolling=True)


def test_refuses_a_window_without_or_before_its_end() -> None:
    with pytest.raises(BadInput):
        Window(OPENS)
    with pytest.raises(BadInput):
        Window(OPENS, OPENS)
