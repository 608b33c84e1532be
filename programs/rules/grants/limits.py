"""How much one firm may hold of the year's programmes together: limits as data, over plain values."""

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

    `scope` is `all` sub-programmes together or each `program` by itself. `exception` says whether
    a manager may let a firm pass it, with the reason on record.
    """

    code: str
    label: str
    counts: str
    scope: str
    most: int
    exception: bool

    @property
    def finding(self) -> str:
        """The code of the finding that tells of it."""
        return f"aid_limit:{self.code}"


@dataclass(frozen=True)
class Aid:
    """What one application holds, or would hold: whole won of one sub-programme."""

    application: int
    program: str
    won: int


def parse(rows: Iterable[Mapping[str, Any]]) -> tuple[Limit, ...]:
    """Read the limits of a round as `services.catalogue` wrote them."""
    names = ("code", "label", "counts", "scope", "most", "exception")
    return tuple(Limit(**{name: row[name] for name in names}) for row in rows)


def exceeded(
    limits: Sequence[Limit], held: Iterable[Aid], asked: Aid, *, excepted: Iterable[str] = ()
) -> list[Finding]:
    """Say which limits a firm that holds `held` would pass with `asked`; code `aid_limit:<limit>`.

    What the same application holds already is replaced by what is asked, never counted twice. An
    award of nothing passes no limit.
    """
    if asked.won <= 0:
        return []
    others = [aid for aid in held if aid.application != asked.application]
    allowed = set(excepted)
    found = []
    for limit in limits:
        if limit.code in allowed:
            continue
        before = counted(limit, others, asked.program)
        more = asked.won if limit.counts == WON else 1
        if before + more > limit.most:
            found.append(Finding(limit.finding, _said(limit, before, more)))
    return found


def counted(limit: Limit, held: Iterable[Aid], program: str) -> int:
    """How much of a limit is used up, for a sub-programme: whole won, or awards."""
    same = [aid.won for aid in held if limit.scope == ALL or aid.program == program]
    return sum(same) if limit.counts == WON else sum(won > 0 for won in same)


def amount(limit: Limit, count: int) -> str:
    """Write a count of a limit with its unit."""
    return won(count) if limit.counts == WON else f"{count:,}건"


@dataclass
class Book:
    """What many firms hold, added to while a list is walked down."""

    limits: Sequence[Limit]
    held: defaultdict[int, list[Aid]] = field(default_factory=lambda: defaultdict(list))
    excepted: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def refusals(self, firm: int, asked: Aid) -> list[Finding]:
        """The limits that keep this firm from having this as well."""
        allowed = self.excepted.get(asked.application, frozenset())
        return exceeded(self.limits, self.held.get(firm, ()), asked, excepted=allowed)

    def add(self, firm: int, aid: Aid) -> None:
        """Count it from now on."""
        if aid.won > 0:
            self.held[firm].append(aid)


def _said(limit: Limit, before: int, more: int) -> str:
    if limit.counts == WON:
        told = f"이미 {won(before)}, 이번에 {won(more)}으로 한도 {won(limit.most)}을 넘습니다."
    else:
        told = f"이미 {before:,}건이 있어 한도 {limit.most:,}건을 넘습니다."
    return f"{limit.label}: {told}"
