"""What an act on many applications is given: one chunk of them, and who acts, when and why."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from applications.models import Application, SetAct, SetResult
from portal.core.errors import Finding, PortalError
from portal.core.moves import Move
from portal.models import User
from portal.records.workflow import move_many

Refusals = dict[int, Finding]
"""Why applications were skipped, by their key; all others were acted on."""


@dataclass(frozen=True)
class Confirmed:
    """What a person agreed to: how many applications, and the digest of which and of what holds of them."""

    count: int
    digest: str


@dataclass(frozen=True)
class Chosen:
    """The applications that a list selects, and by application what is to hold as it is now."""

    ids: Sequence[int]
    facts: Mapping[str, Any]

    @property
    def confirmed(self) -> Confirmed:
        """Return what the page that shows this gives back when its button is pressed."""
        whole = json.dumps([list(self.ids), self.facts], sort_keys=True)
        return Confirmed(len(self.ids), hashlib.sha256(whole.encode()).hexdigest())


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

    def made_at(self) -> dict[int, datetime]:
        """Return when the act that this one takes back acted on each application."""
        results = SetResult.objects.filter(set_act=self.act.undoes_id, application__in=self.rows)
        return dict(results.values_list("application_id", "at"))

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
    `check(options, by, now)` refuses what no row could take. `freeze(ids)` returns by application what is
    to hold as the page showed it that the person confirmed. With `own_locks` the act locks its rows itself,
    in the order of the single act.
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
    own_locks: bool = False


def refusal(error: PortalError) -> Finding:
    """Return a refusal of a single act as one finding with all its reasons."""
    findings = error.findings
    return Finding(findings[0].code, " ".join(dict.fromkeys(row.message for row in findings)))
