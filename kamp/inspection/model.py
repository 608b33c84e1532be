"""The model: distance from normal products, and a line between them and labelled defects."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kamp.inspection.quality import Envelope, Traits

LEAST_FIT, LEAST_THRESHOLD, LEAST_DEFECTS = 20, 20, 10


@dataclass(frozen=True)
class Sample:
    """One product with its label: `kind` is "" for a normal one, else the defect's name."""

    serial: str
    vector: NDArray[np.float32]
    traits: Traits
    kind: str = ""


@dataclass(frozen=True)
class Model:
    """Everything a verdict needs; immutable, `to_bytes` is canonical.

    `known_threshold` is None when it was trained without defects ("anomaly first").
    """

    arrays: Mapping[str, NDArray[np.float64]]
    known_threshold: float | None
    anomaly_threshold: float
    envelope: Envelope
    facts: Mapping[str, int | float | str]

    def known_score(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, SIZE) -> (n,): how much like labelled defects (higher is worse; NaN without them)."""
        raise NotImplementedError

    def anomaly_score(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, SIZE) -> (n,): how far from normal products (higher is worse)."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """An .npz without pickle; the same training gives the same bytes."""
        raise NotImplementedError

    @property
    def sha256(self) -> str:
        """Of `to_bytes`, hexadecimal."""
        raise NotImplementedError


def train(
    fit: Sequence[Sample],
    threshold: Sequence[Sample],
    *,
    seed: int = 0,
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> Model:
    """Learn from `fit` (normals, and defects where labelled); set thresholds on `threshold`.

    Raises `TrainingRefused`: too_few_fit, too_few_threshold, serial_on_both_sides, vector_size.
    """
    raise NotImplementedError


def recalibrate(model: Model, fit: Sequence[Sample], threshold: Sequence[Sample]) -> Model:
    """Learn what is normal anew from new normals (same minimum counts); raises as `train` does."""
    raise NotImplementedError


def load(data: bytes) -> Model:
    """Read an artefact, never unpickling; raises `ModelUnreadable`."""
    raise NotImplementedError
