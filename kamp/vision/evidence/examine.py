"""From a clip to its evidence: panorama, feature vector, heatmap and traits."""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kamp.vision.decoding.decode import Clip
from kamp.vision.determinism import deterministic
from kamp.vision.evidence import duplicates, features
from kamp.vision.evidence.quality import Traits
from kamp.vision.evidence.register import Registered, air_threshold, register

BLOCK = 8  # pixels of a compressed block
STEP_FRAMES = 4  # in which steps are measured
SAMPLED = 8  # frames by which the polarity is told
EDGE_ROWS = 4
MOSTLY = 0.8  # share of dark pixels along the edges of an inverted picture
LEAST_STEP = 40  # grey levels between air and product in a column that shows both


@dataclass(frozen=True)
class Evidence:
    """Everything measured of one product; no model is involved.

    `vector`: (features.SIZE,) float32, None where no object was found; store it, training needs
    nothing else. `panorama`: (h, w) float32 flattened log image, h as of a frame; `mask`: (h, w)
    bool, what is inspected; `heat`: (h, w) float32, own deviations in robust sigmas; `offsets`:
    (frames,) int, column of the panorama at which each frame begins (may be negative); `times`:
    stage -> ms.
    """

    vector: NDArray[np.float32] | None
    traits: Traits
    panorama: NDArray[np.float32]
    mask: NDArray[np.bool_]
    heat: NDArray[np.float32]
    offsets: NDArray[np.int64]
    times: dict[str, float]

    @property
    def phash(self) -> int:
        return duplicates.phash(self.panorama)

    @property
    def thumb(self) -> NDArray[np.float32]:
        return duplicates.thumb(self.panorama)

    def heat_of(self, index: int, width: int) -> NDArray[np.float32]:
        """Return the part of the heatmap that lies on frame number `index`, (h, width) float32."""
        at = int(self.offsets[index])
        shown = np.zeros((self.heat.shape[0], width), np.float32)
        first, last = max(0, at), min(self.heat.shape[1], at + width)
        if last > first:
            shown[:, first - at : last - at] = self.heat[:, first:last]
        return shown


def examine(clip: Clip) -> Evidence:
    """Register the frames and measure the product; the same frames give the same bits."""
    with deterministic():
        began = time.perf_counter()
        seen = register(clip)
        placed = time.perf_counter()
        if not seen.found:
            times = {"register": _ms(began, placed)}
            nothing = _traits(clip, seen)
            return Evidence(
                None, nothing, seen.panorama, seen.mask, seen.panorama, seen.offsets, times
            )
        found = features.measure(seen.panorama, seen.mask)
        done = time.perf_counter()
    return Evidence(
        found.vector,
        _traits(clip, seen),
        seen.panorama,
        seen.mask,
        found.heat,
        seen.offsets,
        {"register": _ms(began, placed), "features": _ms(placed, done)},
    )


def _traits(clip: Clip, seen: Registered) -> Traits:
    return Traits(
        clip.info.codec,
        len(clip),
        round(clip.info.bits_per_px, 4),
        round(seen.level, 2),
        round(seen.noise, 4),
        round(_sharpness(clip, seen.level), 4) if seen.found else 0.0,
        round(_blocking(clip), 4) if seen.found else 1.0,
        round(seen.saturated, 4),
        round(seen.object_share, 4),
        round(seen.shift_px, 3),
        round(seen.confidence, 4),
        _inverted(clip),
    )


def _inverted(clip: Clip) -> bool:
    # Air touches the upper and lower edge of a picture, the product lies between them.
    chosen = [clip[index] for index in range(0, len(clip), max(1, len(clip) // SAMPLED))]
    threshold = air_threshold(chosen)
    if threshold is None:
        return False
    dark = np.stack([frame < threshold for frame in chosen])
    edges = np.concatenate([dark[:, :EDGE_ROWS], dark[:, -EDGE_ROWS:]], axis=1)
    third = dark.shape[1] // 3
    return bool(edges.mean() > MOSTLY and dark[:, third:-third].mean() < edges.mean() - 0.1)


def _sharpness(clip: Clip, level: float) -> float:
    # The steepest step between air and product, as a share of the whole step (median).
    ratios = []
    for index in _middle(clip):
        frame = clip[index].astype(np.int16)
        steepest = np.abs(np.diff(frame, axis=0)).max(0)
        whole = frame.max(0) - level
        crossed = whole > LEAST_STEP
        if crossed.any():
            ratios.append(float(np.median(steepest[crossed] / whole[crossed])))
    return float(np.median(ratios)) if ratios else 0.0


def _blocking(clip: Clip) -> float:
    # Steps at the borders of 8-pixel blocks against all steps; 1 = no visible blocks.
    ratios = []
    for index in _middle(clip):
        steps = np.abs(np.diff(clip[index].astype(np.int16), axis=1)).mean(0)
        at_border = steps[BLOCK - 1 :: BLOCK].mean()
        ratios.append(float((at_border + 0.05) / (steps.mean() + 0.05)))
    return float(np.median(ratios))


def _middle(clip: Clip) -> range:
    first = max(0, (len(clip) - STEP_FRAMES) // 2)
    return range(first, min(len(clip), first + STEP_FRAMES))


def _ms(began: float, ended: float) -> float:
    return round((ended - began) * 1_000, 2)
