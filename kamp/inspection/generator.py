"""Synthetic (합성) X-ray clips of refractory bricks from physics and a seed; not factory data."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

KNOWN = ("crack", "inclusion")
UNSEEN = ("void", "lamination", "segregation")
KINDS = KNOWN + UNSEEN
KIND_LABELS = {
    "crack": "크랙",
    "inclusion": "이물질",
    "void": "기공",
    "lamination": "층상 균열",
    "segregation": "편석",
}
SHAPES = ("rect", "wedge", "arch", "hole")
SHAPE_LABELS = {"rect": "직육면체", "wedge": "쐐기형", "arch": "아치형", "hole": "구멍형"}
VERSION = "1"
MM_PER_PX = 0.8


class Difficulty(StrEnum):
    """How visible defects are at least: d' of a matched filter."""

    STANDARD = "standard"
    HARD = "hard"


class Flaw(StrEnum):
    """A clip taken badly, to show what the quality gate and drift check do."""

    NONE = ""
    CRF30 = "crf30"
    LOW_DOSE = "low_dose"
    BLUR = "blur"
    SATURATED = "saturated"
    NO_OBJECT = "no_object"
    TRUNCATED = "truncated"
    MJPEG_Q5 = "mjpeg_q5"
    SLOW = "slow"


@dataclass(frozen=True)
class Product:
    """One brick as filmed: `frames`, `masks` (n, 192, 256) uint8 / bool; `offsets` (n,) px."""

    seed: int
    kind: str
    shape: str
    size_mm: float
    d_prime: float
    frames: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    offsets: NDArray[np.int64]


def product(
    seed: int,
    kind: str = "",
    *,
    shape: str = "",
    difficulty: Difficulty = Difficulty.STANDARD,
    flaw: Flaw = Flaw.NONE,
) -> Product:
    """Make one product; the same arguments give the same bytes of frames."""
    raise NotImplementedError


def write(made: Product, path: Path, *, flaw: Flaw = Flaw.NONE) -> None:
    """Encode the frames as a film (H.264 crf 14 unless the flaw says otherwise)."""
    raise NotImplementedError
