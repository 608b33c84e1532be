"""Registration: frames become one flat log image of the whole product, with its motion.

The display is logarithmic already (grey levels are proportional to the line integral), so taking
out thickness is a subtraction. The conveyor moves along the rows at a constant speed.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from kamp.vision.decoding.decode import Clip, Frame

Picture = NDArray[np.float32]

EDGE = 13  # pixels: the zone along the product's edge that is not inspected is half of this
BROAD = 3.0  # sigma of the smooth part at a quarter of the scale: 12 pixels
SHARE = 0.15  # of a frame that the product must fill to measure its motion
LEAST_SHARE = 0.01  # of a frame that is worth adding to the panorama
BASELINE = 48  # pixels between two frames that are compared
FARTHEST = 0.6  # of the width: a longer shift leaves too little in common
CLEAR = 4.0  # sigmas by which a shift's peak stands out
DOUBT = 0.2  # pixels by which one comparison errs; nearer than this to whole pixels is whole
APART = 25.0  # grey levels between product and air
WIDEST = 4096  # pixels of a panorama
KEPT = 48  # frames whose flat view stays in memory between the two passes
SAMPLED = 32  # frames from which the threshold between product and air is taken
FEWEST_PIXELS = 2_000  # of the inspected zone


@dataclass(frozen=True)
class Registered:
    """One product: `panorama` (h, w) float32 flat grey levels, `mask` (h, w) bool inspected zone.

    `offsets`: (frames,) column of the panorama where each frame begins. `shift_px`: motion per
    frame, `confidence` 0-1. `found` is False where there is no product. `level`, `saturated`,
    `noise`, `object_share` as in `quality.Traits`.
    """

    found: bool
    panorama: Picture
    mask: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    shift_px: float
    confidence: float
    level: float
    saturated: float
    noise: float
    object_share: float


def register(clip: Clip) -> Registered:
    """Register the frames of a clip; memory does not grow with their number."""
    threshold = _air_threshold(clip)
    if threshold is None:
        return _not_found(clip)
    views = _Views(clip, threshold)
    shift, confidence = _motion(views)
    return _panorama(views, shift, confidence)


def flatten(frame: Frame, threshold: float) -> tuple[Picture, Picture, float]:
    """Remove thickness and scatter from one frame.

    Returns (h, w) residual in grey levels, (h, w) 0/1 inspected zone, and the product's share.
    """
    grey = frame.astype(np.float32)
    solid = (cv2.GaussianBlur(grey, (0, 0), 1.2) < threshold).astype(np.uint8)
    solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, _square(7))
    zone = cv2.erode(solid, _square(EDGE), borderValue=1).astype(np.float32)
    return (grey - _broad(grey, zone)) * zone, zone, float(solid.mean())


def _broad(grey: Picture, zone: Picture) -> Picture:
    # The smooth part inside the zone; the residual of a first pass is smoothed again.
    rows, columns = grey.shape
    size = ((columns + 3) // 4, (rows + 3) // 4)
    weight = cv2.resize(zone, size, interpolation=cv2.INTER_AREA)
    total = np.maximum(cv2.GaussianBlur(weight, (0, 0), BROAD), 1e-3)
    held = cv2.resize(grey * zone, size, interpolation=cv2.INTER_AREA)
    first = cv2.GaussianBlur(held, (0, 0), BROAD) / total
    second = cv2.GaussianBlur(held - first * weight, (0, 0), BROAD) / total
    whole: Picture = cv2.resize(first + second, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return whole


@lru_cache(maxsize=8)
def _square(side: int) -> NDArray[np.uint8]:
    return np.ones((side, side), np.uint8)


def air_threshold(frames: list[Frame]) -> float | None:
    """Return the grey level between product and air (Otsu), None without two such levels."""
    counts = sum(_histogram(frame) for frame in frames)
    share = counts / np.sum(counts)
    levels = np.arange(256)
    below = np.cumsum(share)
    inner = np.cumsum(share * levels)
    with np.errstate(divide="ignore", invalid="ignore"):
        dark, light = inner / below, (inner[-1] - inner) / (1 - below)
        between = np.nan_to_num(below * (1 - below) * (light - dark) ** 2)
    best = int(np.argmax(between))
    if not between[best] or light[best] - dark[best] < APART:
        return None
    return float(dark[best] + 0.62 * (light[best] - dark[best]))


def _histogram(frame: Frame, zone: Picture | None = None) -> NDArray[np.float64]:
    inside = None if zone is None else zone.astype(np.uint8)
    counts: NDArray[np.float64] = cv2.calcHist([frame], [0], inside, [256], [0, 256]).ravel()
    return counts.astype(np.float64)


def _air_threshold(clip: Clip) -> float | None:
    return air_threshold([clip[i] for i in range(0, len(clip), max(1, len(clip) // SAMPLED))])


class _Views:
    """Flat view of each frame; the first KEPT are cached, later ones are computed again."""

    def __init__(self, clip: Clip, threshold: float) -> None:
        self.clip, self.threshold = clip, threshold
        self.kept: dict[int, tuple[Picture, Picture, float]] = {}

    def __getitem__(self, index: int) -> tuple[Picture, Picture, float]:
        view = self.kept.get(index)
        if view is None:
            view = flatten(self.clip[index], self.threshold)
            if len(self.kept) < KEPT:
                self.kept[index] = view
        return view

    def shows_something(self, index: int) -> bool:
        # Cheaper than the flat view.
        return float((self.clip[index] < self.threshold).mean()) > LEAST_SHARE


class _Key:
    """Key frame for later ones, as spectra of its rows."""

    def __init__(self, index: int, flat: Picture, zone: Picture) -> None:
        self.index = index
        self.length = fft.next_fast_len(2 * flat.shape[1], real=True)
        size = (flat.shape[1], flat.shape[0] // 2)  # half of the rows say as much in half the time
        smooth = cv2.GaussianBlur(flat, (0, 0), 1)
        halved = [cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (smooth, zone)]
        self.picture, self.zone = (fft.rfft(one, self.length, axis=1) for one in halved)

    def shift_to(self, other: "_Key", farthest: int) -> tuple[float, float]:
        """Return the motion of the product until `other` in pixels, and its clarity (sigmas)."""
        product = fft.irfft((self.picture * np.conj(other.picture)).sum(0), self.length)
        common = fft.irfft((self.zone * np.conj(other.zone)).sum(0), self.length)
        places = np.r_[-farthest : farthest + 1]
        match = product[places] / np.sqrt(np.maximum(common[places], 250.0))
        top = int(np.argmax(match))
        clear = float(match[top] / (match.std() + 1e-9))
        if not 0 < top < len(places) - 1:
            return float(places[top]), clear
        left, peak, right = match[top - 1 : top + 2]
        bend = left - 2 * peak + right
        fine = 0.5 * (left - right) / bend if bend else 0.0
        return float(places[top] + fine), clear


def _motion(views: _Views) -> tuple[float, float]:
    # Pixels per frame, and the share of comparisons that agree to 1.5 pixels.
    if len(views.clip) == 1:
        return 0.0, 1.0
    farthest = int(FARTHEST * views.clip.shape[1])
    key: _Key | None = None
    seen: list[tuple[int, float, bool]] = []
    index, gap = 0, 1
    while index < len(views.clip):
        flat, zone, share = views[index]
        if share < SHARE:
            key = None
        elif key is None:
            key, gap = _Key(index, flat, zone), 1
        else:
            this = _Key(index, flat, zone)
            shift, clear = key.shift_to(this, farthest)
            seen.append((index - key.index, shift, clear > CLEAR))
            if abs(shift) >= BASELINE - 8 or index - key.index >= BASELINE or clear <= CLEAR:
                key, gap = this, max(1, index - key.index)
            else:
                gap = index - key.index  # too near for a fine measure: twice as far next time
        index += gap
    return _speed(seen)


def _speed(seen: list[tuple[int, float, bool]]) -> tuple[float, float]:
    steps = np.array([(gap, shift) for gap, shift, clear in seen if clear])
    if not len(steps):
        return 0.0, 0.0
    gaps, shifts = steps.T
    middle = float(np.median(shifts / gaps))
    agree = np.abs(shifts - middle * gaps) <= 1.5 + 0.02 * np.abs(shifts)
    if not agree.any():
        return middle, 0.0
    # Weighted by distance: long comparisons measure the speed more finely.
    fine = float((shifts[agree] * gaps[agree]).sum() / (gaps[agree] ** 2).sum())
    whole, doubt = round(fine), DOUBT / float(np.median(gaps[agree]))
    return (float(whole) if abs(fine - whole) < doubt else fine), float(agree.sum() / len(seen))


def _panorama(views: _Views, shift: float, confidence: float) -> Registered:
    rows, columns = views.clip.shape
    count = len(views.clip)
    held = [index for index in range(count) if views.shows_something(index)]
    starts = np.round(np.arange(count) * shift).astype(np.int64)
    if not held:
        return _not_found(views.clip)
    starts -= starts[held].min()
    width = int(starts[held].max()) + columns
    if width > WIDEST:
        return _not_found(views.clip)
    total, squares, seen = (np.zeros((rows, width), np.float32) for _ in range(3))
    level = np.zeros(256)
    for index in held:
        flat, zone, _ = views[index]
        here = np.s_[:, starts[index] : starts[index] + columns]
        total[here] += flat
        squares[here] += flat * flat
        seen[here] += zone
        level += _histogram(views.clip[index], zone)
    mask = (seen >= max(1.0, 0.4 * float(seen.max()))).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _square(5))
    zone = cv2.erode(mask, _square(5), borderValue=0) > 0
    if zone.sum() < FEWEST_PIXELS:
        return _not_found(views.clip)
    return _cut(total, squares, seen, zone, level, starts, shift, confidence)


def _cut(
    total: Picture,
    squares: Picture,
    seen: Picture,
    zone: NDArray[np.bool_],
    level: NDArray[np.float64],
    starts: NDArray[np.int64],
    shift: float,
    confidence: float,
) -> Registered:
    # Columns outside of the product are cut away.
    columns = np.nonzero(zone.any(0))[0]
    left = max(0, int(columns[0]) - 4)
    box = np.s_[:, left : columns[-1] + 5]
    total, squares, seen, zone = total[box], squares[box], seen[box], zone[box]
    times = np.maximum(seen, 1)
    mean = total / times
    spread = np.sqrt(
        np.maximum(squares / times - mean * mean, 0) * times / np.maximum(times - 1, 1)
    )
    many = zone & (seen >= 2)
    upto = np.cumsum(level)
    return Registered(
        True,
        (mean * zone).astype(np.float32),
        np.ascontiguousarray(zone),
        starts - left,
        shift,
        confidence,
        float(np.searchsorted(upto, upto[-1] / 2)),
        float((level[:3].sum() + level[-3:].sum()) / upto[-1]),
        float(np.median(spread[many])) if many.any() else 0.0,
        float(zone.mean()),
    )


def _not_found(clip: Clip) -> Registered:
    # Of a clip without a product only the share of black and white pixels is known.
    ends = [np.isin(clip[i], (0, 1, 254, 255)).mean() for i in range(0, len(clip), 8)]
    empty = np.zeros((0, 0), np.float32)
    return Registered(
        False, empty, empty > 0, np.zeros(len(clip), np.int64), 0.0, 0.0, 0.0,
        float(np.mean(ends)), 0.0, 0.0,
    )  # fmt: skip
