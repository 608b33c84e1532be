"""Manifests: the products that a model would be trained on."""

from collections import Counter
from typing import Any

from django.db.models import QuerySet

from kamp.models import Clip, Dataset, InspectionModel
from kamp.queries.clips import usable
from kamp.queries.labelling import Truth, truths
from kamp.states import Mark, Split


def manifest(dataset: Dataset) -> list[dict[str, Any]]:
    """List what a model would learn from, by serial.

    One row for the first usable clip of each product with an agreed label: serial, clip (id),
    sha256, split, kind ("" for a normal product) and size (µm, None if unknown).
    """
    return _rows(usable(dataset), truths(dataset.products.all()))


def manifest_counts(dataset: Dataset) -> dict[str, dict[str, int]]:
    """Count the normal and defective products of the manifest, by split."""
    found: dict[str, dict[str, int]] = {split: Counter() for split in Split}
    for row in manifest(dataset):
        found[row["split"]]["defect" if row["kind"] else "normal"] += 1
    return found


def new_normals(model: InspectionModel) -> list[dict[str, Any]]:
    """List normal products uploaded after those of the model, as manifest rows."""
    own = {row["serial"] for row in model.manifest}
    last = max((row["clip"] for row in model.manifest), default=0)
    rows = _rows(usable(model.dataset).filter(pk__gt=last), truths(model.dataset.products.all()))
    return [row for row in rows if row["serial"] not in own and not row["kind"]]


def _rows(clips: QuerySet[Clip], labels: dict[int, Truth]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    columns = ("pk", "sha256", "product_id", "product__serial", "product__split",
               "product__true_size_mm")  # fmt: skip
    for pk, sha256, product, serial, split, size in clips.order_by("pk").values_list(*columns):
        truth = labels.get(product)
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
