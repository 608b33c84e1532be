"""May this clip be judged at all? Reasons for 판정 보류, never for 불량."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.errors import Finding


@dataclass(frozen=True)
class Traits:
    """How a clip was taken, in numbers; kept as plain JSON beside each product.

    `level`: median brightness of the object (0-255). `noise`: frame-to-frame noise of the flattened
    object, grey levels. `sharpness`: share of fine detail in the object's texture. `saturated`,
    `object_share`: 0-1. `shift_px`: conveyor motion per frame at the working scale.
    `shift_confidence`: 0-1, the share of frame pairs that agree on it. `blocking`: 8-pixel steps
    that compression leaves, against the steps elsewhere (1 = none).
    """

    codec: str
    frames: int
    bits_per_px: float
    level: float
    noise: float
    sharpness: float
    blocking: float
    saturated: float
    object_share: float
    shift_px: float
    shift_confidence: float


@dataclass(frozen=True)
class Envelope:
    """What the training clips looked like: codec set and (low, high) of each trait."""

    codecs: tuple[str, ...]
    ranges: dict[str, tuple[float, float]]


def envelope(traits: Sequence[Traits]) -> Envelope:
    """Learn the recipe from clips of normal products."""
    raise NotImplementedError


def gate(traits: Traits, seen: Envelope | None = None) -> tuple[Finding, ...]:
    """Give every reason to hold the verdict; empty when the clip may be judged.

    Codes: quality_no_object, quality_saturated, quality_shift, quality_compressed, quality_frames,
    and against what the model saw: recipe_codec, recipe_bits, recipe_level, recipe_noise,
    recipe_sharpness, recipe_shift.
    """
    raise NotImplementedError
