"""Agreement of labellers."""

from collections import Counter
from collections.abc import Sequence


def kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Return Cohen's kappa of two labellers on the same items.

    None without items, or where both always gave the same single label.
    """
    n = len(first)
    if not n:
        return None
    same = sum(a == b for a, b in zip(first, second, strict=True)) / n
    ours, theirs = Counter(first), Counter(second)
    chance = sum(ours[label] * theirs[label] for label in ours) / n**2
    return None if chance >= 1 else (same - chance) / (1 - chance)
