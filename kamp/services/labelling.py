"""Labels of products: rows are only added; a part of the products gets a second labeller."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from kamp.models import Clip, Dataset, Label, LabelUndo, Product
from kamp.services.clips import SPLITS
from kamp.services.datasets import check_member
from kamp.services.training import MIN_NORMALS
from kamp.states import ClipState, DefectKind, Mark
from kamp.vision.learning import split
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User

SIDES = ("x", "y", "w", "h")


def needs_second_label(product: Product) -> bool:
    """Tell whether a second person labels it too: a fifth of all products, fixed by the serial."""
    key = bytes.fromhex(product.dataset.split_key)
    digest = hmac.digest(key, f"second:{product.serial}".encode(), hashlib.sha256)
    return digest[0] % 5 == 0


@transaction.atomic
def label(
    product: Product,
    *,
    mark: str,
    by: User | None,
    now: datetime,
    defect: str = "",
    frame: int | None = None,
    box: Mapping[str, int] | None = None,
) -> Label:
    """Add a label; it counts instead of earlier ones of the same person.

    The first label that says what the product is fixes its part of the data set.

    `box` is x, y, w, h in pixels of the clip's frames, on `frame`; `by=None` is the generator of
    synthetic products. Raises NotFound and BadInput (`mark`, `defect_kind`, `box`, `frame`).
    """
    if by is not None:
        check_member(product.dataset.workspace, by)
    if mark not in Mark.values:
        raise BadInput("정상, 불량, 보류 가운데 하나를 골라 주세요.", code="mark")
    if mark != Mark.DEFECT:
        defect, box = "", None
    elif defect not in DefectKind.values:
        raise BadInput("불량이면 종류를 골라 주세요.", code="defect_kind")
    if box is not None:
        _check_box(product, frame, box)
    if mark != Mark.UNSURE:
        _fix_part(product, defective=mark == Mark.DEFECT)
    return Label.objects.create(
        product=product,
        frame=frame if box is not None else None,
        mark=mark,
        defect=defect,
        box={side: int(box[side]) for side in SIDES} if box is not None else None,
        by=by,
        at=now,
    )


def last_label(dataset: Dataset, by: User) -> Label | None:
    """Return the label that the person gave last in this set, None if it is taken back already."""
    rows = Label.objects.filter(product__dataset=dataset, by=by).select_related("product")
    newest = rows.order_by("-pk").first()
    return None if newest is None or hasattr(newest, "undo") else newest


def undo(dataset: Dataset, *, by: User, now: datetime) -> Product:
    """Take back the person's last label, one step; return its product.

    Raises NotFound and MoveNotAllowed (`nothing_to_undo`).
    """
    check_member(dataset.workspace, by)
    newest = last_label(dataset, by)
    if newest is None:
        raise MoveNotAllowed("되돌릴 라벨이 없습니다.", code="nothing_to_undo")
    LabelUndo.objects.get_or_create(label=newest, defaults={"at": now})
    return newest.product


def _fix_part(product: Product, *, defective: bool) -> None:
    dataset = Dataset.objects.select_for_update().get(pk=product.dataset_id)
    product.refresh_from_db(fields=["split"])
    if product.split:
        return
    normal = dataset.products.filter(labels__mark=Mark.NORMAL, labels__undo=None).distinct()
    part = split.part_of(
        product.serial,
        key=bytes.fromhex(dataset.split_key),
        defective=defective,
        normals={part: normal.filter(split=SPLITS[part]).count() for part in split.Split},
        needed=MIN_NORMALS,
    )
    product.split = SPLITS[part]
    product.save(update_fields=["split"])


def _check_box(product: Product, frame: int | None, box: Mapping[str, int]) -> None:
    clip = product.clips.filter(state=ClipState.READY).order_by("pk").first()
    if clip is None or frame is None or frame not in clip.shown:
        raise BadInput("상자를 그린 프레임을 골라 주세요.", code="frame")
    if not _lies_within(clip, box):
        raise BadInput("상자는 프레임 안에 있어야 합니다.", code="box")


def _lies_within(clip: Clip, box: Mapping[str, int]) -> bool:
    x, y, w, h = (int(box[side]) for side in SIDES)
    columns, rows = int(clip.info["columns"]), int(clip.info["rows"])
    return min(x, y) >= 0 and min(w, h) >= 1 and x + w <= columns and y + h <= rows
