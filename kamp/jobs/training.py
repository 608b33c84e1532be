"""Training: from stored vectors to an artefact, its thresholds and its measures."""

import json
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kamp.models import Clip, InspectionModel
from kamp.states import ModelMoves, ModelState, Split
from kamp.vision.errors import MeasureRefused
from kamp.vision.evidence.quality import Traits
from kamp.vision.learning import measure
from kamp.vision.learning import model as engine
from kamp.vision.learning.model import Model, Sample
from portal.core.errors import BadInput, MoveNotAllowed
from portal.jobs.progress import Progress
from portal.records import workflow
from portal.uploads import files

LIBRARIES = ("numpy", "scipy", "scikit-learn", "opencv-python-headless", "av")
CURVE = (20, 30, 40, 60, 80, 120, 200, 300)  # numbers of normal products on the learning curve
STAGES = 4


def run(model: InspectionModel, *, now: datetime, progress: Progress) -> InspectionModel:
    """Train on the manifest, measure on the test part, store the artefact.

    Does nothing when the model is trained. Raises TrainingRefused and BadInput (`vector_gone`).
    """
    if model.state != ModelState.TRAINING:
        return model
    progress(0, STAGES, "자료 읽기")
    samples = _samples(model.manifest)
    progress(1, STAGES, "학습")
    trained = _train(model, samples)
    progress(2, STAGES, "시험")
    measures = _measures(trained, samples[Split.TEST], _known_sizes(model.manifest))
    progress(3, STAGES, "배움 곡선")
    measures["learning"] = _learning_curve(samples, seed=model.seed)
    learned = samples[Split.TRAIN] if trained.known_threshold is not None else []
    measures["trained_kinds"] = sorted({one.kind for one in learned if one.kind})
    progress(STAGES, STAGES, "")
    artefact = files.store_bytes(trained.to_bytes())
    try:
        workflow.move(
            model,
            ModelMoves.FINISH,
            by=None,
            now=now,
            changes={
                "artefact": artefact,
                "artefact_sha256": trained.sha256,
                "thresholds": {
                    "known": trained.known_threshold,
                    "anomaly": trained.anomaly_threshold,
                },
                "facts": _facts(trained, samples),
                "measures": _plain(measures),
                "trained_at": now,
            },
        )
    except MoveNotAllowed:  # retired meanwhile, or another worker was faster
        files.discard(artefact)
    return model


def load(model: InspectionModel) -> Model:
    """Read the artefact of a model, without unpickling. Raises ModelUnreadable."""
    with files.open_kept(model.artefact) as artefact:
        return engine.load(artefact.read())


def sample_of(clip: Clip, serial: str, kind: str = "") -> Sample:
    vector = np.frombuffer(bytes(clip.vector or b""), "<f4").astype(np.float32)
    return Sample(serial, vector, Traits(**clip.traits), kind)


def margins(trained: Model, samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Return how far each sample lies beyond the nearer threshold; above 0 it is rejected.

    In standard deviations of normal products: of the anomaly score, and of the known score where
    the model was trained on defects.
    """
    if not samples:
        return np.zeros(0)
    vectors = np.stack([one.vector for one in samples])
    spread = float(trained.arrays["anomaly_usual"][1])
    beyond = (trained.anomaly_score(vectors) - trained.anomaly_threshold) / spread
    if trained.known_threshold is not None:
        beyond = np.fmax(beyond, trained.known_score(vectors) - trained.known_threshold)
    return np.asarray(beyond, np.float64)


def _samples(manifest: Sequence[dict[str, Any]]) -> dict[str, list[Sample]]:
    rows = Clip.objects.in_bulk([row["clip"] for row in manifest])
    samples: dict[str, list[Sample]] = {split: [] for split in Split.values}
    for row in manifest:
        clip = rows.get(row["clip"])
        if clip is None or clip.vector is None:
            raise BadInput("학습할 자료의 파일이 지워졌습니다.", code="vector_gone")
        samples[row["split"]].append(sample_of(clip, row["serial"], row["kind"]))
    return samples


def _train(model: InspectionModel, samples: dict[str, list[Sample]]) -> Model:
    fit, threshold = samples[Split.TRAIN], samples[Split.VALIDATION]
    if model.parent is not None:
        return engine.recalibrate(load(model.parent), fit, threshold)
    return engine.train(fit, threshold, seed=model.seed)


def _facts(trained: Model, samples: dict[str, list[Sample]]) -> dict[str, Any]:
    counts = {
        split: {
            "normal": sum(not one.kind for one in samples[split]),
            "defect": sum(bool(one.kind) for one in samples[split]),
        }
        for split in Split.values
    }
    libraries = {name: version(name) for name in LIBRARIES}
    return {**dict(trained.facts), "libraries": libraries, "counts": counts}


def _known_sizes(manifest: Sequence[dict[str, Any]]) -> dict[str, float]:
    # The known sizes of defects in mm, by serial.
    return {row["serial"]: row["size"] / 1000 for row in manifest if row.get("size")}


def _measures(
    trained: Model, test: Sequence[Sample], known_sizes: dict[str, float]
) -> dict[str, Any]:
    # On products that training never saw.

    # `test` rows hold serial, kind, margin and the size in mm if known.
    beyond = margins(trained, test)
    rows = [
        [one.serial, one.kind, round(float(margin), 6), known_sizes.get(one.serial)]
        for one, margin in zip(test, beyond, strict=True)
    ]
    measures: dict[str, Any] = {"test": rows}
    defective = np.array([bool(one.kind) for one in test], bool)
    try:
        curve = measure.roc(beyond, defective)
        measures["roc"] = {"points": [list(row) for row in curve.points], "auroc": curve.auroc}
    except MeasureRefused:
        measures["roc"] = None
    measures["pod"] = _pod(rows)
    return measures


def _pod(rows: Sequence[Sequence[Any]]) -> dict[str, Any] | None:
    sized = [(row[3], row[2] > 0) for row in rows if row[1] and row[3]]
    try:
        fitted = measure.pod(
            np.array([size for size, _ in sized], np.float64),
            np.array([hit for _, hit in sized], bool),
        )
    except MeasureRefused:
        return None
    return {
        "sizes": list(fitted.sizes),
        "probability": list(fitted.probability),
        "a50": fitted.a50,
        "a90": fitted.a90,
        "n": fitted.n,
    }


def _learning_curve(samples: dict[str, list[Sample]], *, seed: int) -> list[dict[str, Any]]:
    # Models trained on fewer normal products and without any defect label.
    fit = [one for one in samples[Split.TRAIN] if not one.kind]
    threshold = [one for one in samples[Split.VALIDATION] if not one.kind]
    test = samples[Split.TEST]
    points = []
    for count in CURVE:
        if count > len(fit):
            break
        beyond = margins(engine.train(fit[:count], threshold, seed=seed), test)
        flags = [(bool(one.kind), margin > 0) for one, margin in zip(test, beyond, strict=True)]
        points.append(
            {
                "normals": count,
                "caught": sum(hit for bad, hit in flags if bad),
                "defects": sum(bad for bad, _ in flags),
                "rejected": sum(hit for bad, hit in flags if not bad),
                "good": sum(not bad for bad, _ in flags),
            }
        )
    return points


def _plain(measures: dict[str, Any]) -> dict[str, Any]:
    # Convert numbers of numpy, which JSON fields do not take.
    written = json.dumps(measures, default=lambda number: number.item())
    plain: dict[str, Any] = json.loads(written)
    return plain
