"""Performance measures: confusion counts, ROC, costs, probability of detection, rates by kind."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from kamp.rules.evaluation import Rate
from kamp.vision.errors import MeasureRefused

Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]

FEWEST_FOR_POD = 10
STEEPEST = 50.0  # of the POD's slope over log size: separable data has no finite best fit
POD_POINTS = 40


@dataclass(frozen=True)
class Confusion:
    """Counts at one threshold; read `miss` and `false_reject` before the accuracy."""

    true_defect: int
    missed: int
    true_normal: int
    rejected: int

    @property
    def accuracy(self) -> Rate:
        return Rate(self.true_defect + self.true_normal, self.total)

    @property
    def miss(self) -> Rate:
        return Rate(self.missed, self.true_defect + self.missed)

    @property
    def false_reject(self) -> Rate:
        return Rate(self.rejected, self.true_normal + self.rejected)

    @property
    def total(self) -> int:
        return self.true_defect + self.missed + self.true_normal + self.rejected

    def predictive(self, prevalence: float) -> tuple[float | None, float | None]:
        """Return the positive and negative predictive value at this share of defects (0-1)."""
        miss, reject = self.miss.value, self.false_reject.value
        if miss is None or reject is None:
            return None, None
        caught, rejected = prevalence * (1 - miss), (1 - prevalence) * reject
        missed, passed = prevalence * miss, (1 - prevalence) * (1 - reject)
        return _ratio(caught, rejected), _ratio(passed, missed)


@dataclass(frozen=True)
class Roc:
    """`points`: (false reject, detected) from (0, 0) to (1, 1); the threshold beside each."""

    points: tuple[tuple[float, float], ...]
    thresholds: tuple[float, ...]
    auroc: float


@dataclass(frozen=True)
class Choice:
    """The cheapest threshold: expected cost per product, and the error rates there."""

    threshold: float
    cost: float
    miss: float
    false_reject: float


@dataclass(frozen=True)
class Pod:
    """Probability of detection over size: logistic fit over log size; `a90` None if not reached."""

    sizes: tuple[float, ...]
    probability: tuple[float, ...]
    a50: float | None
    a90: float | None
    n: int


def confusion(scores: Scores, defective: Truth, threshold: float) -> Confusion:
    """Count verdicts; a score above the threshold is called a defect."""
    called = scores > threshold
    return Confusion(
        int((called & defective).sum()),
        int((~called & defective).sum()),
        int((~called & ~defective).sum()),
        int((called & ~defective).sum()),
    )


def roc(scores: Scores, defective: Truth) -> Roc:
    """Return every operating point. Raises `MeasureRefused` unless there are both kinds."""
    bad, good = int(defective.sum()), int((~defective).sum())
    if not bad or not good:
        raise MeasureRefused("정상품과 불량품이 모두 있어야 그릴 수 있습니다.")
    order = np.argsort(-scores, kind="stable")
    ranked, hit = scores[order], defective[order]
    last = np.r_[ranked[1:] != ranked[:-1], True]  # equal scores move together
    detected = np.r_[0.0, np.cumsum(hit)[last] / bad]
    rejected = np.r_[0.0, np.cumsum(~hit)[last] / good]
    # A score must be above the threshold: between one score and the next.
    cut = ranked[last]
    thresholds = np.r_[cut[0], (cut[:-1] + cut[1:]) / 2, cut[-1] - 1.0]
    area = float(np.trapezoid(detected, rejected))
    points = tuple(zip(rejected.tolist(), detected.tolist(), strict=True))
    return Roc(points, tuple(thresholds.tolist()), area)


def cheapest(
    scores: Scores,
    defective: Truth,
    *,
    miss_cost: float,
    reinspection_cost: float,
    prevalence: float,
) -> Choice:
    """Return the threshold at which errors cost least at this share of defects.

    Of equally cheap thresholds the one that misses fewest defects. Raises as `roc` does.
    """
    curve = roc(scores, defective)
    choices = [
        Choice(
            threshold,
            prevalence * (1 - detected) * miss_cost + (1 - prevalence) * reject * reinspection_cost,
            1 - detected,
            reject,
        )
        for (reject, detected), threshold in zip(curve.points, curve.thresholds, strict=True)
    ]
    return min(choices, key=lambda one: (one.cost, one.miss))


def pod(sizes: Scores, detected: Truth) -> Pod:
    """Fit detection over defect size (mm, or any index). Raises `MeasureRefused` below 10."""
    kept = sizes > 0
    sizes, detected = sizes[kept], detected[kept]
    if len(sizes) < FEWEST_FOR_POD:
        raise MeasureRefused("크기를 아는 불량이 10개 이상 있어야 합니다.")
    logs = np.log(sizes)
    centre, width = float(logs.mean()), float(logs.std()) or 1.0
    x, y = (logs - centre) / width, detected.astype(np.float64)

    def loss(both: NDArray[np.float64]) -> float:
        logit = both[0] + both[1] * x
        return float((np.logaddexp(0, logit) - y * logit).sum() + 1e-3 * (both**2).sum())

    limits = [(-STEEPEST, STEEPEST), (0.0, STEEPEST)]
    level, slope = optimize.minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=limits).x
    grid = np.linspace(logs.min(), logs.max(), POD_POINTS)
    chance = 1 / (1 + np.exp(-(level + slope * (grid - centre) / width)))

    def reached(share: float) -> float | None:
        if slope < 1e-6:
            return None
        at = centre + width * (math.log(share / (1 - share)) - level) / slope
        return math.exp(at) if at <= grid[-1] else None

    shown = np.exp(grid).tolist(), chance.tolist()
    return Pod(tuple(shown[0]), tuple(shown[1]), reached(0.5), reached(0.9), len(sizes))


def by_kind(
    kinds: Sequence[str], detected: Truth, trained: frozenset[str]
) -> Mapping[str, tuple[Rate, bool]]:
    """Map each kind ("" = normal) to the share flagged and whether the model was trained on it."""
    counted, flagged = (
        Counter(kinds),
        Counter(k for k, hit in zip(kinds, detected, strict=True) if hit),
    )
    return {
        kind: (Rate(flagged[kind], n), kind in trained or not kind)
        for kind, n in sorted(counted.items())
    }


def _ratio(part: float, other: float) -> float | None:
    return part / (part + other) if part + other else None
