"""Real solar-cell images (ELPV, CC BY-NC-SA 4.0) as a yardstick; an optional package brings them."""

from collections.abc import Callable
from dataclasses import dataclass

PUBLISHED_HANDMADE, PUBLISHED_CNN = 0.8244, 0.8842  # Deitsch et al. 2018


@dataclass(frozen=True)
class ElpvResult:
    """What was measured on the held-out quarter, beside the published figures."""

    n_train: int
    n_test: int
    correct: int
    auroc: float
    missed: int
    rejected: int
    seconds: float


def available() -> bool:
    """Tell whether the package is installed."""
    raise NotImplementedError


def measure(
    *, seed: int = 0, tick: Callable[[int, int], None] = lambda done, total: None
) -> ElpvResult:
    """Train on three quarters, measure on one; raises `ExtraMissing`."""
    raise NotImplementedError
