"""How much one firm may hold of a year's programmes together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.core.errors import Finding
from portal.core.money import won

WON, AWARDS = "won", "awards"
ALL, PROGRAM = "all", "program"


@dataclass(frozen=True)
class Limit:
    """One limit of a year: at most `most` (whole won, or awards) for each firm.

    `scope` is `all` sub-programmes together or each `program` by itself. `exception` is whether a
    manager may let a firm exceed it, with the reason recorded.
    """

    code: str
    label: str
    counts: str
    scope: str
    most: int
    exception: bool

    @property
    def finding(self) -> str:
        return f"aid_limit:{self.code}"


@dataclass(frozen=True)
class Aid:
    """What one application holds, or would hold, of one sub-programme, in whole won."""

    application: int
    program: str
    won: int


def parse(rows: Iterable[Mapping[str, Any]]) -> tuple[Limit, ...]:
    """Parse the limits of a round as `services.catalogue` stored them."""
    names = ("code", "label", "counts", "scope", "most", "exception")
    return tuple(Limit(**{name: row[name] for name in names}) for row in rows)


def exceeded(
    limits: Sequence[Limit], held: Iterable[Aid], requested: Aid, *, excepted: Iterable[str] = ()
) -> list[Finding]:
    """Return a finding (`aid_limit:<limit>`) for each limit that `requested` would exceed.

    `held` is what the firm holds already. What the same application holds is replaced by
    `requested`, never counted twice. An award of 0 won exceeds no limit.
    """
    if requested.won <= 0:
        return []
    others = [aid for aid in held if aid.application != requested.application]
    allowed = set(excepted)
    findings = []
    for limit in limits:
        if limit.code in allowed:
            continue
        before = counted(limit, others, requested.program)
        more = requested.won if limit.counts == WON else 1
        if before + more > limit.most:
            findings.append(Finding(limit.finding, _message(limit, before, more)))
    return findings


def counted(limit: Limit, held: Iterable[Aid], program: str) -> int:
    """Return how much of a limit is used up for a sub-programme: whole won, or awards."""
    same = [aid.won for aid in held if limit.scope == ALL or aid.program == program]
    return sum(same) if limit.counts == WON else sum(won > 0 for won in same)


def amount(limit: Limit, count: int) -> str:
    return won(count) if limit.counts == WON else f"{count:,}건"


@dataclass
class Holdings:
    """What many firms hold, added to while a ranked list is processed."""

    limits: Sequence[Limit]
    held: defaultdict[int, list[Aid]] = field(default_factory=lambda: defaultdict(list))
    excepted: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def refusals(self, firm: int, requested: Aid) -> list[Finding]:
        """Return a finding for each limit that keeps this firm from getting this as well."""
        allowed = self.excepted.get(requested.application, frozenset())
        return exceeded(self.limits, self.held.get(firm, ()), requested, excepted=allowed)

    def add(self, firm: int, aid: Aid) -> None:
        if aid.won > 0:
            self.held[firm].append(aid)


def _message(limit: Limit, before: int, more: int) -> str:
    if limit.counts == WON:
        reason = f"이미 {won(before)}, 이번에 {won(more)}으로 한도 {won(limit.most)}을 넘습니다."
    else:
        reason = f"이미 {before:,}건이 있어 한도 {limit.most:,}건을 넘습니다."
    return f"{limit.label}: {reason}"
