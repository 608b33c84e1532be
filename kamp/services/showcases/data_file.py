"""Showcases from a data file, as drafts of an editor that another one publishes."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from kamp.models import Showcase
from kamp.services.showcases import editing
from portal.core.errors import BadInput
from portal.models import User

FILE = Path(__file__).resolve().parents[2] / "catalogue" / "showcases.yaml"


def load(path: Path, *, by: User, now: datetime) -> list[Showcase]:
    """Create the cases of the file that do not exist yet and submit them for review.

    Returns the new ones. Raises BadInput (`file`) for a file of another shape.
    """
    content = yaml.safe_load(path.read_text())
    rows = content.get("showcases") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise BadInput("사례 자료 파일의 모양이 아닙니다.", code="file")
    made = []
    for row in rows:
        if Showcase.objects.filter(slug=row["slug"]).exists():
            continue
        showcase = editing.create(slug=row["slug"], data=row, parts=_parts(row), by=by, now=now)
        editing.submit(showcase, by=by, now=now)
        made.append(showcase)
    return made


def _parts(row: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {name: list(row.get(name, ())) for name in editing.PARTS}
