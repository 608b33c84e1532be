"""How far a deliverable is, what it still lacks, and what an early end leaves used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.core.errors import BadInput, Finding

ENTRIES, DAYS, SUM = "entries", "days", "sum"


@dataclass(frozen=True)
class Entry:
    """One record: its day, its count, whether the firm has confirmed it, how many files."""

    on: date
    amount: int | None = None
    confirmed: bool | None = None
    files: int = 0


@dataclass(frozen=True)
class Progress:
    """How many of the required records exist; `wanted` is None where no number is fixed."""

    done: int
    wanted: int | None
    unit: str

    @property
    def complete(self) -> bool:
        return self.done >= (self.wanted if self.wanted is not None else 1)

    def __str__(self) -> str:
        whole = f" / {self.wanted:,}" if self.wanted is not None else ""
        return f"{self.done:,}{whole}{self.unit}"


def progress(spec: Mapping[str, Any], entries: Sequence[Entry]) -> Progress:
    """Count the records, their different days, or the sum of their amounts, as `spec` states.

    Where the firm confirms each record, only confirmed ones count.
    """
    counted = [one for one in entries if one.confirmed or not spec.get("confirmed")]
    done = {
        ENTRIES: len(counted),
        DAYS: len({one.on for one in counted}),
        SUM: sum(one.amount or 0 for one in counted),
    }[spec.get("counted") or ENTRIES]
    return Progress(done, spec.get("wanted"), spec.get("unit") or "건")


def unready(
    spec: Mapping[str, Any], entries: Sequence[Entry], *, result: Mapping[str, Any]
) -> list[Finding]:
    """Return everything that a deliverable lacks before it can be submitted."""
    findings, there = [], progress(spec, entries)
    if spec.get("confirmed") and any(one.confirmed is None for one in entries):
        findings.append(Finding("entry_unconfirmed", "기업이 아직 확인하지 않은 기록이 있습니다."))
    if not there.complete:
        short = (there.wanted or 1) - there.done
        findings.append(
            Finding("entries_missing", f"기록이 {short:,}{there.unit} 모자랍니다. (지금 {there})")
        )
    if spec.get("files") and not any(one.files for one in entries):
        findings.append(Finding("file_missing", "증빙 파일을 하나 이상 올려 주세요."))
    if spec.get("result") and not result.get(spec["result"]):
        findings.append(Finding("result_missing", "수준을 골라 주세요."))
    return findings


def used_won(planning_won: int, there: Progress, *, accepted: bool) -> int:
    """Return the won of in-kind support used: all when accepted, else in proportion, rounded down.

    Without a fixed number any record counts as the whole.
    """
    if accepted or (there.wanted is None and there.done):
        return planning_won
    if not there.wanted or not there.done:
        return 0
    return planning_won * min(there.done, there.wanted) // there.wanted


def check_day(on: date, *, starts_on: date | None, today: date) -> None:
    """Refuse a record of a future day, or of a day before the work began.

    Raises BadInput (`entry_day`).
    """
    if on > today:
        raise BadInput("아직 오지 않은 날은 적을 수 없습니다.", code="entry_day")
    if starts_on and on < starts_on:
        raise BadInput("시작한 날보다 앞선 날은 적을 수 없습니다.", code="entry_day")
