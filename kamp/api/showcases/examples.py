"""Examples of the API, from the case of the catalogue; tests compare them with real answers."""

from typing import Any

import yaml
from drf_spectacular.utils import OpenApiExample

from kamp.services.showcases.data_file import FILE

_ROW = yaml.safe_load(FILE.read_text())["showcases"][0]
_LISTED = (
    "title",
    "company",
    "industry",
    "process",
    "equipment",
    "purpose",
    "data_kind",
    "summary",
)
_WHOLE = (
    "company_profile",
    "problem",
    "method_before",
    "method_after",
    "data_note",
    "label_note",
    "experts",
    "event",
    "caveat",
    "source_name",
)


def _metric(row: dict[str, Any]) -> dict[str, Any]:
    example = {key: value for key, value in row.items() if key != "name"}
    for side in ("before", "after"):
        example[side] = None if row[side] is None else str(row[side])
    return {"label": row["name"], **example}


CODE = _ROW["slug"]
_BRIEF = {
    "code": CODE,
    **{name: _ROW[name] for name in _LISTED},
    "published_at": "2021-02-01T09:00:00+09:00",
    "metrics": [_metric(row) for row in _ROW["metrics"]],
}
SHOWCASES = OpenApiExample("사례 목록", response_only=True, value=_BRIEF)
SHOWCASE = OpenApiExample(
    "사례 하나",
    response_only=True,
    value={
        **_BRIEF,
        **{name: _ROW[name] for name in _WHOLE},
        "source_url": _ROW.get("source_url", ""),
        "steps": [{"label": row["title"], "text": row["text"]} for row in _ROW["steps"]],
        "testimonials": [
            {"label": f"{row['speaker_company']} {row['speaker_title']}", "quote": row["quote"]}
            for row in _ROW["testimonials"]
        ],
    },
)
