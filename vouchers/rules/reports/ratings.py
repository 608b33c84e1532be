"""Ratings: mean, spread and count by kind of member."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

TENTH = Decimal("0.1")
HUNDREDTH = Decimal("0.01")
ALL = ""


@dataclass(frozen=True, slots=True)
class Vote:
    """One report's ratings: its author's kind, and a whole number or None (not judged) a scale."""

    kind: str
    ratings: Mapping[str, int | None]
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Summary:
    """Ratings on one scale: how many, their mean to a tenth, lowest, highest, and deviation.

    None where nobody judged; a report that did not judge counts neither above nor below the line.
    """

    count: int
    mean: Decimal | None = None
    lowest: int | None = None
    highest: int | None = None
    deviation: Decimal | None = None

    @property
    def spread(self) -> str:
        """Lowest to highest in words of figures."""
        if self.lowest is None:
            return ""
        return str(self.lowest) if self.lowest == self.highest else f"{self.lowest}–{self.highest}"


def summarise(values: Iterable[int | None]) -> Summary:
    """Sum up one scale; exact arithmetic, rounded half up, deviation over the whole group."""
    given = [value for value in values if value is not None]
    if not given:
        return Summary(0)
    count, total = len(given), sum(given)
    mean = (Decimal(total) / count).quantize(TENTH, ROUND_HALF_UP)
    squares = Decimal(count * sum(value * value for value in given) - total * total)
    deviation = (squares.sqrt() / count).quantize(HUNDREDTH, ROUND_HALF_UP)
    return Summary(count, mean, min(given), max(given), deviation)


def table(
    votes: Sequence[Vote], *, scales: Sequence[str], kinds: Sequence[str]
) -> dict[str, dict[str, Summary]]:
    """Sum up every scale for every kind, and for all under `ALL`; what is not counted is left out."""
    counted = [vote for vote in votes if vote.counted]
    return {
        scale: {
            kind: summarise(vote.ratings.get(scale) for vote in counted if kind in (ALL, vote.kind))
            for kind in (ALL, *kinds)
        }
        for scale in scales
    }
