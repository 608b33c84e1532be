"""Open data: the page that describes it, and each data set as JSON and CSV at one address."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import condition, require_safe

from applications.queries.open_data import datasets
from applications.queries.open_data.publication import Described, publication
from portal.access.decorators import public
from portal.core.clock import KST
from portal.core.errors import NotFound
from portal.paper import tables
from portal.records import audit

FORMATS = {"json": "application/json; charset=utf-8", "csv": "text/csv; charset=utf-8"}


@public
@require_safe
def open_data_page(request: HttpRequest) -> HttpResponse:
    """Describe every data set: fields, state, addresses, licence, the ends of the audit chain."""
    heads = audit.heads()
    context = {
        "publication": publication(),
        "datasets": [_shown(row) for row in publication().datasets],
        "heads": heads,
        "head": audit.combined_head(heads),
    }
    return render(request, "applications/open_data/open_data.html", context)


@public
@require_safe
def open_data_index(request: HttpRequest) -> JsonResponse:
    """The same for programs."""
    return JsonResponse(catalogue(), json_dumps_params={"ensure_ascii": False})


def catalogue() -> dict[str, Any]:
    """Licence, rule of small numbers, and every data set with fields, state and addresses."""
    told = publication()
    heads = audit.heads()
    return {
        "format": told.format,
        "publisher": told.publisher,
        "licence": told.licence,
        "suppression": {"minimum": told.minimum, "rule": told.rule},
        "audit": {
            "sha256": audit.combined_head(heads),
            "chains": [
                {"chain": row["name"], "number": row["number"], "sha256": row["sha256"]}
                for row in heads
            ],
        },
        "datasets": [_described(row) for row in told.datasets],
    }


def _etag(request: HttpRequest, code: str, extension: str) -> str | None:
    try:
        return f'"{datasets.version(code).sha256}-{extension}"'
    except NotFound:
        return None


def _changed(request: HttpRequest, code: str, extension: str) -> Any:
    try:
        return datasets.version(code).updated_at
    except NotFound:
        return None


@public
@require_safe
@condition(etag_func=_etag, last_modified_func=_changed)
def open_data_file(request: HttpRequest, code: str, extension: str) -> HttpResponse:
    """One data set, written as it is read."""
    try:
        found = datasets.described(code)
    except NotFound as absent:
        raise Http404 from absent
    if extension not in FORMATS:
        raise Http404
    lines = _json(found) if extension == "json" else _csv(found)
    response = StreamingHttpResponse(lines, content_type=FORMATS[extension])
    response["Cache-Control"] = "public, no-cache"
    response["Access-Control-Allow-Origin"] = "*"
    response["X-Content-Type-Options"] = "nosniff"
    if extension == "csv":
        response["Content-Disposition"] = f'attachment; filename="{code}.csv"'
    return response


def _json(found: Described) -> Iterator[str]:
    """One object whose rows stand one a line; the count comes last, when it is known."""
    head = {**_described(found), "licence": publication().licence}
    text = json.dumps(head, ensure_ascii=False)
    yield f'{text[:-1]}, "rows": ['
    count = 0
    for row in datasets.rows(found.code):
        yield f"{',' if count else ''}\n{json.dumps(row, ensure_ascii=False)}"
        count += 1
    yield f'\n], "count": {count}}}\n'


def _csv(found: Described) -> Iterator[str]:
    rows = ([_cell(row[name]) for name in found.names] for row in datasets.rows(found.code))
    return tables.csv_lines(found.names, rows, counted=False)


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else value


def _described(row: Described) -> dict[str, Any]:
    state = datasets.version(row.code)
    return {
        "dataset": row.code,
        "title": row.title,
        "summary": row.summary,
        "version": state.sha256,
        "updated_at": state.updated_at.astimezone(KST).isoformat() if state.updated_at else None,
        "json": reverse("open_data_file", args=[row.code, "json"]),
        "csv": reverse("open_data_file", args=[row.code, "csv"]),
        "fields": [
            {"name": field.name, "kind": field.kind, "label": field.label} for field in row.fields
        ],
    }


def _shown(row: Described) -> dict[str, Any]:
    return {"described": row, "state": datasets.version(row.code)}
