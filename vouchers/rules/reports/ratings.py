"""Ratings: mean, spread and count by kind of member."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

TENTH = Decimal("0.1")
HUNDREDTH = Decimal("0.01")
ALL = ""
FEWEST_RANKED = 3


@dataclass(frozen=True, slots=True)
class Vote:
    """Ratings of one report by scale (None: not judged), with its author's kind."""

    kind: str
    ratings: Mapping[str, int | None]
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Summary:
    """Ratings on one scale: count, mean (one decimal), lowest, highest, deviation (two decimals).

    Reports that did not judge the scale are left out; the figures are None when all did not.
    """

    count: int
    mean: Decimal | None = None
    lowest: int | None = None
    highest: int | None = None
    deviation: Decimal | None = None

    @property
    def spread(self) -> str:
        if self.lowest is None:
            return ""
        return str(self.lowest) if self.lowest == self.highest else f"{self.lowest}–{self.highest}"


def summarise(values: Iterable[int | None]) -> Summary:
    """Summarise one scale with exact arithmetic: rounded half up, population standard deviation."""
    given = [value for value in values if value is not None]
    if not given:
        return Summary(0)
    count, total = len(given), sum(given)
    mean = (Decimal(total) / count).quantize(TENTH, ROUND_HALF_UP)
    squares = Decimal(count * sum(value * value for value in given) - total * total)
    deviation = (squares.sqrt() / count).quantize(HUNDREDTH, ROUND_HALF_UP)
    return Summary(count, mean, min(given), max(given), deviation)


def rank(values: Iterable[int | None]) -> int:
    """Return the place of a service in lists: its mean in hundredths, 0 below FEWEST_RANKED ratings.

    One or two ratings are shown with their count, but do not put a service before others.
    """
    given = [value for value in values if value is not None]
    return 0 if len(given) < FEWEST_RANKED else 100 * sum(given) // len(given)


def table(
    votes: Sequence[Vote], *, scales: Sequence[str], kinds: Sequence[str]
) -> dict[str, dict[str, Summary]]:
    """Summarise each scale by kind, and over all kinds under `ALL`, without uncounted votes."""
    counted = [vote for vote in votes if vote.counted]
    return {
        scale: {
            kind: summarise(vote.ratings.get(scale) for vote in counted if kind in (ALL, vote.kind))
            for kind in (ALL, *kinds)
        }
        for scale in scales
    }
