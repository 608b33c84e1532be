"""Public holidays of Korea: those of the `holidays` library, corrected by a data file."""

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
    """The public holidays of the years `first` to `last`, substitute and temporary ones included.

    `day in holidays` raises BadInput (`calendar_unknown`) for a day of another year.
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
    """Return the holidays; read once per process."""
    data = yaml.safe_load(file.read_text("utf-8"))
    first, last = data["covers"]["from"], data["covers"]["until"]
    known = country_holidays(data["source"]["country"], years=range(first, last + 1))
    added = {row["date"] for row in data["added"]}
    removed = {row["date"] for row in data["removed"]}
    return Holidays(first, last, frozenset(known) - removed | added)
