"""Drift: the pictures have changed since training, which needs recalibration (재보정)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from kamp.vision.evidence.quality import gate
from kamp.vision.learning.model import Model, Sample

LEAST = 10
SURE = 0.001
FAR = 1.0  # standard deviations of training's normals: a smaller move changes no verdict
MANY = 0.5  # of the latest that training's own recipe would hold
MESSAGE = "촬영 조건 변경, 재보정 필요"


@dataclass(frozen=True)
class Drift:
    """Comparison of the latest normal products with those of training.

    `shift`: how far the mean score moved, in standard deviations of training's normals; `p_value`
    of that move by chance; `flagged`: how many the model calls anomalous; `held`: how many the
    quality gate would hold. `drifted` when the move is both sure and far, or most are held.
    """

    drifted: bool
    n: int
    flagged: int
    held: int
    p_value: float
    shift: float
    message: str


def check(model: Model, latest: Sequence[Sample]) -> Drift:
    """Compare the latest samples with training; fewer than `LEAST` normals never drift."""
    normal = [one for one in latest if not one.kind]
    if len(normal) < LEAST:
        return Drift(False, len(normal), 0, 0, 1.0, 0.0, "")
    scores = model.anomaly_score(np.stack([one.vector for one in normal]))
    usual, spread = model.arrays["anomaly_usual"]
    held_in_training = int(model.facts["threshold_normals"])
    moved = stats.ttest_ind_from_stats(
        scores.mean(), scores.std(ddof=1), len(scores), usual, spread, held_in_training,
        equal_var=False,
    )  # fmt: skip
    shift = float((scores.mean() - usual) / spread)
    held = sum(bool(gate(one.traits, model.envelope)) for one in normal)
    far = moved.pvalue < SURE and abs(shift) > FAR
    drifted = bool(far or held > MANY * len(normal))
    return Drift(
        drifted,
        len(normal),
        int((scores > model.anomaly_threshold).sum()),
        held,
        float(moved.pvalue),
        shift,
        MESSAGE if drifted else "",
    )
