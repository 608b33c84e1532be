"""The verdict on one product."""

import time
from dataclasses import dataclass
from enum import StrEnum

from kamp.vision.evidence.examine import Evidence
from kamp.vision.evidence.quality import gate
from kamp.vision.learning.model import Model
from portal.core.errors import Finding


class Verdict(StrEnum):
    NORMAL = "normal"
    DEFECT = "defect"
    UNKNOWN = "unknown"
    HOLD = "hold"


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reasons and scores.

    `reasons` are filled on HOLD. Scores are None on HOLD without an object; `known_score` also for
    a model without defects. `frame_scores`: the largest deviation in each frame (robust sigmas).
    `times`: stage -> ms.
    """

    verdict: Verdict
    reasons: tuple[Finding, ...]
    known_score: float | None
    anomaly_score: float | None
    frame_scores: tuple[float, ...]
    times: dict[str, float]


def judge(model: Model, evidence: Evidence, *, width: int) -> Judgement:
    """Judge evidence by a model; `width` is that of a frame (`clip.shape[1]`).

    A clip that the quality gate stops is held whatever its scores are.
    """
    began = time.perf_counter()
    reasons = gate(evidence.traits, model.envelope)
    if evidence.vector is None:
        return Judgement(Verdict.HOLD, reasons, None, None, (), dict(evidence.times))
    one = evidence.vector[None]
    known = float(model.known_score(one)[0]) if model.known_threshold is not None else None
    anomaly = float(model.anomaly_score(one)[0])
    verdict = Verdict.HOLD if reasons else _verdict(model, known, anomaly)
    frames = tuple(
        round(float(evidence.heat_of(index, width).max()), 3)
        for index in range(len(evidence.offsets))
    )
    times = evidence.times | {"judge": round((time.perf_counter() - began) * 1_000, 2)}
    return Judgement(verdict, reasons, known, anomaly, frames, times)


LEAST_OF_THRESHOLD = 0.25  # a score below this share of its threshold is drawn as if it had it


def full_colour(model: Model, judgement: Judgement, evidence: Evidence) -> float:
    """Return the deviation (sigmas) that is drawn in full colour, by the model's own threshold.

    The hottest place of a product exactly at the threshold is just full; of one that was stopped it
    always is, so that what was called unknown is seen.
    """
    hottest = float(evidence.heat.max()) if evidence.heat.size else 0.0
    share = (judgement.anomaly_score or 0.0) / model.anomaly_threshold
    if judgement.verdict in (Verdict.DEFECT, Verdict.UNKNOWN):
        share = max(share, 1.0)
    return max(hottest / max(share, LEAST_OF_THRESHOLD), 1.0)


def _verdict(model: Model, known: float | None, anomaly: float) -> Verdict:
    if known is not None and model.known_threshold is not None and known > model.known_threshold:
        return Verdict.DEFECT
    return Verdict.UNKNOWN if anomaly > model.anomaly_threshold else Verdict.NORMAL
