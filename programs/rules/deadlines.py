"""When something is due: the only place where days and months become an instant.

A period is a length (days or months) and a `Policy` that says at which instant its last day ends.
Both come from the catalogue data; the public holidays come from `programs.queries.calendar`.
"""

from calendar import SATURDAY, monthrange
from collections.abc import Container, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from portal.core.dates import KST, end_of_day, korean_day
from portal.core.errors import BadInput

CLOSING_TIME = time(18)  # assumption, as for the rounds


class Policy(StrEnum):
    """At which instant the last day of a period is over, in KST."""

    WORKING_DAY_18 = "working_day_18"
    """18:00; a last day on a weekend or public holiday moves to the next working day."""
    END_OF_WORKING_DAY = "end_of_working_day"
    """24:00, moved in the same way (민법 159, 161): periods that the law counts."""
    END_OF_DAY = "end_of_day"
    """24:00 of the last day itself: links that expire, periods counted back from a date."""


POLICY_WORDS = {
    Policy.WORKING_DAY_18: "마지막 날 18시, 쉬는 날이면 다음 근무일",
    Policy.END_OF_WORKING_DAY: "마지막 날 자정(24시), 쉬는 날이면 다음 근무일",
    Policy.END_OF_DAY: "마지막 날 자정(24시), 쉬는 날이어도 그날",
}


def due_after(
    start: datetime | date, days: int, policy: Policy, holidays: Container[date]
) -> datetime:
    """Return the instant at which a period of days is over; its first day is not counted (민법 157).

    An instant counts as its day in Korea. Raises ValueError for a naive one.
    """
    return due_on(_day(start) + timedelta(days=days), policy, holidays)


def due_after_months(
    start: datetime | date, months: int, policy: Policy, holidays: Container[date]
) -> datetime:
    """Return the instant at which a period of calendar months is over (민법 160)."""
    return due_on(months_later(_day(start), months), policy, holidays)


def due_on(day: date, policy: Policy, holidays: Container[date]) -> datetime:
    """Return the due instant of a period whose last day is `day`."""
    if policy is Policy.END_OF_DAY:
        return end_of_day(day)
    day = next_working_day(day, holidays)
    if policy is Policy.END_OF_WORKING_DAY:
        return end_of_day(day)
    return datetime.combine(day, CLOSING_TIME, KST)


def next_working_day(day: date, holidays: Container[date]) -> date:
    """Return the day itself, or the first working day after a weekend or holiday (민법 161)."""
    while day.weekday() >= SATURDAY or day in holidays:
        day += timedelta(days=1)
    return day


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later (or earlier), or the last one of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def policy_of(policies: Mapping[str, Any], name: str) -> Policy:
    """Return the policy that the data name for a period. Raises BadInput (`due_policy`)."""
    try:
        return Policy(policies[name])
    except (KeyError, ValueError) as unknown:
        raise BadInput(
            f"‘{name}’ 기한이 언제 끝나는지 정해지지 않았습니다.", code="due_policy"
        ) from unknown


def step_due(
    step: Mapping[str, Any], since: datetime, holidays: Container[date]
) -> datetime | None:
    """Return when a step of the procedure begun at `since` is due; None where no days are planned."""
    days = step.get("days")
    if not days:
        return None
    policy = policy_of({step["code"]: step.get("due_policy")}, step["code"])
    return due_after(since, days, policy, holidays)


def _day(start: datetime | date) -> date:
    return korean_day(start) if isinstance(start, datetime) else start
