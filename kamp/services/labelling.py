"""Labels of products: rows are only added; a part of the products gets a second labeller."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from kamp.models import Clip, Label, Product
from kamp.services.datasets import check_member
from kamp.states import ClipState, DefectKind, Mark
from portal.core.errors import BadInput
from portal.models import User

SIDES = ("x", "y", "w", "h")


def needs_second_label(product: Product) -> bool:
    """Tell whether a second person labels it too: a fifth of all products, fixed by the serial."""
    key = bytes.fromhex(product.dataset.split_key)
    digest = hmac.digest(key, f"second:{product.serial}".encode(), hashlib.sha256)
    return digest[0] % 5 == 0


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
    return Label.objects.create(
        product=product,
        frame=frame if box is not None else None,
        mark=mark,
        defect=defect,
        box={side: int(box[side]) for side in SIDES} if box is not None else None,
        by=by,
        at=now,
    )


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
