"""Labels: only ever added; two people look at a part of the products."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from kamp.models import Clip, Label, Product
from kamp.services.datasets import as_member
from kamp.states import ClipState, DefectKind, Mark
from portal.core.errors import BadInput
from portal.models import User


def in_sample(product: Product) -> bool:
    """Tell whether a second labeller looks at it too: a fifth of all, fixed for ever."""
    key = bytes.fromhex(product.dataset.split_key)
    digest = hmac.digest(key, f"second:{product.serial}".encode(), hashlib.sha256)
    return digest[0] % 5 == 0


SIDES = ("x", "y", "w", "h")


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
    """Say what a product is; a later word of the same person stands in place of the earlier.

    Raises NotFound and BadInput (`mark`, `defect_kind`, `box`, `frame`). `by=None` is the generator
    of synthetic products.
    """
    if by is not None:
        as_member(product.dataset.workspace, by)
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
    inside = fits(clip, box)
    if not inside:
        raise BadInput("상자는 프레임 안에 있어야 합니다.", code="box")


def fits(clip: Clip, box: Mapping[str, int]) -> bool:
    """Tell whether a box lies within the clip's frames."""
    x, y, w, h = (int(box[side]) for side in SIDES)
    columns, rows = int(clip.info["columns"]), int(clip.info["rows"])
    return min(x, y) >= 0 and min(w, h) >= 1 and x + w <= columns and y + h <= rows
