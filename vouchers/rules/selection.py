"""Selection of panel members: weighted marks, ranks, and a minimum number of each kind."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

SELECTED, RESERVE, REJECTED = "selected", "reserve", "rejected"


@dataclass(frozen=True)
class Criterion:
    """A criterion with its maximum points and its weight in percent."""

    code: str
    label: str
    max_points: int
    weight: int


@dataclass(frozen=True)
class Rules:
    """How many are selected, how many kept in reserve, and the minimum of each kind."""

    criteria: tuple[Criterion, ...]
    places: int
    reserve: int
    least: Mapping[str, int]


@dataclass(frozen=True)
class Candidate:
    """An applicant: kind, each officer's points by criterion, and the position in filing order."""

    id: int
    kind: str
    marks: tuple[Mapping[str, int], ...]
    filed: int


@dataclass(frozen=True)
class Verdict:
    """Outcome of a candidate; `total` and `parts` (by criterion) are in hundredths of a point."""

    id: int
    outcome: str
    rank: int
    total: int
    parts: Mapping[str, int]
    reason: str


def score(candidate: Candidate, criteria: Sequence[Criterion]) -> dict[str, int]:
    """Return the weighted mean of each criterion, in hundredths of a point, rounded down."""
    officers = len(candidate.marks)
    return {
        row.code: int(
            Fraction(sum(mark[row.code] for mark in candidate.marks), officers)
            * row.weight
            * 100
            / row.max_points
        )
        for row in criteria
    }


def select(candidates: Sequence[Candidate], rules: Rules) -> list[Verdict]:
    """Rank all candidates and decide each; the same input gives the same result.

    Ranked by total, first criterion, filing order. The best of each kind fill the minimum of that
    kind; the other places, then the reserve, go by rank.
    """
    scored = [(row, score(row, rules.criteria)) for row in candidates]
    first = rules.criteria[0].code
    ranked = sorted(
        scored,
        key=lambda pair: (-sum(pair[1].values()), -pair[1][first], pair[0].filed, pair[0].id),
    )
    kept = _least_of_each_kind([row for row, _ in ranked], rules)
    places_left = rules.places - len(kept)
    verdicts, reserves = [], 0
    for rank, (row, parts) in enumerate(ranked, start=1):
        outcome, reason = REJECTED, f"{rank}위로 선정 인원과 예비 인원 밖입니다."
        if row.id in kept:
            outcome = SELECTED
            reason = "구분마다 두는 최소 인원 안에서 점수가 높아 선정했습니다."
        elif places_left > 0:
            places_left -= 1
            outcome, reason = SELECTED, f"{rank}위로 선정 인원 안입니다."
        elif reserves < rules.reserve:
            reserves += 1
            outcome, reason = RESERVE, f"예비 {reserves}번입니다."
        verdicts.append(Verdict(row.id, outcome, rank, sum(parts.values()), parts, reason))
    return verdicts


def shortages(candidates: Sequence[Candidate], rules: Rules) -> list[str]:
    """Return the kinds with fewer candidates than their minimum."""
    applied = Counter(row.kind for row in candidates)
    return [kind for kind, least in sorted(rules.least.items()) if applied[kind] < least]


def next_in_reserve(
    reserves: Sequence[tuple[int, str]], members: Mapping[str, int], least: Mapping[str, int]
) -> int | None:
    """Return the id that moves up: the first of a kind below its minimum, else the first.

    `reserves` are (id, kind) by rank, `members` the current number of each kind.
    """
    lacking = {kind for kind, wanted in least.items() if members.get(kind, 0) < wanted}
    for id, kind in reserves:
        if kind in lacking:
            return id
    return reserves[0][0] if reserves else None


def _least_of_each_kind(ranked: Sequence[Candidate], rules: Rules) -> set[int]:
    kept: set[int] = set()
    taken: Counter[str] = Counter()
    for row in ranked:
        if taken[row.kind] < rules.least.get(row.kind, 0) and len(kept) < rules.places:
            taken[row.kind] += 1
            kept.add(row.id)
    return kept
