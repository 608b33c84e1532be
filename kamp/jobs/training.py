"""Learning: from stored vectors to an artefact, its thresholds and its measures.

Only jobs import this module: it brings the learning libraries with it.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np

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
LEARNING = (20, 30, 40, 60, 80, 120, 200, 300)
STAGES = 4


def run(model: InspectionModel, *, now: datetime, progress: Progress) -> InspectionModel:
    """Train what the manifest says, measure it on the products set apart, keep the artefact.

    A second run finds it done. Raises TrainingRefused.
    """
    if model.state != ModelState.TRAINING:
        return model
    progress(0, STAGES, "자료 읽기")
    samples = read(model.manifest)
    progress(1, STAGES, "학습")
    trained = _trained(model, samples)
    progress(2, STAGES, "시험")
    measures = measured(trained, samples[Split.TEST], sizes(model.manifest))
    progress(3, STAGES, "배움 곡선")
    measures["learning"] = learning(samples, seed=model.seed)
    learned = samples[Split.TRAIN] if trained.known_threshold is not None else []
    measures["trained_kinds"] = sorted({one.kind for one in learned if one.kind})
    progress(STAGES, STAGES, "")
    data = trained.to_bytes()
    kept = files.store_bytes(data)
    try:
        workflow.move(
            model,
            ModelMoves.FINISH,
            by=None,
            now=now,
            changes={
                "artefact": kept,
                "artefact_sha256": trained.sha256,
                "thresholds": {
                    "known": trained.known_threshold,
                    "anomaly": trained.anomaly_threshold,
                },
                "facts": {
                    **dict(trained.facts),
                    "libraries": {name: version(name) for name in LIBRARIES},
                    "counts": {
                        split: {
                            "normal": sum(not one.kind for one in samples[split]),
                            "defect": sum(bool(one.kind) for one in samples[split]),
                        }
                        for split in Split.values
                    },
                },
                "measures": plain(measures),
                "trained_at": now,
            },
        )
    except MoveNotAllowed:  # retired meanwhile, or another worker was faster
        files.discard(kept)
    return model


def read(manifest: Sequence[dict[str, Any]]) -> dict[str, list[Sample]]:
    """Fetch the samples of a manifest, by their part."""
    rows = Clip.objects.in_bulk([row["clip"] for row in manifest])
    found: dict[str, list[Sample]] = {split: [] for split in Split.values}
    for row in manifest:
        clip = rows.get(row["clip"])
        if clip is None or clip.vector is None:
            raise BadInput("학습할 자료의 파일이 지워졌습니다.", code="vector_gone")
        found[row["split"]].append(sample(clip, row["serial"], row["kind"]))
    return found


def sample(clip: Clip, serial: str, kind: str = "") -> Sample:
    """What training sees of a clip."""
    vector = np.frombuffer(bytes(clip.vector or b""), "<f4").astype(np.float32)
    return Sample(serial, vector, Traits(**clip.traits), kind)


def load(model: InspectionModel) -> Model:
    """Read a model's artefact, never unpickling."""
    with files.private_storage.open(model.artefact) as kept:
        return engine.load(kept.read())


def margins(trained: Model, samples: Sequence[Sample]) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """How far each product is beyond the nearer threshold, in standard deviations of normal ones.

    Above 0 the model objects: one number of the anomaly score and, where defects were learned, the
    known score.
    """
    if not samples:
        return np.zeros(0)
    vectors = np.stack([one.vector for one in samples])
    spread = float(trained.arrays["anomaly_usual"][1])
    found = (trained.anomaly_score(vectors) - trained.anomaly_threshold) / spread
    if trained.known_threshold is not None:
        found = np.fmax(found, trained.known_score(vectors) - trained.known_threshold)
    return np.asarray(found, np.float64)


def plain(measures: dict[str, Any]) -> dict[str, Any]:
    """The same measures without the numbers of numpy, which no JSON takes."""
    written = json.dumps(measures, default=lambda number: number.item())
    told: dict[str, Any] = json.loads(written)
    return told


def sizes(manifest: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The known sizes of defects, by serial."""
    return {row["serial"]: row["size"] / 1000 for row in manifest if row.get("size")}


def measured(
    trained: Model, test: Sequence[Sample], known_sizes: dict[str, float]
) -> dict[str, Any]:
    """Everything the look page draws, from products that training never saw."""
    found = margins(trained, test)
    rows = [
        [one.serial, one.kind, round(float(margin), 6), known_sizes.get(one.serial)]
        for one, margin in zip(test, found, strict=True)
    ]
    told: dict[str, Any] = {"test": rows}
    defective = np.array([bool(one.kind) for one in test], bool)
    try:
        curve = measure.roc(found, defective)
        told["roc"] = {"points": [list(row) for row in curve.points], "auroc": curve.auroc}
    except MeasureRefused:
        told["roc"] = None
    told["pod"] = _pod(rows)
    return told


def _pod(rows: Sequence[Sequence[Any]]) -> dict[str, Any] | None:
    seen = [(row[3], row[2] > 0) for row in rows if row[1] and row[3]]
    try:
        fitted = measure.pod(
            np.array([size for size, _ in seen], np.float64),
            np.array([hit for _, hit in seen], bool),
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


def learning(samples: dict[str, list[Sample]], *, seed: int) -> list[dict[str, Any]]:
    """How good it would be with fewer normal products and no defect label."""
    fit = [one for one in samples[Split.TRAIN] if not one.kind]
    line = [one for one in samples[Split.VALIDATION] if not one.kind]
    test = samples[Split.TEST]
    told = []
    for count in LEARNING:
        if count > len(fit):
            break
        found = margins(engine.train(fit[:count], line, seed=seed), test)
        flags = [(bool(one.kind), margin > 0) for one, margin in zip(test, found, strict=True)]
        told.append(
            {
                "normals": count,
                "caught": sum(hit for bad, hit in flags if bad),
                "defects": sum(bad for bad, _ in flags),
                "rejected": sum(hit for bad, hit in flags if not bad),
                "good": sum(not bad for bad, _ in flags),
            }
        )
    return told


def _trained(model: InspectionModel, samples: dict[str, list[Sample]]) -> Model:
    fit, line = samples[Split.TRAIN], samples[Split.VALIDATION]
    if model.parent is not None:
        return engine.recalibrate(load(model.parent), fit, line)
    return engine.train(fit, line, seed=model.seed)
