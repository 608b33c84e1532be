"""Shares with their intervals, and how far two labellers agree."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

Z95 = 1.959963984540054  # of a 95 % interval


@dataclass(frozen=True)
class Rate:
    """`hits` of `n` with its 95 % Wilson interval; `value` is None when n is 0."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """The interval, (0, 1) when nothing was counted."""
        if not self.n:
            return 0.0, 1.0
        share, weight = self.hits / self.n, Z95**2 / self.n
        middle = (share + weight / 2) / (1 + weight)
        reach = Z95 / (1 + weight) * math.sqrt(share * (1 - share) / self.n + weight / (4 * self.n))
        return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True)
class Counts:
    """What happens to the test products at one threshold."""

    caught: int
    missed: int
    passed: int
    rejected: int

    @property
    def miss(self) -> Rate:
        """Defects let through."""
        return Rate(self.missed, self.caught + self.missed)

    @property
    def false_reject(self) -> Rate:
        """Normal products held back."""
        return Rate(self.rejected, self.passed + self.rejected)

    @property
    def accuracy(self) -> Rate:
        """Right verdicts; never shown without the two above."""
        return Rate(self.caught + self.passed, self.n)

    @property
    def n(self) -> int:
        """Of how many."""
        return self.caught + self.missed + self.passed + self.rejected


@dataclass(frozen=True)
class Costs:
    """What a user says of their factory: won per error, and the share of defects."""

    miss_won: int
    check_won: int
    prevalence: float


@dataclass(frozen=True)
class Point:
    """One threshold with what it does and costs a product."""

    threshold: float
    counts: Counts
    won: float | None
    positive: float | None
    negative: float | None


def count(rows: Sequence[tuple[float, bool]], threshold: float) -> Counts:
    """Count (margin, defective) rows; above the threshold the model objects."""
    caught = sum(bad and margin > threshold for margin, bad in rows)
    rejected = sum(not bad and margin > threshold for margin, bad in rows)
    bad = sum(bad for _, bad in rows)
    return Counts(caught, bad - caught, len(rows) - bad - rejected, rejected)


def at(rows: Sequence[tuple[float, bool]], threshold: float, costs: Costs) -> Point:
    """What one threshold does, and what it costs a product at this share of defects."""
    counts = count(rows, threshold)
    miss, reject = counts.miss.value, counts.false_reject.value
    share = costs.prevalence
    if miss is None or reject is None:
        return Point(threshold, counts, None, None, None)
    won = share * miss * costs.miss_won + (1 - share) * reject * costs.check_won
    objected = share * (1 - miss) + (1 - share) * reject
    positive = share * (1 - miss) / objected if objected else None
    negative = (1 - share) * (1 - reject) / (1 - objected) if objected < 1 else None
    return Point(threshold, counts, won, positive, negative)


def cheapest(rows: Sequence[tuple[float, bool]], costs: Costs) -> Point:
    """The threshold at which errors cost least; the lowest such one."""
    margins = sorted({margin for margin, _ in rows})
    between = [(low + high) / 2 for low, high in itertools.pairwise(margins)]
    edges = [margins[0] - 0.01, *between, margins[-1] + 0.01] if margins else [0.0]
    points = [at(rows, edge, costs) for edge in edges]
    return min(points, key=lambda point: math.inf if point.won is None else point.won)
