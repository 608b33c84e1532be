"""Benchmark on real solar-cell images (ELPV, CC BY-NC-SA 4.0); needs the optional package.

2,624 electroluminescence cells, each with a probability of being defective. The images are never
part of this project. A cell counts as defective above one half, as in the paper's evaluation.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from kamp.vision.determinism import deterministic
from kamp.vision.errors import ExtraMissing
from kamp.vision.evidence.features import line_kernel

try:
    from elpv_dataset.utils import load_dataset
except ImportError:  # the extra is optional
    load_dataset = None

PUBLISHED_HANDMADE, PUBLISHED_CNN = 0.8244, 0.8842  # Deitsch et al., accuracy with weights
LICENCE = "CC BY-NC-SA 4.0, Buerhop-Lutz, Deitsch, Maier et al."
SIDE = 150  # pixels to which a cell is scaled
DOUBTFUL = 0.5  # weight of a cell whose experts did not agree
SCALES = (1.0, 1.6, 2.6, 4.2, 6.8)
LINES = ((13.0, 1.2), (25.0, 1.8))  # length and sigma, pixels
DIRECTIONS = 8
TAILS = (0.999, 0.99, 0.95, 0.5, 0.05, 0.01, 0.001)
GRID, BINS = 5, 9  # of the histograms of edge directions
NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


@dataclass(frozen=True)
class ElpvResult:
    """Figures of the held-out quarter."""

    n_train: int
    n_test: int
    correct: int
    auroc: float
    missed: int
    defective: int
    rejected: int
    seconds: float


def available() -> bool:
    return load_dataset is not None


def load() -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.str_]]:
    """Return images (2624, 300, 300), probabilities and cell types. Raises ExtraMissing."""
    if load_dataset is None:
        raise ExtraMissing
    images, probabilities, kinds = load_dataset()
    return images, probabilities, kinds


def measure(
    *, seed: int = 0, tick: Callable[[int, int], None] = lambda done, total: None
) -> ElpvResult:
    """Train on three quarters, measure on one. Raises ExtraMissing."""
    images, probabilities, kinds = load()
    began = time.perf_counter()
    described = []
    with deterministic():
        for number, (image, kind) in enumerate(zip(images, kinds, strict=True)):
            described.append(describe(image, mono=bool(kind == "mono")))
            if number % 100 == 0:
                tick(number, len(images))
        pairs = zip(kinds, probabilities, strict=True)
        strata = [f"{kind} {probability:.2f}" for kind, probability in pairs]
        rows = np.arange(len(images))
        fit, held = train_test_split(rows, test_size=0.25, random_state=seed, stratify=strata)
        scores = _vote(np.stack(described), probabilities, fit, held)
    truth = probabilities[held] > 0.5
    called = scores > 0.5
    tick(len(images), len(images))
    return ElpvResult(
        len(fit),
        len(held),
        int((called == truth).sum()),
        float(roc_auc_score(truth, scores)),
        int((~called & truth).sum()),
        int(truth.sum()),
        int((called & ~truth).sum()),
        time.perf_counter() - began,
    )


def _vote(
    vectors: NDArray[np.float32],
    probabilities: NDArray[np.float64],
    fit: NDArray[np.int64],
    held: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the mean answer of three classifiers of different kinds: (held,) 0 to 1."""
    bad = probabilities[fit] > 0.5
    sure = np.isin(probabilities[fit].round(2), (0.0, 1.0))
    weight = np.where(sure, 1.0, DOUBTFUL)
    machine = make_pipeline(StandardScaler(), SVC(C=3, gamma=0.0008))
    machine.fit(vectors[fit], bad, svc__sample_weight=weight)
    trees = ExtraTreesClassifier(400, min_samples_leaf=2, max_features=0.2, random_state=0)
    trees.fit(vectors[fit], bad, sample_weight=weight)
    boosted = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=10, l2_regularization=1.0, random_state=0
    )
    boosted.fit(vectors[fit], bad, sample_weight=weight)
    answers = [
        1 / (1 + np.exp(-2 * machine.decision_function(vectors[held]))),
        trees.predict_proba(vectors[held])[:, 1],
        boosted.predict_proba(vectors[held])[:, 1],
    ]
    mean: NDArray[np.float64] = np.mean(answers, axis=0)
    return mean


