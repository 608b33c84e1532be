"""The policies by which a period becomes an instant, over the holidays of 2021 and 2022."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest

from portal.core.dates import KST, due_text, last_day_of
from portal.core.errors import BadInput
from programs.queries.calendar import holidays
from programs.rules import deadlines
from programs.rules.deadlines import Policy

NINE = time(9)


def at(day: str, clock: time = NINE) -> datetime:
    return datetime.combine(date.fromisoformat(day), clock, KST)


def midnight_after(day: str) -> datetime:
    return at(day, time(0)) + timedelta(days=1)


# start, days, the last day itself, the working day it moves to
DAYS = [
    ("2021-02-10", 0, "2021-02-10", "2021-02-10"),  # a Wednesday
    ("2021-02-10", 7, "2021-02-17", "2021-02-17"),
    ("2021-02-10", 30, "2021-03-12", "2021-03-12"),
    ("2021-02-08", 3, "2021-02-11", "2021-02-15"),  # Seollal, Thursday to Saturday
    ("2021-02-26", 1, "2021-02-27", "2021-03-02"),  # Saturday, Sunday, 1 March
    ("2021-04-28", 7, "2021-05-05", "2021-05-06"),  # one holiday in the week
    ("2021-08-01", 14, "2021-08-15", "2021-08-17"),  # Sunday with a substitute on Monday
    ("2021-09-13", 7, "2021-09-20", "2021-09-23"),  # Chuseok
    ("2021-10-04", 5, "2021-10-09", "2021-10-12"),  # Saturday with a substitute on Monday
    ("2021-12-24", 7, "2021-12-31", "2021-12-31"),  # the last day of the year
    ("2021-12-25", 7, "2022-01-01", "2022-01-03"),  # over the end of the year
    ("2022-01-24", 7, "2022-01-31", "2022-02-03"),  # Seollal of 2022
    ("2022-02-22", 15, "2022-03-09", "2022-03-10"),  # the day of an election
    ("2022-05-01", 7, "2022-05-08", "2022-05-09"),  # a holiday on a Sunday, without substitute
    ("2022-09-02", 7, "2022-09-09", "2022-09-13"),  # Chuseok of 2022, Friday to Monday
    ("2022-12-18", 7, "2022-12-25", "2022-12-26"),
]
MONTHS = [
    ("2021-01-31", 1, "2021-02-28", "2021-03-02"),  # no 31 February; Sunday, then 1 March
    ("2021-03-02", 3, "2021-06-02", "2021-06-02"),
    ("2021-11-30", 3, "2022-02-28", "2022-02-28"),
    ("2021-12-15", 1, "2022-01-15", "2022-01-17"),
    ("2024-02-29", 12, "2025-02-28", "2025-02-28"),
    ("2021-12-31", 0, "2021-12-31", "2021-12-31"),
]
AFTER = [(deadlines.due_after, *row) for row in DAYS] + [
    (deadlines.due_after_months, *row) for row in MONTHS
]


@pytest.mark.parametrize(("due", "start", "length", "day", "working_day"), AFTER)
@pytest.mark.parametrize("clock", [time(0), NINE, time(23, 59, 59)])
def test_every_policy_ends_the_last_day_in_its_way(
    due: Callable[..., datetime], start: str, length: int, day: str, working_day: str, clock: time
) -> None:
    ends = {policy: due(at(start, clock), length, policy, holidays()) for policy in Policy}
    assert ends == {
        Policy.WORKING_DAY_18: at(working_day, time(18)),
        Policy.END_OF_WORKING_DAY: midnight_after(working_day),
        Policy.END_OF_DAY: midnight_after(day),
    }
    of_date = {
        policy: due(date.fromisoformat(start), length, policy, holidays()) for policy in Policy
    }
    assert of_date == ends


def test_the_day_of_the_start_is_the_one_in_korea() -> None:
    before = datetime(2021, 2, 9, 14, 59, 59, tzinfo=UTC)
    for start, day in ((before, 10), (before + timedelta(seconds=1), 11)):
        due = deadlines.due_after(start, 1, Policy.END_OF_DAY, holidays())
        assert due == datetime(2021, 2, day + 1, tzinfo=KST)


def test_korea_has_no_summer_time() -> None:
    days = [date(2021, 1, 1) + timedelta(days=number) for number in range(730)]
    ends = [deadlines.due_on(day, Policy.END_OF_DAY, holidays()) for day in days]
    assert {end.utcoffset() for end in ends} == {timedelta(hours=9)}
    assert {later.astimezone(UTC) - end.astimezone(UTC) for end, later in pairwise(ends)} == {
        timedelta(days=1)
    }


def test_no_working_day_policy_ends_on_a_weekend_or_holiday() -> None:
    for number in range(730):
        day = date(2021, 1, 1) + timedelta(days=number)
        for policy in (Policy.WORKING_DAY_18, Policy.END_OF_WORKING_DAY):
            ends = last_day_of(deadlines.due_on(day, policy, holidays()))
            assert ends >= day
            assert ends.weekday() < 5
            assert ends not in holidays()


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2021, 3, 2), 3, date(2021, 6, 2)),
        (date(2021, 11, 30), 3, date(2022, 2, 28)),
        (date(2024, 2, 29), 36, date(2027, 2, 28)),
        (date(2022, 3, 31), -1, date(2022, 2, 28)),
        (date(2022, 1, 15), -1, date(2021, 12, 15)),
    ],
)
def test_months_end_on_the_same_day_or_the_last_one(day, months, later) -> None:
    assert deadlines.months_later(day, months) == later


def test_a_step_without_planned_days_is_never_due() -> None:
    step = {"code": "submitted", "days": None}
    assert deadlines.step_due(step, at("2021-02-10"), holidays()) is None
    step = {"code": "assessing", "days": 30, "due_policy": "working_day_18"}
    assert deadlines.step_due(step, at("2021-02-10"), holidays()) == at("2021-03-12", time(18))


@pytest.mark.parametrize("policies", [{}, {"supplement_days": "noon"}, {"supplement_days": None}])
def test_a_policy_is_never_guessed(policies) -> None:
    with pytest.raises(BadInput) as refused:
        deadlines.policy_of(policies, "supplement_days")
    assert refused.value.code == "due_policy"


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        deadlines.due_after(datetime(2021, 2, 1), 1, Policy.END_OF_DAY, holidays())  # noqa: DTZ001


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (at("2021-12-02", time(18)), "2021년 12월 2일 18시"),
        (midnight_after("2021-12-02"), "2021년 12월 2일 자정(24시)"),
        (midnight_after("2021-12-31"), "2021년 12월 31일 자정(24시)"),
        (at("2021-12-02", time(17, 30)), "2021년 12월 2일 17시 30분"),
        (at("2021-12-02", time(3, 19, 15)), "2021년 12월 2일 3시 19분 15초"),
        (datetime(2021, 12, 2, 9, tzinfo=UTC), "2021년 12월 2일 18시"),
    ],
)
def test_a_due_instant_is_written_as_people_say_it(instant: datetime, text: str) -> None:
    assert due_text(instant) == text
