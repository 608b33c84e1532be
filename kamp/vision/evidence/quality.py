"""The quality gate: reasons to hold a verdict (판정 보류), never to call a product defective."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from portal.core.errors import Finding


@dataclass(frozen=True)
class Traits:
    """How a clip was taken, in numbers; stored as JSON with each clip.

    `level`: median brightness of the object (0-255). `noise`: frame-to-frame noise of the flattened
    object, grey levels. `sharpness`: the steepest step between air and object as a share of the
    whole step. `saturated`, `object_share`: 0-1. `shift_px`: conveyor motion per frame at the
    working scale. `shift_confidence`: 0-1, the share of frame pairs that agree on it. `blocking`:
    8-pixel steps that compression leaves, against the steps elsewhere (1 = none). `inverted`: air is
    dark and the product light.
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
    inverted: bool = False


@dataclass(frozen=True)
class Envelope:
    """Range of the training clips: codecs, and (low, high) of each trait."""

    codecs: tuple[str, ...]
    ranges: dict[str, tuple[float, float]]


MOST_SATURATED = 0.02  # of the object
WHITEOUT = 0.97  # of a picture without an object: over-exposed rather than empty
LEAST_CONFIDENCE = 0.6
LEAST_BITS = {"h264": 0.10}  # per pixel and frame; below it crf 30 has eaten the defects
MOST_BLOCKING = 1.35

# Trait -> how far beyond training's own range a clip may go, as a share of the value.
SLACK = {
    "bits_per_px": 0.25,
    "level": 0.10,
    "noise": 0.20,
    "sharpness": 0.06,
    "shift_px": 0.10,
}
CODES = {
    "bits_per_px": "recipe_bits",
    "level": "recipe_level",
    "noise": "recipe_noise",
    "sharpness": "recipe_sharpness",
    "shift_px": "recipe_shift",
}
MESSAGES = {
    "quality_no_object": "영상에서 제품을 찾지 못했습니다. 제품과 배경이 함께 보이도록 찍으세요.",
    "quality_inverted": "밝기가 뒤집힌 영상입니다. 제품이 배경보다 어둡게 보이도록 저장한 영상을 올리세요.",
    "quality_saturated": "영상이 너무 밝거나 어두워 내부가 보이지 않습니다. 노출을 줄이거나 늘려 다시 찍으세요.",
    "quality_shift": "제품이 움직인 거리를 확인하지 못했습니다. 일정한 속도로 찍은 영상인지 확인하세요.",
    "quality_compressed": "압축이 심해 결함이 지워졌을 수 있습니다. 압축률을 낮춘 원본을 올리세요.",
    "recipe_codec": "학습할 때와 다른 코덱으로 저장된 영상입니다.",
    "recipe_bits": "학습할 때와 압축 정도가 다릅니다.",
    "recipe_level": "학습할 때와 밝기가 다릅니다. 선량이나 노출이 바뀌었는지 확인하세요.",
    "recipe_noise": "학습할 때와 잡음의 크기가 다릅니다. 선량이 바뀌었는지 확인하세요.",
    "recipe_sharpness": "학습할 때와 선명도가 다릅니다. 초점과 장비 상태를 확인하세요.",
    "recipe_shift": "학습할 때와 제품이 움직이는 속도가 다릅니다.",
}


def envelope(traits: Sequence[Traits]) -> Envelope:
    """Return the range of each trait over clips of normal products, with some slack."""
    ranges = {}
    for name, slack in SLACK.items():
        values = np.abs([getattr(one, name) for one in traits])
        ranges[name] = (
            float(values.min() * (1 - slack)),
            float(values.max() * (1 + slack)),
        )
    return Envelope(tuple(sorted({one.codec for one in traits})), ranges)


def gate(traits: Traits, seen: Envelope | None = None) -> tuple[Finding, ...]:
    """Return every reason to hold the verdict, empty when the clip may be judged.

    Codes: quality_no_object, quality_saturated, quality_shift, quality_compressed, quality_inverted, and against
    what the model saw: recipe_codec, recipe_bits, recipe_level, recipe_noise, recipe_sharpness,
    recipe_shift.
    """
    codes = _unfit_for_any_model(traits)
    if seen is not None and "quality_no_object" not in codes:
        codes += _unlike_training(traits, seen)
    return tuple(Finding(code, MESSAGES[code]) for code in codes)


def _unfit_for_any_model(traits: Traits) -> list[str]:
    if traits.inverted:
        return ["quality_inverted"]
    if not traits.object_share:
        white = traits.saturated >= WHITEOUT and traits.level in (0.0, 255.0)
        return ["quality_saturated", "quality_no_object"] if white else ["quality_no_object"]
    codes = []
    if traits.saturated > MOST_SATURATED:
        codes.append("quality_saturated")
    if traits.shift_confidence < LEAST_CONFIDENCE:
        codes.append("quality_shift")
    thin = traits.bits_per_px < LEAST_BITS.get(traits.codec, 0.0)
    if thin or traits.blocking > MOST_BLOCKING:
        codes.append("quality_compressed")
    return codes


def _unlike_training(traits: Traits, seen: Envelope) -> list[str]:
    codes = [] if traits.codec in seen.codecs else ["recipe_codec"]
    values = asdict(traits)
    for name, (low, high) in seen.ranges.items():
        if not low <= abs(values[name]) <= high:
            codes.append(CODES[name])
    return codes
