"""What the products of a set are, by what people said of them; who agrees with whom."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from kamp.models import (
    Clip,
    Dataset,
    Duplicate,
    Inspection,
    InspectionModel,
    InspectorDecision,
    Label,
    Product,
)
from kamp.rules.rates import kappa
from kamp.states import ClipState, Mark, Split

LATEST = 20
SPLIT_ORDER = (Split.TRAIN, Split.VALIDATION, Split.TEST)


@dataclass(frozen=True)
class Truth:
    """What a product is held to be: one mark, or a disagreement."""

    mark: str
    defect: str
    by: int
    agreed: bool


@dataclass(frozen=True)
class Agreement:
    """How two labellers agree on the products that both have seen."""

    n: int
    same: int
    kappa: float | None


def truths(products: QuerySet[Product]) -> dict[int, Truth]:
    """What each labelled product is: the latest word of everybody who spoke, if they agree."""
    said: dict[int, dict[int | None, Label]] = defaultdict(dict)
    rows = Label.objects.filter(product__in=products.order_by().values("pk")).order_by("pk")
    for row in rows.only("product_id", "mark", "defect", "by_id"):
        said[row.product_id][row.by_id] = row
    found = {}
    for pk, words in said.items():
        last = max(words.values(), key=lambda row: row.pk)
        agreed = len({row.mark for row in words.values()}) == 1
        found[pk] = Truth(last.mark, last.defect, len(words), agreed)
    return found


def agreement(dataset: Dataset) -> Agreement:
    """Compare the two first people who labelled the same products; Cohen's kappa."""
    words: dict[int, dict[int, str]] = defaultdict(dict)
    rows = Label.objects.filter(product__dataset=dataset, by__isnull=False).order_by("pk")
    for product, by, mark in rows.values_list("product_id", "by_id", "mark"):
        words[product][by] = mark
    pairs = [tuple(list(marks.values())[:2]) for marks in words.values() if len(marks) > 1]
    same = sum(one == other for one, other in pairs)
    found = kappa([one for one, _ in pairs], [other for _, other in pairs])
    return Agreement(len(pairs), same, found)


def usable(dataset: Dataset) -> QuerySet[Clip]:
    """Clips that training may use: extracted and not left out."""
    return Clip.objects.filter(
        product__dataset=dataset, state=ClipState.READY, left_out_at=None
    ).exclude(vector=None)


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


def open_duplicates(dataset: Dataset) -> QuerySet[Duplicate]:
    """Pairs of the same picture of which neither is left out."""
    return (
        Duplicate.objects.filter(dataset=dataset, first__left_out_at=None, second__left_out_at=None)
        .select_related("first__product", "second__product")
        .order_by("pk")
    )


def latest_decisions(inspections: Iterable[int]) -> dict[int, InspectorDecision]:
    """The latest word of an inspector on each inspection."""
    rows = InspectorDecision.objects.filter(inspection__in=list(inspections)).select_related("by")
    return {row.inspection_id: row for row in rows.order_by("pk")}


def latest_normals(model: InspectionModel) -> list[Inspection]:
    """The latest judged products that a person holds to be normal, whatever the model said.

    Those it was fitted to are left out: they lie nearer than new ones ever will.
    """
    fitted = {row["serial"] for row in model.manifest if row["split"] == Split.TRAIN}
    rows = list(
        model.inspections.filter(clip__vector__isnull=False)
        .select_related("clip__product")
        .order_by("-pk")[: LATEST * 10]
    )
    decided = latest_decisions(row.pk for row in rows)
    products = Product.objects.filter(pk__in=[row.clip.product_id for row in rows])
    known = truths(products)
    found = []
    for row in rows:
        word = decided.get(row.pk)
        truth = known.get(row.clip.product_id)
        mark = word.mark if word else truth.mark if truth and truth.agreed else ""
        if mark == Mark.NORMAL and row.clip.product.serial not in fitted:
            found.append(row)
    return found[:LATEST]


def new_normals(model: InspectionModel) -> list[dict[str, Any]]:
    """Normal products that came after the model's own, for its recalibration."""
    own = {row["serial"] for row in model.manifest}
    last = max((row["clip"] for row in model.manifest), default=0)
    rows = listed(usable(model.dataset).filter(pk__gt=last), truths(model.dataset.products.all()))
    return [row for row in rows if row["serial"] not in own and not row["kind"]]
