"""The model: distance from normal products, and a logistic regression on labelled defects.

The distance (Mahalanobis, Ledoit-Wolf covariance) needs normal products only and finds kinds of
defect nobody has labelled; the regression separates the labelled ones better.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy import stats
from sklearn.covariance import LedoitWolf
from sklearn.linear_model import LogisticRegression

from kamp.vision.determinism import deterministic
from kamp.vision.errors import ModelUnreadable, TrainingRefused
from kamp.vision.evidence import features
from kamp.vision.evidence.quality import Envelope, Traits, envelope
from portal.core.errors import Finding

LEAST_FIT, LEAST_THRESHOLD, LEAST_DEFECTS = 20, 20, 10
FORMAT = 1
REJECTED = 0.005  # share of normal products beyond a threshold, if scores are normally distributed
FARTHEST = 30.0  # robust sigmas at which a feature is clipped
REGULARISATION = 0.01  # C of the logistic regression: many features, few products
LARGEST = 64 * 1024**2  # bytes of an artefact
HEADER = "said"  # name of the member of the archive that holds everything but arrays
STAMP = (1980, 1, 1, 0, 0, 0)  # of every member of the archive: bytes depend on numbers alone

Vectors = NDArray[np.float32]
Scores = NDArray[np.float64]
Arrays = dict[str, NDArray[np.float64]]

NORMAL_ARRAYS = ("centre", "scale", "location", "precision", "anomaly_usual")
DEFECT_ARRAYS = ("mean", "spread", "weights", "known_usual")


@dataclass(frozen=True)
class Sample:
    """One product with its label: `kind` is "" for a normal one, else the defect's name."""

    serial: str
    vector: Vectors
    traits: Traits
    kind: str = ""


@dataclass(frozen=True)
class Model:
    """Everything a verdict needs; immutable, `to_bytes` is canonical.

    `known_threshold` is None when it was trained without defects ("anomaly first").
    """

    arrays: Mapping[str, NDArray[np.float64]]
    known_threshold: float | None
    anomaly_threshold: float
    envelope: Envelope
    facts: Mapping[str, int | float | str]

    def known_score(self, vectors: Vectors) -> Scores:
        """(n, SIZE) -> (n,): likeness to labelled defects (higher is worse; NaN without them).

        In standard deviations of normal products: the regression plus the distance.
        """
        if self.known_threshold is None:
            return np.full(len(vectors), np.nan)
        logit = _standard(_logit(self.arrays, vectors), self.arrays["known_usual"])
        return logit + _standard(self.anomaly_score(vectors), self.arrays["anomaly_usual"])

    def anomaly_score(self, vectors: Vectors) -> Scores:
        """(n, SIZE) -> (n,): log distance from normal products (higher is worse)."""
        return _distance(self.arrays, vectors)

    def flagged(self, vectors: Vectors) -> NDArray[np.bool_]:
        """(n, SIZE) -> (n,): whether the verdict is 불량 or 미지 의심."""
        far = self.anomaly_score(vectors) > self.anomaly_threshold
        if self.known_threshold is None:
            return far
        both: NDArray[np.bool_] = far | (self.known_score(vectors) > self.known_threshold)
        return both

    def to_bytes(self) -> bytes:
        """Return an .npz without pickle; the same training gives the same bytes."""
        header = {
            "format": FORMAT,
            "features": features.VERSION,
            "known_threshold": self.known_threshold,
            "anomaly_threshold": self.anomaly_threshold,
            "envelope": asdict(self.envelope),
            "facts": dict(self.facts),
        }
        encoded = json.dumps(header, sort_keys=True, ensure_ascii=False).encode()
        parts = {**self.arrays, HEADER: np.frombuffer(encoded, np.uint8)}
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(parts):
                held = io.BytesIO()
                np.lib.format.write_array(held, np.ascontiguousarray(parts[name]), version=(1, 0))
                archive.writestr(zipfile.ZipInfo(f"{name}.npy", STAMP), held.getvalue())
        return whole.getvalue()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()


