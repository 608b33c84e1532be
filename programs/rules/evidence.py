"""Where a fact comes from, and whether that is enough to take it for confirmed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.core.errors import BadInput
from programs.rules.facts import Fact, absent

STATED, PAPER, REGISTRY, RECORD = "stated", "paper", "registry", "record"
SOURCES: Mapping[str, str] = {
    STATED: "자기신고",
    PAPER: "서류",
    REGISTRY: "기관 조회",
    RECORD: "포털 기록",
}
DECLARED: Mapping[str, str] = {"registry": REGISTRY, "document": PAPER, "record": RECORD}
"""Words of a data file for the sources that it may name; what a firm states is never one."""

CONFIRMED, DIFFERS, UNANSWERED, ON_PAPER, ONLY_STATED = (
    "confirmed", "differs", "unanswered", "paper", "stated",
)  # fmt: skip
STANDINGS: Mapping[str, str] = {
    CONFIRMED: "출처에서 확인됨",
    DIFFERS: "출처의 답이 다름",
    UNANSWERED: "조회하지 못함",
    ON_PAPER: "서류로 확인할 것",
    ONLY_STATED: "기업이 스스로 밝힌 사실만으로는 확인되지 않음",
}


@dataclass(frozen=True)
class Source:
    """One way to learn a fact: all of `codes` together, of registries, papers or own records."""

    kind: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """What one source says of a fact.

    `value` is the fact as the source knows it, None when it told none: not asked, not answered, out of
    date, or a paper that nobody has read. `says` is that in words. `at` is when the source said so,
    `until` how long it counts, `reference` where it can be found again, `sha256` of the answer.
    An answer is `awaited` of a registry that may be asked and has not answered, or not lately.
    """

    source: str
    code: str
    label: str
    says: str
    value: Fact = None
    at: datetime | None = None
    until: datetime | None = None
    reference: str = ""
    sha256: str = ""
    awaited: bool = False

    def counts(self, now: datetime) -> bool:
        """Return whether it told a value that still counts."""
        return not absent(self.value) and (self.until is None or now < self.until)


Known = Mapping[tuple[str, str], Evidence]
"""Evidence by kind and code of its source."""


def parse_sources(raw: object) -> tuple[Source, ...]:
    """Parse the alternatives of a data file, such as `[{registry: [a, b]}, {document: [c]}]`.

    Raises BadInput (`sources`).
    """
    refusal = BadInput(
        f"출처는 {', '.join(DECLARED)} 가운데 하나와 코드 목록의 짝으로 된 목록이어야 합니다.",
        code="sources",
    )
    if not isinstance(raw, list | tuple):
        raise refusal
    return tuple(_source(row, refusal) for row in raw)


def _source(row: object, refusal: BadInput) -> Source:
    if isinstance(row, Source):
        return row
    if not isinstance(row, Mapping) or len(row) != 1:
        raise refusal
    ((word, codes),) = row.items()
    listed = isinstance(codes, list | tuple) and bool(codes)
    if word not in DECLARED or not listed or not all(isinstance(code, str) for code in codes):
        raise refusal
    return Source(DECLARED[word], tuple(codes))


def combine(values: Sequence[Fact]) -> Fact:
    """Return the one fact that sources which belong together tell; None while they do not.

    A yes of one decides, whatever the others have not answered: who owes one tax office, owes.
    """
    if any(value is True for value in values):
        return True
    if not values or any(absent(value) or value != values[0] for value in values):
        return None
    return values[0]


def told(source: Source, known: Known, *, now: datetime) -> Fact:
    """Return the fact as this source tells it now, None when it does not. A paper tells nothing."""
    found = [known.get((source.kind, code)) for code in source.codes]
    return combine([row.value if row and row.counts(now) else None for row in found])


def standing(
    stated: Fact,
    known: Known,
    *,
    sources: Sequence[Source],
    against: Sequence[Source] = (),
    computed: bool = False,
    now: datetime,
) -> str:
    """Return how far a fact is confirmed.

    One of `sources` satisfies the rule; one of `against` can only deny what was stated: it knows a
    part. `computed` facts are the portal's own arithmetic over what is filed.
    """
    values = {row: told(row, known, now=now) for row in (*sources, *against)}
    if any(not absent(value) and value != stated for value in values.values()):
        return DIFFERS
    if computed or any(not absent(values[row]) for row in sources):
        return CONFIRMED
    present = [known.get((row.kind, code)) for row in sources for code in row.codes]
    if any(row is not None and row.source == PAPER for row in present):
        return ON_PAPER
    if any(row is not None and row.source == REGISTRY and row.awaited for row in present):
        return UNANSWERED
    return ONLY_STATED


def denied(
    stated: Fact, known: Known, sources: Sequence[Source], *, now: datetime
) -> tuple[Fact, ...]:
    """Return the values that sources tell and that are not what was stated."""
    values = [told(row, known, now=now) for row in sources]
    return tuple(value for value in values if not absent(value) and value != stated)


def sources_in(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return sources of a data file in words, as the pages of rules show them."""
    return ", ".join(
        dict.fromkeys(SOURCES[DECLARED[word]] for row in rows for word in row if word in DECLARED)
    )