def describe(image: NDArray[np.uint8], *, mono: bool) -> NDArray[np.float32]:
    """Return the features of one cell (h, w), float32."""
    cell = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    usual = float(np.median(cell)) + 1
    cell /= usual
    local = cell - cv2.GaussianBlur(cell, (0, 0), 12)
    # Bus bars and fingers run along rows and columns: without them only defects and texture remain.
    flat = local - np.median(local, axis=1, keepdims=True)
    flat -= np.median(flat, axis=0, keepdims=True)
    blurred = [flat, *(cv2.GaussianBlur(flat, (0, 0), sigma) for sigma in SCALES)]
    numbers = [usual, float(mono), *_layout(cell), *_pooled(cell), *_pooled(local), *_pooled(flat)]
    for first, second in pairwise(blurred):
        numbers += _pooled(first - second)
    for length, sigma in LINES:
        numbers += _lines(blurred[1], length, sigma)
    for sigma in (0.0, 1.5, 3.0):
        numbers += _pattern(cv2.GaussianBlur(cell, (0, 0), sigma) if sigma else cell)
    return np.array([*numbers, *_directions(blurred[1])], np.float32)


def _pooled(picture: NDArray[np.float32]) -> list[float]:
    ranked = np.sort(picture.ravel())
    last = len(ranked) - 1
    return [
        float(ranked[-5:].mean()),
        *(float(ranked[int(last * tail)]) for tail in TAILS),
        float(ranked.std()),
    ]


def _layout(cell: NDArray[np.float32]) -> list[float]:
    small = cv2.resize(cell, (10, 10), interpolation=cv2.INTER_AREA)
    ranked = np.sort(small.ravel())
    sides = [*np.sort(small.mean(0))[:3], *np.sort(small.mean(1))[:3]]
    return [float(one) for one in (*ranked[::9], small.std(), *sides)]


def _lines(smooth: NDArray[np.float32], length: float, sigma: float) -> list[float]:
    angles = np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    answers = np.stack([cv2.filter2D(smooth, -1, _kernel(length, sigma, a)) for a in angles])
    dark = np.quantile(np.maximum(-answers, 0), 0.995, axis=(1, 2))
    return [
        *_pooled(answers.max(0)),
        *_pooled((-answers).max(0)),
        *np.abs(answers).mean((1, 2)).tolist(),
        *np.sort(dark).tolist(),
    ]


@lru_cache(maxsize=64)
def _kernel(length: float, sigma: float, angle: float) -> NDArray[np.float32]:
    return line_kernel(length, sigma, angle)


def _pattern(cell: NDArray[np.float32]) -> list[float]:
    """Return the histogram of uniform local binary patterns, 59 square-rooted shares."""
    middle = cell[1:-1, 1:-1]
    code = np.zeros(middle.shape, np.uint8)
    rows, columns = cell.shape
    for bit, (down, right) in enumerate(NEIGHBOURS):
        beside = cell[1 + down : rows - 1 + down, 1 + right : columns - 1 + right]
        code |= (beside >= middle).astype(np.uint8) << bit
    counts = np.bincount(_uniform()[code].ravel(), minlength=59) / code.size
    shares: list[float] = np.sqrt(counts).tolist()
    return shares


@lru_cache(maxsize=1)
def _uniform() -> NDArray[np.int64]:
    """Return the bin of each of 256 patterns; those with more than two changes share the last."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    changes = (bits != np.roll(bits, -1, axis=1)).sum(1)
    bins = np.full(256, 58)
    bins[changes <= 2] = np.arange(58)
    return bins


def _directions(smooth: NDArray[np.float32]) -> list[float]:
    """Return mean, maximum and spread of each edge direction over 25 fields, and their strengths."""
    across, down = (cv2.Sobel(smooth, -1, dx, dy) for dx, dy in ((1, 0), (0, 1)))
    strength, angle = cv2.magnitude(across, down), np.arctan2(down, across) % np.pi
    bins = (angle / np.pi * BINS).astype(int) % BINS
    side = SIDE // GRID
    fields = np.array(
        [
            np.bincount(
                bins[y : y + side, x : x + side].ravel(),
                strength[y : y + side, x : x + side].ravel(),
                BINS,
            )
            for y in range(0, SIDE, side)
            for x in range(0, SIDE, side)
        ]
    ) / (side * side)  # fmt: skip
    parts = (fields.mean(0), fields.max(0), fields.std(0), np.sort(fields.sum(1)))
    return [float(one) for part in parts for one in part]
