"""Features of a panorama: a bank of filters, robust deviations, pooled statistics.

Each map is compared with the brick's own median and MAD, apart for the zones near the edge: a
coarse brick may be coarse all over. What the brick is like as a whole stays as the logarithm of
those MADs; the model compares it with other normal bricks.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]
Maps = dict[str, Picture]

VERSION = 1  # of the vector: a model reads only vectors of its own version
SCALES = (1.0, 1.6, 2.6, 4.2, 6.8)  # sigmas of the Gaussian pyramid, pixels
# Lines at half of the scale: name, length and sigma in pixels, number of directions.
LINES = (("short", 11.0, 0.8, 10), ("long", 25.0, 0.8, 12), ("longest", 55.0, 0.8, 18))
AXIAL = np.deg2rad(
    (-6.0, -3.0, 3.0, 6.0)
)  # finer angles of long lines, along the faces of the brick
BANDS = (7.0, 16.0)  # pixels from the edge of the inspected zone at which a zone ends
EXTREME = 5  # pixels that make a peak
TAILS = (0.9995, 0.995, 0.95)
SOFTENED = 1.5  # sigma of the heatmap, pixels
LEAST_IN_BAND = 50  # pixels of a zone from which its own median is taken

SIGNED = ("dog0", "dog1", "dog2", "dog3", "dog4", "low")  # both tails are read
RISING = (
    *(f"ridge{scale}{sign}" for scale in range(3) for sign in "+-"),
    *(f"{name}{sign}" for name, *_ in LINES for sign in "+-"),
    "texture4", "texture10", "banded+", "banded-",
)  # fmt: skip
PER_MAP = 2 + len(TAILS) + 2 * (len(BANDS) + 1)
SIZE = len(SIGNED) * (PER_MAP + len(TAILS) + 1) + len(RISING) * PER_MAP


@dataclass(frozen=True)
class Measured:
    """`vector`: (SIZE,) float32. `heat`: (h, w) float32, robust sigmas."""

    vector: NDArray[np.float32]
    heat: Picture


def measure(panorama: Picture, mask: Mask) -> Measured:
    """Measure a flat panorama (h, w) inside its mask (h, w)."""
    rows = np.nonzero(mask.any(1))[0]
    box = np.s_[max(0, rows[0] - 4) : rows[-1] + 5]
    flat, zone = np.ascontiguousarray(panorama[box]), np.ascontiguousarray(mask[box])
    size = ((flat.shape[1] + 1) // 2, (flat.shape[0] + 1) // 2)
    half = cv2.resize(flat, size, interpolation=cv2.INTER_AREA)
    half_zone = cv2.resize(zone.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    fine, coarse = _fine(flat), _coarse(half, half_zone)
    numbers: dict[str, list[float]] = {}
    hot = _pool(fine, zone, BANDS, numbers)
    wide = _pool(coarse, half_zone, tuple(edge / 2 for edge in BANDS), numbers)
    spread = cv2.resize(wide, flat.shape[::-1], interpolation=cv2.INTER_LINEAR)
    heat = np.zeros_like(panorama)
    heat[box] = cv2.GaussianBlur(np.maximum(hot, spread) * zone, (0, 0), SOFTENED)
    vector = np.array([n for name in (*SIGNED, *RISING) for n in numbers[name]], np.float32)
    return Measured(vector, heat)


# --- Maps ----------------------------------------------------------------------------------------


def _fine(flat: Picture) -> Maps:
    # Spots and ridges of a pixel or two.
    blurred = [flat, *(cv2.GaussianBlur(flat, (0, 0), sigma) for sigma in SCALES[:3])]
    maps = {f"dog{i}": blurred[i] - blurred[i + 1] for i in range(3)}
    return maps | _ridges(blurred[1], SCALES[0], 0) | _ridges(blurred[2], SCALES[1], 1)


def _coarse(half: Picture, zone: Mask) -> Maps:
    # Everything broad or long, at half of the scale.
    blurred = {sigma: cv2.GaussianBlur(half, (0, 0), sigma / 2) for sigma in SCALES[1:]}
    maps = {
        "dog3": blurred[2.6] - blurred[4.2],
        "dog4": blurred[4.2] - blurred[6.8],
        "low": blurred[6.8],
    }
    maps |= _ridges(blurred[2.6], 1.3, 2)
    shape = (
        int(fft.next_fast_len(max(64, half.shape[0] + 32), real=True)),
        int(fft.next_fast_len(max(64, half.shape[1] + 32), real=True)),
    )
    spectrum = fft.rfft2(half, shape)
    for name, length, sigma, directions in LINES:
        maps |= _lines(spectrum, half.shape, shape, name, length, sigma, directions)
    detail = half - blurred[2.6]
    maps["texture4"] = np.sqrt(_local(detail * detail, zone, 2.0))
    maps["texture10"] = np.sqrt(_local(detail * detail, zone, 5.0))
    for sign in "+-":
        maps[f"banded{sign}"] = _local(np.maximum(maps[f"long{sign}"], 0) ** 2, zone, 6.0)
    return maps


def _ridges(smooth: Picture, scale: float, number: int) -> Maps:
    # The likeness to a bright (+) or dark (-) ridge: curvature across, from the Hessian.
    xx, yy, xy = (
        cv2.Sobel(smooth, cv2.CV_32F, dx, dy, ksize=3) * scale
        for dx, dy in ((2, 0), (0, 2), (1, 1))
    )
    mean, turn = (xx + yy) / 2, cv2.magnitude((xx - yy) / 2, xy)
    return {f"ridge{number}+": turn - mean, f"ridge{number}-": turn + mean}


def _lines(
    spectrum: NDArray[np.complex64],
    size: tuple[int, ...],
    shape: tuple[int, int],
    name: str,
    length: float,
    sigma: float,
    directions: int,
) -> Maps:
    # The strongest response to a line in any direction, bright (+) and dark (-).
    bright = np.full(size, -np.inf, np.float32)
    dark = bright.copy()
    for kernel in _line_spectra(length, sigma, directions, shape):
        response = fft.irfft2(spectrum * kernel, shape)[: size[0], : size[1]]
        np.maximum(bright, response, out=bright)
        np.maximum(dark, -response, out=dark)
    return {f"{name}+": bright, f"{name}-": dark}


@lru_cache(maxsize=24)
def _line_spectra(
    length: float, sigma: float, directions: int, shape: tuple[int, int]
) -> NDArray[np.complex64]:
    angles = [*(np.pi * np.arange(directions) / directions)]
    if length > 40:
        angles += [*AXIAL, *(np.pi / 2 + AXIAL)]
    spectra = []
    for angle in angles:
        kernel = line_kernel(length, sigma, angle)
        whole = np.zeros(shape, np.float32)
        whole[: len(kernel), : len(kernel)] = kernel
        whole = np.roll(whole, (-(len(kernel) // 2), -(len(kernel) // 2)), (0, 1))
        spectra.append(np.conj(fft.rfft2(whole)))
    return np.stack(spectra).astype(np.complex64)


def line_kernel(length: float, sigma: float, angle: float) -> Picture:
    """Return the kernel of a bright line in dark surroundings; it sums up to zero."""
    reach = int(length // 2) + 2
    v, u = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    along = u * np.cos(angle) + v * np.sin(angle)
    across = (-u * np.sin(angle) + v * np.cos(angle)) / sigma
    kernel = np.exp(-0.5 * (along / (length / 2.5)) ** 2)
    kernel = kernel * (1 - across**2) * np.exp(-0.5 * across**2)
    kernel -= kernel.mean()
    line: Picture = (kernel / np.abs(kernel).sum()).astype(np.float32)
    return line


def _local(values: Picture, zone: Mask, sigma: float) -> Picture:
    # Mean around each pixel, inside the zone.
    weight = zone.astype(np.float32)
    total = np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 0.05)
    mean: Picture = np.maximum(cv2.GaussianBlur(values * weight, (0, 0), sigma) / total, 0)
    return mean


# --- Numbers -------------------------------------------------------------------------------------


def _pool(
    maps: Maps, zone: Mask, bands: tuple[float, ...], numbers: dict[str, list[float]]
) -> Picture:
    """Add each map's numbers; return the largest deviation at each pixel, (h, w) sigmas."""
    names = list(maps)
    values = np.stack([maps[name][zone] for name in names])  # (maps, pixels)
    distance = cv2.distanceTransform(zone.astype(np.uint8), cv2.DIST_L2, 3)
    band = np.digitize(distance[zone], bands)
    own = np.empty((len(names), 0), np.float32)
    for number in range(len(bands) + 1):
        here = band == number
        # A product too narrow for the zone is compared with the whole instead.
        held = values[:, here if here.sum() >= LEAST_IN_BAND else slice(None)]
        middle = np.median(held, axis=1, keepdims=True)
        mad = np.median(np.abs(held - middle), axis=1, keepdims=True) * 1.4826 + 1e-6
        values[:, here] = (values[:, here] - middle) / mad
        own = np.concatenate([own, np.log(mad), middle / mad], axis=1)
    ranked = np.sort(values, axis=1)
    for row, name in enumerate(names):
        numbers[name] = [*_tails(ranked[row], name in SIGNED), *own[row].tolist()]
    heating = [
        row for row, name in enumerate(names) if not name.startswith(("low", "texture", "ban"))
    ]
    hottest = np.zeros(zone.shape, np.float32)
    hottest[zone] = np.abs(values[heating]).max(0)
    return hottest


def _tails(ranked: NDArray[Any], both: bool) -> list[float]:
    # Peak, upper quantiles (lower ones too if `both`) and spread, on a log scale.
    last = len(ranked) - 1
    picked = [ranked[-EXTREME:].mean(), *(ranked[int(last * tail)] for tail in TAILS)]
    if both:
        picked += [ranked[:EXTREME].mean(), *(ranked[int(last * (1 - tail))] for tail in TAILS)]
    picked.append(ranked.std())
    return [float(np.sign(one) * np.log1p(abs(one))) for one in picked]
