"""Shares with their intervals, and how far two labellers agree."""

import math
from collections import Counter
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


def kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Cohen's kappa of two labellers on the same items; None where chance explains everything."""
    n = len(first)
    if not n:
        return None
    same = sum(a == b for a, b in zip(first, second, strict=True)) / n
    ours, theirs = Counter(first), Counter(second)
    chance = sum(ours[word] * theirs[word] for word in ours) / n**2
    return None if chance >= 1 else (same - chance) / (1 - chance)
