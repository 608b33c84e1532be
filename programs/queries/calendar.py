"""Public holidays of Korea: a well-kept library's, and what the data file adds to it or removes."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from holidays import country_holidays

from portal.core.errors import BadInput

FILE = Path(__file__).resolve().parent.parent / "catalogue" / "holidays.yaml"


@dataclass(frozen=True)
class Holidays(Container[date]):
    """The public holidays of the years `first` to `last`, substitute and temporary ones among them.

    A day of another year is not answered: asking raises BadInput (`calendar_unknown`).
    """

    first: int
    last: int
    days: frozenset[date]

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date) or not self.first <= day.year <= self.last:
            raise BadInput(
                f"공휴일은 {self.first}년부터 {self.last}년까지만 알고 있어 기한을 정할 수 없습니다."
                " 공휴일 자료를 늘려 주세요.",
                code="calendar_unknown",
            )
        return day in self.days


@cache
def holidays(file: Path = FILE) -> Holidays:
    """Read the data file and the library, once per process."""
    told = yaml.safe_load(file.read_text("utf-8"))
    first, last = told["covers"]["from"], told["covers"]["until"]
    known = country_holidays(told["source"]["country"], years=range(first, last + 1))
    added = {row["date"] for row in told["added"]}
    removed = {row["date"] for row in told["removed"]}
    return Holidays(first, last, frozenset(known) - removed | added)
