"""Have the pictures changed since training? Then 재보정, not 불량."""

from collections.abc import Sequence
from dataclasses import dataclass

from kamp.inspection.model import Model, Sample

LEAST = 10
MESSAGE = "촬영 조건 변경, 재보정 필요"


@dataclass(frozen=True)
class Drift:
    """Latest normals against those of training.

    `drifted` when the scores have moved (`p_value` of a rank test below 0.001) or more than half
    are flagged; `shift`: difference of medians in robust sigmas of training.
    """

    drifted: bool
    n: int
    flagged: int
    p_value: float
    shift: float
    message: str


def check(model: Model, latest: Sequence[Sample]) -> Drift:
    """Compare; fewer than `LEAST` normals never drift."""
    raise NotImplementedError
