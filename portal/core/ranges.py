"""Plausible limits of every date and amount that people enter, as data (`ranges.yaml`)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from portal.core.errors import BadInput, Finding
from portal.core.money import won

FILE = Path(__file__).with_name("ranges.yaml")
DAY, COUNT, WON, NUMBER = "day", "count", "won", "number"
_FROM_TODAY = re.compile(r"today(?:([+-][0-9]+)([dy]))?")
Value = date | int | float | Decimal


@dataclass(frozen=True)
class Range:
    """The least and the most of one entry; `own` where a rule of its subject reads both elsewhere."""

    name: str
    label: str
    kind: str
    origin: str
    unit: str = ""
    least: Any = None
    most: Any = None
    own: bool = False

    def limits(self, today: date) -> tuple[Value, Value]:
        """Return least and most, both allowed, counted from `today` where they are days."""
        return _limit(self.least, today), _limit(self.most, today)

    def text(self, value: Value) -> str:
        """Write a value as a message shows it."""
        if isinstance(value, date):
            return f"{value.year}년 {value.month}월 {value.day}일"
        return won(int(value)) if self.kind == WON else f"{value:,}{self.unit}"


@cache
def known() -> Mapping[str, Range]:
    """Return every range by its name."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {name: Range(name, **row) for name, row in rows.items()}


def refusal(
    name: str, value: Value | None, *, today: date, least: Value | None = None,
    most: Value | None = None, label: str = "",
) -> str:  # fmt: skip
    """Return why a value is not plausible, "" when it is; an empty one is nobody's slip.

    `least` and `most` narrow the range by what the subject knows, such as a day already recorded.
    Raises LookupError for a range that the data does not have.
    """
    row = known()[name]
    if value is None:
        return ""
    low, high = (None, None) if row.own else row.limits(today)
    lows = [one for one in (low, least) if one is not None]
    highs = [one for one in (high, most) if one is not None]
    given = cast(Any, value)
    if (not lows or given >= max(lows)) and (not highs or given <= min(highs)):
        return ""
    words = [f"{row.text(max(lows))}부터"] if lows else []
    words += [f"{row.text(min(highs))}까지"] if highs else []
    return (
        f"‘{label or row.label}’ 항목은 {' '.join(words)}의 값이어야 합니다."
        f" 입력한 값은 {row.text(value)}입니다."
    )


def check(
    name: str, value: Value | None, *, today: date, code: str = "", least: Value | None = None,
    most: Value | None = None, label: str = "",
) -> None:  # fmt: skip
    """Refuse a value outside its range. Raises BadInput (`code`, else the range's name)."""
    if text := refusal(name, value, today=today, least=least, most=most, label=label):
        raise BadInput(text, code=code or name)


def finding(
    name: str, value: Value | None, *, today: date, code: str = "", **more: Any
) -> list[Finding]:
    """Return the refusal as a finding of a rule, none when the value is plausible."""
    text = refusal(name, value, today=today, **more)
    return [Finding(code or name, text)] if text else []


def _limit(limit: Any, today: date) -> Value:
    found = _FROM_TODAY.fullmatch(limit) if isinstance(limit, str) else None
    if found is None:
        return cast(Value, limit)
    if found[1] is None:
        return today
    number = int(found[1])
    if found[2] == "d":
        return today + timedelta(days=number)
    # 29 February has its anniversary on the 28th.
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return today.replace(year=today.year + number, day=day)
