"""Dates and times in Korean form."""

import re
from datetime import date, datetime

from django.utils.timezone import is_naive

from portal.core import dates
from portal.core.clock import KST
from portal.templatetags.library import WORD_JOINER, library

INNER_SPACE = re.compile(r"(?<=\.) (?=\d+\.)| (?=\()")  # within a date, and before the zone
NO_BREAK_SPACE = "\u00a0"


@library.filter(needs_autoescape=True)
def kst(instant: datetime | None, after: str = "", *, autoescape: bool = False) -> str:
    """Return an aware instant in Korean time to the second, with the zone.

    `after` is a word that must stay on the line of the time. Raises ValueError for a naive one.
    """
    if not instant:
        return ""
    if is_naive(instant):
        raise ValueError("kst needs an aware datetime")
    local = instant.astimezone(KST)
    return _unbroken(f"{kdate(local)} {local:%H:%M:%S} (KST)", after, autoescape)


@library.filter(needs_autoescape=True)
def until(instant: datetime | None, after: str = "", *, autoescape: bool = False) -> str:
    """Return a closing to the second: 2021. 2. 16. 18:00:00 (KST); midnight: 2021. 2. 16. 자정(24시).

    For intake, where a second decides. `due` writes all other deadlines.
    """
    if instant is None:
        return ""
    local = instant.astimezone(KST)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        words = f"{kdate(dates.last_day_of(local))} {dates.END_OF_DAY}"
        return _unbroken(words, after, autoescape)
    return kst(instant, after, autoescape=autoescape)


@library.filter(needs_autoescape=True)
def due(instant: datetime | None, after: str = "", *, autoescape: bool = False) -> str:
    """Return a deadline as people say it: 2021년 12월 2일 18시, 2021년 12월 2일 자정(24시)."""
    if instant is None:
        return ""
    if is_naive(instant):
        raise ValueError("due needs an aware datetime")
    text = dates.due_text(instant)
    if not autoescape:
        return text + after
    return text.replace(" ", NO_BREAK_SPACE) + (WORD_JOINER + after if after else "")


@library.filter(needs_autoescape=True)
def kdate(day: date | None, after: str = "", *, autoescape: bool = False) -> str:
    """Return a date as 2021. 2. 16.; an aware datetime is read in KST."""
    if not day:
        return ""
    if isinstance(day, datetime) and not is_naive(day):
        day = day.astimezone(KST)
    return _unbroken(f"{day.year}. {day.month}. {day.day}.", after, autoescape)


def _unbroken(words: str, after: str, page: bool) -> str:
    # Only HTML pages: e-mails are plain text.
    if not page:
        return words + after
    return INNER_SPACE.sub(NO_BREAK_SPACE, words) + (WORD_JOINER + after if after else "")
