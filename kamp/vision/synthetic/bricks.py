"""Shapes, texture and defects of synthetic (합성) refractory bricks, as maps of millimetres."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]
Rng = np.random.Generator

MM = 0.8  # mm per pixel at the brick
HEIGHT = 192  # pixels of a map and of a frame
FINE = 3  # supersampling of edges
LENGTH, WIDTH, THICKNESS = 230.0, 114.0, 65.0  # mm
TEXTURE = ((0.9, 0.55), (1.8, 0.65), (4.0, 0.45), (16.0, 0.35))  # sigma in pixels, weight
STEEL_SHARE = 0.7  # of inclusions; the others are organic


@dataclass(frozen=True)
class Defect:
    """Effect of a defect on the beam.

    `thinner`: mm of brick missing; `filled`: mm of steel or organic in their place; `mask`: where
    it is visible (all (h, w)); `size_mm`: its extent.
    """

    thinner: Map
    filled: Map
    steel: bool
    mask: NDArray[np.bool_]
    size_mm: float


def thickness(rng: Rng, shape: str) -> Map:
    """Return mm of brick along the beam, (192, w), with about 20 pixels of air at either end."""
    length, width, thick = (
        LENGTH * rng.uniform(0.97, 1.03),
        WIDTH * rng.uniform(0.97, 1.03),
        THICKNESS * rng.uniform(0.95, 1.05),
    )
    columns = int(length / MM) + 40
    v, u = np.mgrid[0 : HEIGHT * FINE, 0 : columns * FINE].astype(np.float32)
    u, v = (u / FINE - columns / 2) * MM, (v / FINE - HEIGHT / 2) * MM
    tilt = np.deg2rad(rng.uniform(-2.5, 2.5))
    x = u * np.cos(tilt) + v * np.sin(tilt)
    y = -u * np.sin(tilt) + v * np.cos(tilt) + rng.uniform(-3, 3)
    along = x / length + 0.5
    half = width / 2 * (1 - rng.uniform(0.08, 0.18) * along if shape == "arch" else 1.0)
    inside = (np.abs(x) < length / 2) & (np.abs(y) < half)
    depth = thick * (1 - rng.uniform(0.1, 0.25) * along if shape == "wedge" else 1.0)
    edge = np.minimum(length / 2 - np.abs(x), half - np.abs(y))
    depth = depth * np.clip(0.75 + 0.25 * edge / rng.uniform(1, 4), 0, 1)
    if shape == "hole":
        at_x, at_y, radius = rng.uniform(-60, 60), rng.uniform(-12, 12), rng.uniform(10, 20)
        inside &= (x - at_x) ** 2 + (y - at_y) ** 2 > radius**2
    whole = np.where(inside, depth, 0).astype(np.float32)
    return _shrink(whole, HEIGHT, columns)


def texture(rng: Rng, shape: tuple[int, ...]) -> tuple[Map, float]:
    """Return the relative density of the coarse aggregate along the beam, and its amplitude."""
    amplitude = float(rng.uniform(0.010, 0.018))
    field = np.zeros(shape, np.float32)
    for sigma, weight in TEXTURE:
        field += weight * _field(rng, shape, sigma)
    grains = np.zeros(shape, np.float32)
    rows, columns = shape
    for _ in range(rng.poisson(rows * columns / 900)):
        at = (int(rng.integers(columns)), int(rng.integers(rows)))
        cv2.circle(grains, at, int(rng.integers(1, 4)), float(rng.normal(0, 0.012)), -1)
    smooth = cv2.GaussianBlur(grains, (0, 0), 0.7)
    return (1 + amplitude * field / field.std() + smooth).astype(np.float32), amplitude


def texture_spectrum(amplitude: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the power of the texture without grains at each frequency of `rfft2`, per pixel."""
    f2 = np.fft.fftfreq(shape[0])[:, None] ** 2 + np.fft.rfftfreq(shape[1])[None, :] ** 2
    parts = [w * w * 4 * np.pi * s * s * np.exp(-4 * np.pi**2 * s * s * f2) for s, w in TEXTURE]
    power: NDArray[np.float64] = np.sum(parts, axis=0) * amplitude**2
    power /= sum(w * w for _, w in TEXTURE)
    return power


def defect(rng: Rng, kind: str, brick: Map) -> Defect:
    x, y = _place(rng, brick)
    thinner, size = DRAWN[kind](rng, brick.shape, x, y)
    thinner = np.clip(thinner, 0, brick * 0.95) * (brick > 5)
    steel = False
    filled = np.zeros_like(brick)
    if kind == "inclusion":
        steel, filled = bool(rng.random() < STEEL_SHARE), thinner
    mask = (thinner > 0.25 * thinner.max()) & (thinner > 0.12)
    return Defect(thinner.astype(np.float32), filled, steel, mask, size)


