"""The verdict on one product."""

from dataclasses import dataclass
from enum import StrEnum

from kamp.inspection.examine import Evidence
from kamp.inspection.model import Model
from portal.errors import Finding


class Verdict(StrEnum):
    """What the model says; a person decides."""

    NORMAL = "normal"
    DEFECT = "defect"
    UNKNOWN = "unknown"
    HOLD = "hold"


LABELS = {
    Verdict.NORMAL: "정상",
    Verdict.DEFECT: "불량",
    Verdict.UNKNOWN: "미지 의심",
    Verdict.HOLD: "판정 보류",
}


@dataclass(frozen=True)
class Judgement:
    """A verdict with its grounds.

    `reasons` are filled on HOLD. Scores are None on HOLD without an object; `known_score` also for a
    model without defects. `frame_scores`: one number a frame, the hottest point it shows (robust
    sigmas), for the plot over time. `times`: stage -> ms.
    """

    verdict: Verdict
    reasons: tuple[Finding, ...]
    known_score: float | None
    anomaly_score: float | None
    frame_scores: tuple[float, ...]
    times: dict[str, float]


def judge(model: Model, evidence: Evidence, *, width: int) -> Judgement:
    """Judge evidence by a model; `width` is that of a frame (`clip.shape[1]`)."""
    raise NotImplementedError
