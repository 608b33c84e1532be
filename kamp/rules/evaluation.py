"""Error rates with intervals, and what a threshold costs."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

Z95 = 1.959963984540054  # normal quantile of a two-sided 95 % interval


@dataclass(frozen=True)
class Rate:
    """A share of `hits` in `n` with its 95 % Wilson interval; `value` is None when n is 0."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        if not self.n:
            return 0.0, 1.0
        share, weight = self.hits / self.n, Z95**2 / self.n
        centre = (share + weight / 2) / (1 + weight)
        half = Z95 / (1 + weight) * math.sqrt(share * (1 - share) / self.n + weight / (4 * self.n))
        return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True)
class Counts:
    """Confusion counts of the test products at one threshold."""

    caught: int
    missed: int
    passed: int
    rejected: int

    @property
    def miss(self) -> Rate:
        # Share of the defective products that pass.
        return Rate(self.missed, self.caught + self.missed)

    @property
    def false_reject(self) -> Rate:
        # Share of the normal products that are rejected.
        return Rate(self.rejected, self.passed + self.rejected)

    @property
    def accuracy(self) -> Rate:
        # Never shown without the two rates above.
        return Rate(self.caught + self.passed, self.n)

    @property
    def n(self) -> int:
        return self.caught + self.missed + self.passed + self.rejected


@dataclass(frozen=True)
class Costs:
    """Costs of errors in won, and the share of defective products (0-1)."""

    miss_won: int
    check_won: int
    prevalence: float


@dataclass(frozen=True)
class Point:
    """One threshold: its counts, cost per product in won, and predictive values.

    The last three are None unless the rows hold both kinds of products.
    """

    threshold: float
    counts: Counts
    won: float | None
    positive: float | None
    negative: float | None


def count(rows: Sequence[tuple[float, bool]], threshold: float) -> Counts:
    """Count rows of (margin, defective); a margin above the threshold is a rejection."""
    caught = sum(bad and margin > threshold for margin, bad in rows)
    rejected = sum(not bad and margin > threshold for margin, bad in rows)
    bad = sum(bad for _, bad in rows)
    return Counts(caught, bad - caught, len(rows) - bad - rejected, rejected)


def evaluate(rows: Sequence[tuple[float, bool]], threshold: float, costs: Costs) -> Point:
    """Return counts, cost per product and predictive values of one threshold."""
    counts = count(rows, threshold)
    miss, reject = counts.miss.value, counts.false_reject.value
    share = costs.prevalence
    if miss is None or reject is None:
        return Point(threshold, counts, None, None, None)
    won = share * miss * costs.miss_won + (1 - share) * reject * costs.check_won
    rejected = share * (1 - miss) + (1 - share) * reject
    positive = share * (1 - miss) / rejected if rejected else None
    negative = (1 - share) * (1 - reject) / (1 - rejected) if rejected < 1 else None
    return Point(threshold, counts, won, positive, negative)


def cheapest(rows: Sequence[tuple[float, bool]], costs: Costs) -> Point:
    """Return the threshold at which errors cost least, the lowest one of equals."""
    margins = sorted({margin for margin, _ in rows})
    middles = [(low + high) / 2 for low, high in itertools.pairwise(margins)]
    edges = [margins[0] - 0.01, *middles, margins[-1] + 0.01] if margins else [0.0]
    points = [evaluate(rows, edge, costs) for edge in edges]
    return min(points, key=lambda point: math.inf if point.won is None else point.won)