def _crack(rng: Rng, shape: tuple[int, ...], x: int, y: int) -> tuple[Map, float]:
    # A sheet of air: opening, depth along the beam and tilt give its shadow's width and chord.
    length, opening, depth = rng.uniform(18, 80), rng.uniform(0.25, 0.8), rng.uniform(15, 50)
    tilt = np.deg2rad(abs(rng.normal(0, 5)))
    width = max(opening, depth * np.tan(tilt)) / MM * 4
    chord = min(depth, opening / max(np.sin(tilt), opening / depth))
    heading = rng.uniform(0, np.pi)
    canvas = np.zeros((shape[0] * 4, shape[1] * 4), np.float32)
    at = np.array([x, y]) - np.array([np.cos(heading), np.sin(heading)]) * length / MM / 2
    steps, angle = int(length / MM / 1.5), heading
    for step in range(steps):
        angle += rng.normal(0, 0.22) - 0.15 * (angle - heading)
        to = at + 1.5 * np.array([np.cos(angle), np.sin(angle)])
        open_here = np.sin(np.pi * (step + 0.5) / steps) ** 0.5
        _stroke(canvas, at * 4, to * 4, chord * open_here, width)
        at = to
        if rng.random() < 0.02:
            turn = angle + 0.8
            branch = at + np.array([np.cos(turn), np.sin(turn)]) * rng.uniform(4, 14)
            _stroke(canvas, at * 4, branch * 4, chord * 0.6, width * 0.7)
    thin = min(1.0, width / max(1, round(width)))
    return _shrink(canvas * thin, *shape), float(length)


def _inclusion(rng: Rng, shape: tuple[int, ...], x: int, y: int) -> tuple[Map, float]:
    # One foreign grain, an ellipsoid of 2 to 7 mm.
    radius = rng.uniform(1.0, 3.5)
    return _ellipsoid(rng, shape, x, y, radius), float(2 * radius)


def _void(rng: Rng, shape: tuple[int, ...], x: int, y: int) -> tuple[Map, float]:
    # A cluster of one to six bubbles of 3 to 9 mm.
    radii = rng.uniform(1.5, 4.5, int(rng.integers(1, 7)))
    total = np.zeros(shape, np.float32)
    for place, radius in enumerate(radii):
        apart = rng.normal(0, 9, 2) if place else (0.0, 0.0)
        total += _ellipsoid(rng, shape, x + apart[0], y + apart[1], radius)
    return total, float(2 * radii.max())


def _lamination(rng: Rng, shape: tuple[int, ...], x: int, y: int) -> tuple[Map, float]:
    # Long shallow parallel bands across the pressing direction.
    length, bands, gap = rng.uniform(50, 130), int(rng.integers(2, 5)), rng.uniform(4, 8)
    heading = rng.normal(0, 0.06)
    half = np.array([np.cos(heading), np.sin(heading)]) * length / MM / 2
    canvas = np.zeros(shape, np.float32)
    for band in range(bands):
        middle = np.array([x + rng.normal(0, 6), y + (band - (bands - 1) / 2) * gap])
        _stroke(
            canvas, middle - half, middle + half, rng.uniform(1.5, 3.5), float(rng.integers(1, 4))
        )
    return cv2.GaussianBlur(canvas, (0, 0), 0.9), float(length)


def _segregation(rng: Rng, shape: tuple[int, ...], x: int, y: int) -> tuple[Map, float]:
    # A diffuse zone of low density and coarse grain, 14 to 34 mm.
    size = rng.uniform(14, 34)
    radius, flat = size / MM, rng.uniform(0.5, 1)
    v, u = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    zone = np.exp(-0.5 * (((u - x) / radius) ** 2 + ((v - y) / (radius * flat)) ** 2))
    coarse = rng.uniform(2.5, 5.0) + rng.uniform(1.5, 2.5) * _field(rng, shape, 2.2)
    return np.clip(zone * coarse, 0, None).astype(np.float32), float(size)


DRAWN = {
    "crack": _crack,
    "inclusion": _inclusion,
    "void": _void,
    "lamination": _lamination,
    "segregation": _segregation,
}


def _ellipsoid(rng: Rng, shape: tuple[int, ...], x: float, y: float, radius: float) -> Map:
    flat, turn = rng.uniform(0.6, 1), rng.uniform(0, np.pi)
    v, u = np.mgrid[0 : shape[0], 0 : shape[1]]
    along = ((u - x) * np.cos(turn) + (v - y) * np.sin(turn)) * MM
    across = (-(u - x) * np.sin(turn) + (v - y) * np.cos(turn)) * MM / flat
    chord = 2 * np.sqrt(np.clip(radius**2 - along**2 - across**2, 0, None))
    ellipsoid: Map = chord.astype(np.float32)
    return ellipsoid


def _place(rng: Rng, brick: Map) -> tuple[int, int]:
    inner = cv2.erode((brick > 25).astype(np.uint8), np.ones((17, 17), np.uint8))
    rows, columns = np.nonzero(inner)
    one = rng.integers(len(rows))
    return int(columns[one]), int(rows[one])


def _stroke(
    canvas: Map, start: NDArray[np.float64], end: NDArray[np.float64], value: float, width: float
) -> None:
    first, last = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
    cv2.line(canvas, first, last, float(value), max(1, round(width)))


def _field(rng: Rng, shape: tuple[int, ...], sigma: float) -> Map:
    smooth: Map = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), sigma)
    smooth /= smooth.std()
    return smooth


def _shrink(picture: Map, rows: int, columns: int) -> Map:
    small: Map = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
    return small
