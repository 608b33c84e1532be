"""How good it is, with intervals: confusion, ROC, cost, POD, types, learning, agreement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Rate:
    """`hits` of `n` with its 95 % Wilson interval; `value` is None when n is 0."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        raise NotImplementedError

    @property
    def interval(self) -> tuple[float, float]:
        raise NotImplementedError


@dataclass(frozen=True)
class Confusion:
    """Counts at one threshold; `miss` and `false_reject` come before accuracy."""

    true_defect: int
    missed: int
    true_normal: int
    rejected: int

    @property
    def accuracy(self) -> Rate:
        raise NotImplementedError

    @property
    def miss(self) -> Rate:
        raise NotImplementedError

    @property
    def false_reject(self) -> Rate:
        raise NotImplementedError

    def predictive(self, prevalence: float) -> tuple[float | None, float | None]:
        """Positive and negative predictive value at this share of defects."""
        raise NotImplementedError


@dataclass(frozen=True)
class Roc:
    """`points`: (false reject, detected) from (0,0) to (1,1); `auroc`; thresholds beside points."""

    points: tuple[tuple[float, float], ...]
    thresholds: tuple[float, ...]
    auroc: float


@dataclass(frozen=True)
class Choice:
    """The cheapest threshold: expected cost per product, and what it means."""

    threshold: float
    cost: float
    miss: float
    false_reject: float


@dataclass(frozen=True)
class Pod:
    """Probability of detection over size: logistic fit; `a90` None where it is never reached."""

    sizes: tuple[float, ...]
    probability: tuple[float, ...]
    a50: float | None
    a90: float | None
    n: int


def confusion(scores: Scores, defective: Truth, threshold: float) -> Confusion:
    """Count; a score above the threshold is a defect."""
    raise NotImplementedError


def roc(scores: Scores, defective: Truth) -> Roc:
    """Raises `MeasureRefused` unless both kinds are there."""
    raise NotImplementedError


def cheapest(
    scores: Scores,
    defective: Truth,
    *,
    miss_cost: float,
    reinspection_cost: float,
    prevalence: float,
) -> Choice:
    """Choose the threshold by what errors cost at this share of defects; raises as `roc` does."""
    raise NotImplementedError


def pod(sizes: Scores, detected: Truth) -> Pod:
    """Fit detection over defect size (mm, or any index); raises `MeasureRefused` below 10."""
    raise NotImplementedError


def by_kind(
    kinds: Sequence[str], detected: Truth, trained: frozenset[str]
) -> Mapping[str, tuple[Rate, bool]]:
    """Each kind ("" = normal: share flagged) -> rate flagged, and whether it was trained on."""
    raise NotImplementedError


def kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Cohen's kappa of two labellers on the same items; None where chance explains everything."""
    raise NotImplementedError
