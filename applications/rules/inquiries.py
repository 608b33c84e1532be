"""Until when an inquiry is answered, and whether a text names one of the assessors."""

from collections.abc import Container, Iterable
from datetime import date, datetime

from portal.core import text
from programs.rules import deadlines
from programs.rules.deadlines import Policy

POLICY = Policy.WORKING_DAY_18
USUAL_DAYS = 3
"""What the form suggests (assumption); the officer says the days of each inquiry."""
SHORTEST = 2  # shorter words are parts of ordinary text


def due_at(
    start: datetime, days: int, holidays: Container[date], *, no_later_than: datetime | None = None
) -> datetime:
    """Return when the answer is due, at the latest at the end of the assessment."""
    due = deadlines.due_after(start, days, POLICY, holidays)
    return min(due, no_later_than) if no_later_than else due


def names_one_of(words: str, names: Iterable[str]) -> bool:
    """Tell whether a text holds one of the names, however it is spaced or written."""
    whole = text.letters(words)
    found = (text.letters(name) for name in names)
    return any(len(name) >= SHORTEST and name in whole for name in found)
