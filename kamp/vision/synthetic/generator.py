"""Synthetic (합성) X-ray clips of refractory bricks from physics and a seed; not factory data.

Beer-Lambert over three energies, scatter, blur, photon noise, tube flicker, a logarithmic 8-bit
display and a conveyor; see `bricks` for shapes, texture and defects. The physics of attenuation is
real; how bricks and defects vary is an unchecked estimate.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from kamp.vision.determinism import deterministic
from kamp.vision.synthetic import bricks
from kamp.vision.synthetic.bricks import Defect, Map, Rng

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
MM_PER_PX = bricks.MM

HEIGHT, WIDTH = bricks.HEIGHT, 256
FPS = 10
STEP, SLOW_STEP = 48, 16  # pixels of conveyor per frame
# Linear attenuation in 1/mm at 80, 120, 160 keV from published tables: a crude 225 kV beam.
WEIGHTS = np.array([0.25, 0.40, 0.35])
BRICK = np.array([0.0525, 0.0403, 0.0354])  # 70 % Al2O3, 25 % SiO2, 5 % Fe2O3 at 2.6 g/cm3
STEEL = np.array([0.468, 0.212, 0.143])
ORGANIC = np.array([0.0174, 0.0155, 0.0141])
PHOTONS = 4e4  # a pixel and frame in the open beam
SCATTER, SCATTER_SIGMA, PSF_SIGMA = 0.15, 28, 0.8
ELECTRONIC = 12  # photons
VISIBLE = 20.0  # least d' of a standard defect
FRAMES_SEEN = WIDTH / STEP  # frames in which one point of the brick appears
TRIES = 400


class Difficulty(StrEnum):
    """Least visibility of defects: VISIBLE, or any."""

    STANDARD = "standard"
    HARD = "hard"


class Flaw(StrEnum):
    """A fault of recording, to show what the quality gate and the drift check do."""

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
    """One brick as filmed: `frames`, `masks` (n, 192, 256) uint8 / bool; `offsets` (n,) px.

    `d_prime` is the visibility of its defect, 0 without one; `size_mm` its extent.
    """

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
    step: float = 0,
) -> Product:
    """Make one product; the same arguments give the same bytes of frames.

    `step` is the conveyor's motion in pixels a frame (0 = the usual).
    """
    with deterministic():
        return _product(seed, kind, shape, difficulty, flaw, step)


def _product(
    seed: int, kind: str, shape: str, difficulty: Difficulty, flaw: Flaw, step: float
) -> Product:
    rng = np.random.default_rng(seed)
    shape = shape or SHAPES[int(rng.integers(len(SHAPES)))]
    brick = bricks.thickness(rng, shape)
    grain, amplitude = bricks.texture(rng, brick.shape)
    found, d_prime = None, 0.0
    if kind:
        least = VISIBLE if difficulty == Difficulty.STANDARD else 0.0
        found, d_prime = _visible_defect(rng, kind, brick, amplitude, least)
    lines = _line_integrals(brick * grain, found)
    if flaw == Flaw.NO_OBJECT:
        lines = [np.zeros_like(line) for line in lines]
    step = step or (SLOW_STEP if flaw == Flaw.SLOW else STEP)
    offsets = np.round(np.arange(0, brick.shape[1] + WIDTH, step)).astype(np.int64)
    around = ((0, 0), (WIDTH, 2 * WIDTH))
    lines = [np.pad(line, around) for line in lines]
    mask = np.pad(found.mask if found else np.zeros(brick.shape, bool), around)
    camera = _Camera(rng, flaw)
    frames = [camera.shoot([line[:, at : at + WIDTH] for line in lines]) for at in offsets]
    masks = np.stack([mask[:, at : at + WIDTH] for at in offsets])
    size = found.size_mm if found else 0.0
    return Product(seed, kind, shape, size, d_prime, np.stack(frames), masks, offsets)


def write(made: Product, path: Path, *, flaw: Flaw = Flaw.NONE) -> None:
    """Encode the frames as a film, H.264 crf 14 in MP4 unless the flaw requires otherwise."""
    if flaw == Flaw.MJPEG_Q5:
        codec, layout = "mjpeg", "yuvj420p"
        options = {"qmin": "5", "qmax": "5", "flags": "+qscale", "global_quality": str(5 * 118)}
    else:
        codec, layout = "libx264", "yuvj420p"
        crf = "30" if flaw == Flaw.CRF30 else "14"
        options = {"crf": crf, "preset": "veryfast", "threads": "1"}
    encode(made.frames, path, codec=codec, layout=layout, options=options)
    if flaw == Flaw.TRUNCATED:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) * 6 // 10])


def encode(
    frames: NDArray[np.uint8], path: Path, *, codec: str, layout: str, options: dict[str, str]
) -> None:
    """Write (n, h, w) frames with one codec; the suffix of the path names the container."""
    with av.open(str(path), "w") as film:
        stream: Any = film.add_stream(codec, rate=FPS, options=options)
        stream.height, stream.width = frames.shape[1:]
        stream.pix_fmt = layout
        stream.time_base = Fraction(1, FPS)
        for frame in frames:
            film.mux(stream.encode(_picture(frame, layout)))
        film.mux(stream.encode(None))


def _picture(frame: NDArray[np.uint8], layout: str) -> av.VideoFrame:
    if layout == "gray":
        return av.VideoFrame.from_ndarray(frame, format="gray")
    colour = np.full((frame.shape[0] // 2, frame.shape[1]), 128, np.uint8)
    return av.VideoFrame.from_ndarray(np.concatenate([frame, colour]), format=layout)


def _line_integrals(brick: Map, found: Defect | None) -> list[Map]:
    # Attenuation along the beam at each energy.
    if found is None:
        return [brick * mu for mu in BRICK.astype(np.float32)]
    left = np.clip(brick - found.thinner, 0, None)
    filling = STEEL if found.steel else ORGANIC
    pairs = zip(BRICK, filling, strict=True)
    return [(left * mu + found.filled * other).astype(np.float32) for mu, other in pairs]


def _transmitted(lines: list[Map]) -> Map:
    # Share of photons that arrive, blurred by the focal spot and veiled by scatter.
    beam = np.zeros_like(lines[0])
    for weight, line in zip(WEIGHTS.astype(np.float32), lines, strict=True):
        beam += weight * np.exp(-line)
    beam = cv2.GaussianBlur(beam, (0, 0), PSF_SIGMA)
    veil: Map = cv2.GaussianBlur(beam, (0, 0), SCATTER_SIGMA)
    arrived: Map = (1 - SCATTER) * beam + SCATTER * veil
    return arrived


class _Camera:
    """Detector and tube of one recording: a fixed gain pattern, flicker from frame to frame."""

    def __init__(self, rng: Rng, flaw: Flaw) -> None:
        self.rng, self.flaw = rng, flaw
        self.photons = PHOTONS / 3 if flaw == Flaw.LOW_DOSE else PHOTONS
        fine = rng.standard_normal((HEIGHT, WIDTH)) * 0.006
        broad = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH)), (0, 0), 25)
        columns = rng.standard_normal((1, WIDTH)) * 0.004
        self.gain = (1 + fine + 0.01 * broad / broad.std()) * (1 + columns)

    def shoot(self, lines: list[Map]) -> NDArray[np.uint8]:
        beam = _transmitted(lines)
        if self.flaw == Flaw.BLUR:
            small = cv2.resize(beam, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            beam = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        flicker = self.rng.normal(1, 0.006)
        counted = self.rng.poisson(np.clip(beam * self.gain * self.photons * flicker, 0, None))
        counted = counted + self.rng.normal(0, ELECTRONIC, beam.shape)
        exposed = 25.0 if self.flaw == Flaw.SATURATED else 1.0
        share = np.clip(counted / PHOTONS * exposed, 3e-3, 1.2)
        shown: NDArray[np.uint8] = np.clip(255 * (1 + np.log(share) / 5), 0, 255).astype(np.uint8)
        return shown


def _visible_defect(
    rng: Rng, kind: str, brick: Map, amplitude: float, least: float
) -> tuple[Defect, float]:
    """Draw defects until one reaches the visibility `least`; return the best one otherwise."""
    clean = np.log(_transmitted(_line_integrals(brick, None)))
    solid = brick > 5
    thick, through = float(np.median(brick[solid])), float(np.exp(np.median(clean[solid])))
    power = _noise_spectrum(amplitude, thick, through, brick.shape)
    best: tuple[Defect | None, float] = (None, -1.0)
    for _ in range(TRIES):
        drawn = bricks.defect(rng, kind, brick)
        signal = np.log(_transmitted(_line_integrals(brick, drawn))) - clean
        spectrum = np.abs(np.fft.rfft2(signal * solid)) ** 2
        twice = np.full(spectrum.shape[1], 2.0)  # rfft2 leaves out the mirrored half
        twice[0] = 1.0
        index = float(np.sqrt((spectrum * twice / power).sum() / signal.size))
        if index > best[1]:
            best = (drawn, index)
        if index >= least:
            break
    if best[0] is None:
        raise AssertionError("at least one defect was drawn")
    return best[0], best[1]


def _noise_spectrum(
    amplitude: float, thick: float, through: float, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    # Power of texture and photon noise in the log image at each frequency of `rfft2`.
    beam = WEIGHTS * np.exp(-BRICK * thick)
    effective = float((beam * BRICK).sum() / beam.sum()) * (1 - SCATTER)
    f2 = np.fft.fftfreq(shape[0])[:, None] ** 2 + np.fft.rfftfreq(shape[1])[None, :] ** 2
    blur = np.exp(-4 * np.pi**2 * PSF_SIGMA**2 * f2)
    grain = bricks.texture_spectrum(amplitude, shape) * (effective * thick) ** 2 * blur
    photons = (1 / (PHOTONS * through) + (ELECTRONIC / (PHOTONS * through)) ** 2) / FRAMES_SEEN
    return grain + photons
