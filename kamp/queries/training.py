"""Training."""

from collections import Counter
from typing import Any

from django.db.models import QuerySet

from kamp.models import Clip, Dataset, InspectionModel
from kamp.queries.clips import usable
from kamp.queries.labelling import Truth, truths
from kamp.states import Mark, Split

SPLIT_ORDER = (Split.TRAIN, Split.VALIDATION, Split.TEST)


def manifest(dataset: Dataset) -> list[dict[str, Any]]:
    """What a model would learn from: the first usable clip of each product whose label is agreed."""
    return listed(usable(dataset), truths(dataset.products.all()))


def listed(clips: QuerySet[Clip], known: dict[int, Truth]) -> list[dict[str, Any]]:
    """Write clips with their labels as the plain rows of a manifest, by serial."""
    rows: dict[str, dict[str, Any]] = {}
    columns = ("pk", "sha256", "product_id", "product__serial", "product__split",
               "product__true_size_mm")  # fmt: skip
    for pk, sha256, product, serial, split, size in clips.order_by("pk").values_list(*columns):
        truth = known.get(product)
        if truth is None or not truth.agreed or truth.mark == Mark.UNSURE or serial in rows:
            continue
        rows[serial] = {
            "serial": serial,
            "clip": pk,
            "sha256": sha256,
            "split": split,
            "kind": truth.defect if truth.mark == Mark.DEFECT else "",
            "size": round(size * 1000) if size else None,
        }
    return [rows[serial] for serial in sorted(rows)]


def counts(dataset: Dataset) -> dict[str, dict[str, int]]:
    """How many products of each part could be learned from, by label."""
    found: dict[str, dict[str, int]] = {split: Counter() for split in SPLIT_ORDER}
    for row in manifest(dataset):
        found[row["split"]]["defect" if row["kind"] else "normal"] += 1
    return found


def new_normals(model: InspectionModel) -> list[dict[str, Any]]:
    """Normal products that came after the model's own, for its recalibration."""
    own = {row["serial"] for row in model.manifest}
    last = max((row["clip"] for row in model.manifest), default=0)
    rows = listed(usable(model.dataset).filter(pk__gt=last), truths(model.dataset.products.all()))
    return [row for row in rows if row["serial"] not in own and not row["kind"]]