def train(
    fit: Sequence[Sample],
    threshold: Sequence[Sample],
    *,
    seed: int = 0,
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> Model:
    """Train on `fit` (normals, and defects where labelled); set thresholds on `threshold`.

    Of `threshold` only the normals are used. The order of samples does not matter. Raises
    `TrainingRefused`: too_few_fit, too_few_threshold, serial_on_both_sides, vector_size.
    """
    _check(fit, threshold)
    fit, threshold = _ordered(fit), _ordered(threshold)
    tick(0, 3)
    with deterministic():
        arrays = _learn_normal(fit, threshold)
        tick(1, 3)
        known = sum(bool(one.kind) for one in fit) >= LEAST_DEFECTS
        if known:
            arrays |= _learn_defects(fit, threshold, seed)
        tick(2, 3)
        made = _with_thresholds(arrays, threshold, known, fit, seed)
    tick(3, 3)
    return made


def recalibrate(model: Model, fit: Sequence[Sample], threshold: Sequence[Sample]) -> Model:
    """Train on new normals only; the minimum counts and errors are those of `train`.

    Labelled defects of the old model were seen under other conditions and are left out.
    """
    normal = [one for one in fit if not one.kind]
    fresh = train(normal, threshold, seed=int(model.facts["seed"]))
    return Model(
        fresh.arrays,
        fresh.known_threshold,
        fresh.anomaly_threshold,
        fresh.envelope,
        {**fresh.facts, "recalibrated_from": model.sha256},
    )


def load(data: bytes) -> Model:
    """Read an artefact without unpickling. Raises `ModelUnreadable`."""
    if len(data) > LARGEST:
        raise ModelUnreadable
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        header = json.loads(arrays.pop(HEADER).tobytes())
        model = _from_header(arrays, header)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as broken:
        raise ModelUnreadable from broken
    if not _is_sound(model, header):
        raise ModelUnreadable
    return model


def _from_header(arrays: Arrays, header: dict[str, Any]) -> Model:
    seen = header["envelope"]
    ranges = {name: (float(low), float(high)) for name, (low, high) in seen["ranges"].items()}
    return Model(
        arrays,
        header["known_threshold"],
        float(header["anomaly_threshold"]),
        Envelope(tuple(seen["codecs"]), ranges),
        header["facts"],
    )


def _is_sound(model: Model, header: dict[str, Any]) -> bool:
    names = NORMAL_ARRAYS + (DEFECT_ARRAYS if model.known_threshold is not None else ())
    return (
        header["format"] == FORMAT
        and header["features"] == features.VERSION
        and set(names) == set(model.arrays)
        and model.arrays["precision"].shape == (features.SIZE, features.SIZE)
        and all(np.isfinite(part).all() for part in model.arrays.values())
    )


def _check(fit: Sequence[Sample], threshold: Sequence[Sample]) -> None:
    found = []
    normal = sum(not one.kind for one in fit)
    if normal < LEAST_FIT:
        message = f"학습용 정상품이 {LEAST_FIT}개 이상 있어야 합니다. 지금은 {normal}개입니다."
        found.append(Finding("too_few_fit", message))
    held = sum(not one.kind for one in threshold)
    if held < LEAST_THRESHOLD:
        message = (
            f"기준값용 정상품이 {LEAST_THRESHOLD}개 이상 있어야 합니다. 지금은 {held}개입니다."
        )
        found.append(Finding("too_few_threshold", message))
    if {one.serial for one in fit} & {one.serial for one in threshold}:
        message = "같은 제품이 학습용과 기준값용에 함께 있습니다."
        found.append(Finding("serial_on_both_sides", message))
    if any(one.vector.shape != (features.SIZE,) for one in (*fit, *threshold)):
        message = "특징값이 이 버전의 것이 아닙니다. 영상을 다시 분석하세요."
        found.append(Finding("vector_size", message))
    if found:
        raise TrainingRefused(found)


def _ordered(samples: Sequence[Sample]) -> list[Sample]:
    return sorted(samples, key=lambda one: (one.serial, one.kind, one.vector.tobytes()))


def _vectors(samples: Sequence[Sample]) -> Vectors:
    return np.stack([one.vector for one in samples])


def _learn_normal(fit: Sequence[Sample], threshold: Sequence[Sample]) -> Arrays:
    normal = _vectors([one for one in fit if not one.kind]).astype(np.float64)
    low, centre, high = np.quantile(normal, (0.25, 0.5, 0.75), axis=0)
    arrays = {"centre": centre, "scale": np.maximum((high - low) / 1.349, 1e-6)}
    shape = LedoitWolf().fit(_robust(arrays, normal))
    arrays |= {"location": shape.location_, "precision": shape.precision_}
    held = _vectors([one for one in threshold if not one.kind])
    return arrays | {"anomaly_usual": _usual(_distance(arrays, held))}


def _learn_defects(fit: Sequence[Sample], threshold: Sequence[Sample], seed: int) -> Arrays:
    every = _vectors(fit).astype(np.float64)
    bad = np.array([bool(one.kind) for one in fit])
    mean, spread = every.mean(0), np.maximum(every.std(0), 1e-6)
    regression = LogisticRegression(
        C=REGULARISATION, max_iter=3_000, class_weight="balanced", random_state=seed
    ).fit((every - mean) / spread, bad)
    weights = np.r_[regression.coef_[0], regression.intercept_]
    arrays = {"mean": mean, "spread": spread, "weights": weights}
    held = _vectors([one for one in threshold if not one.kind])
    return arrays | {"known_usual": _usual(_logit(arrays, held))}


def _with_thresholds(
    arrays: Arrays, threshold: Sequence[Sample], known: bool, fit: Sequence[Sample], seed: int
) -> Model:
    normal = [one for one in fit if not one.kind]
    held = [one for one in threshold if not one.kind]
    facts: dict[str, int | float | str] = {
        "fit_normals": len(normal),
        "fit_defects": len(fit) - len(normal) if known else 0,
        "threshold_normals": len(held),
        "seed": seed,
        "numpy": np.__version__,
        "scikit_learn": sklearn.__version__,
    }
    seen = envelope([one.traits for one in (*normal, *held)])
    open_ended = Model(arrays, 0.0 if known else None, 0.0, seen, facts)
    vectors = _vectors(held)
    limit = _limit(open_ended.known_score(vectors)) if known else None
    return Model(arrays, limit, _limit(open_ended.anomaly_score(vectors)), seen, facts)


def _limit(scores: Scores) -> float:
    """Return the score that one more normal product exceeds with probability `REJECTED`.

    A one-sided prediction limit: the fewer normals there are, the farther out it lies.
    """
    n = len(scores)
    reach = stats.t.ppf(1 - REJECTED, n - 1) * np.sqrt(1 + 1 / n)
    return float(scores.mean() + reach * scores.std(ddof=1))


def _usual(scores: Scores) -> NDArray[np.float64]:
    return np.array([scores.mean(), max(float(scores.std(ddof=1)), 1e-9)])


def _standard(scores: Scores, usual: NDArray[np.float64]) -> Scores:
    standard: Scores = (scores - usual[0]) / usual[1]
    return standard


def _robust(arrays: Mapping[str, NDArray[np.float64]], vectors: NDArray[Any]) -> Scores:
    return np.clip((vectors - arrays["centre"]) / arrays["scale"], -FARTHEST, FARTHEST)


def _distance(arrays: Mapping[str, NDArray[np.float64]], vectors: Vectors) -> Scores:
    with deterministic():
        apart = _robust(arrays, vectors) - arrays["location"]
        squared = np.einsum("ij,ij->i", apart @ arrays["precision"], apart)
    scores: Scores = np.log(np.maximum(squared, 1e-9))
    return scores


def _logit(arrays: Mapping[str, NDArray[np.float64]], vectors: Vectors) -> Scores:
    with deterministic():
        standard = (vectors - arrays["mean"]) / arrays["spread"]
        scores: Scores = standard @ arrays["weights"][:-1] + arrays["weights"][-1]
    return scores
