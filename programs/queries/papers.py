"""The kinds of paper that a firm keeps and uses for several programmes, as `papers.yaml` has them."""

from calendar import monthrange
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parent.parent / "catalogue" / "papers.yaml"


@dataclass(frozen=True)
class PaperKind:
    """A kind of paper, who issues it and how long it is good for; its code is that of the slot.

    `written` says that only the paper itself tells until when, `shorter` that it may name an earlier
    day. Without days or months it does not expire. It is not asked for where each registry of
    `told_by` has answered what the paper would say.
    """

    code: str
    label: str
    formats: tuple[str, ...]
    issuer: str
    link: str
    origin: str
    guide: str = ""
    valid_days: int = 0
    valid_months: int = 0
    written: bool = False
    shorter: bool = False
    remind_days: int = 0
    told_by: tuple[str, ...] = ()

    def latest(self, issued_on: date) -> date | None:
        """Return the last day on which a paper of that day can be used; None: no limit is known."""
        if self.valid_days:
            return issued_on + timedelta(days=self.valid_days)
        if self.valid_months:
            return _months_later(issued_on, self.valid_months)
        return None


@cache
def kinds() -> Mapping[str, PaperKind]:
    """Return every kind by its code, in the order of the file."""
    return {
        row["code"]: PaperKind(
            **{**row, "formats": tuple(row["formats"]), "told_by": tuple(row.get("told_by", ()))}
        )
        for row in _read()["kinds"]
    }


def told(registries: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return by kind of paper the registries that say the same, where all of them are among these."""
    return {
        code: kind.told_by
        for code, kind in kinds().items()
        if kind.told_by and set(kind.told_by) <= set(registries)
    }


def most() -> int:
    """Return how many papers of one kind a firm keeps."""
    return int(_read()["most"][0])


def kept_days() -> int:
    """Return after how many days the file of an expired paper is deleted."""
    return int(_read()["kept_days"][0])


@cache
def _read() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text("utf-8"))


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
