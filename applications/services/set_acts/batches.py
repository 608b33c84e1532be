"""What an act on many applications is given: one chunk of them, and who acts, when and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from applications.models import Application, SetAct
from portal.core.errors import Finding, PortalError
from portal.core.moves import Move
from portal.models import User
from portal.records.workflow import move_many

Refusals = dict[int, Finding]
"""Why applications were skipped, by their key; all others were acted on."""


@dataclass(frozen=True)
class Batch:
    """Applications of one chunk that the person sees, is not tied to and may act on in their state."""

    act: SetAct
    rows: Mapping[int, Application]
    facts: Mapping[str, Any]
    by: User
    now: datetime

    @property
    def note(self) -> str:
        return f"{self.act}: {self.act.reason}"

    def without(self, refusals: Mapping[int, object]) -> list[int]:
        return [pk for pk in self.rows if pk not in refusals]

    def move(
        self,
        step: Move,
        ids: Sequence[int],
        *,
        notes: Mapping[int, str] | None = None,
        changes: Mapping[str, object] | None = None,
    ) -> None:
        """Make one move of each of these applications, with a row of the log each."""
        things = Application.objects.filter(pk__in=ids)
        words = {pk: f"{self.note} {text}" for pk, text in (notes or {}).items()}
        move_many(
            things, step, by=self.by, now=self.now, note=self.note, notes=words, changes=changes
        )


@dataclass(frozen=True)
class SetActSpec:
    """How one kind of act is done on many applications.

    `do(batch)` acts on a chunk and returns whom it skipped and why. `move` and `undo_move` are moves of
    applications, checked for each row before; acts on agreements have none, their services check.
    `states` are those of the row in which the act is possible at all, for the estimate before it.
    `check(options, by, now)` refuses what no row could take. `freeze(ids)` returns by application what is to hold as it was when the count was confirmed.
    """

    roles: Sequence[str]
    states: Sequence[str]
    do: Callable[[Batch], Refusals]
    move: Move | None = None
    undo: Callable[[Batch], Refusals] | None = None
    undo_move: Move | None = None
    chunk: int = 1_000
    check: Callable[[Mapping[str, Any], User, datetime], None] | None = None
    freeze: Callable[[Sequence[int]], dict[str, Any]] | None = None
    of_agreements: bool = False


def refusal(error: PortalError) -> Finding:
    """Return a refusal of a single act as one finding with all its reasons."""
    findings = error.findings
    return Finding(findings[0].code, " ".join(dict.fromkeys(row.message for row in findings)))
