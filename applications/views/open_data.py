"""Open data: the page that describes it, and each data set as JSON and CSV at one address."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import condition, require_safe

from applications.queries.open_data import datasets
from applications.queries.open_data.publication import Dataset, publication
from portal.access.decorators import may_be_older, public, same_for_strangers
from portal.core.clock import KST
from portal.core.errors import NotFound
from portal.paper import tables
from portal.records import audit
from portal.recovery import receipts

FORMATS = {"json": "application/json; charset=utf-8", "csv": "text/csv; charset=utf-8"}


@public
@same_for_strangers()
@may_be_older
@require_safe
def open_data_page(request: HttpRequest) -> HttpResponse:
    heads = audit.heads()
    context = {
        "publication": publication(),
        "datasets": [_with_state(row) for row in publication().datasets],
        "heads": heads,
        "head": audit.combined_head(heads),
        "restored": receipts.newest(),
    }
    return render(request, "applications/open_data/open_data.html", context)


@public
@same_for_strangers()
@may_be_older
@require_safe
def open_data_index(request: HttpRequest) -> JsonResponse:
    return JsonResponse(catalogue(), json_dumps_params={"ensure_ascii": False})


def catalogue() -> dict[str, Any]:
    """Return licence, suppression rule, audit seals, and every data set with its version."""
    published = publication()
    heads = audit.heads()
    return {
        "format": published.format,
        "publisher": published.publisher,
        "licence": published.licence,
        "suppression": {"minimum": published.minimum, "rule": published.rule},
        "audit": {
            "sha256": audit.combined_head(heads),
            "chains": [
                {"chain": row["name"], "number": row["number"], "sha256": row["sha256"]}
                for row in heads
            ],
        },
        "restored": receipts.public(),
        "datasets": [_dataset_json(row) for row in published.datasets],
    }


def _etag(request: HttpRequest, code: str, extension: str) -> str | None:
    try:
        return f'"{datasets.version(code).sha256}-{extension}"'
    except NotFound:
        return None


def _changed(request: HttpRequest, code: str, extension: str) -> datetime | None:
    try:
        return datasets.version(code).updated_at
    except NotFound:
        return None


@public
@same_for_strangers()
@may_be_older
@require_safe
@condition(etag_func=_etag, last_modified_func=_changed)
def open_data_file(request: HttpRequest, code: str, extension: str) -> HttpResponseBase:
    """Stream one data set."""
    try:
        dataset = datasets.find(code)
    except NotFound as error:
        raise Http404 from error
    if extension not in FORMATS:
        raise Http404
    lines = _json(dataset) if extension == "json" else _csv(dataset)
    response = StreamingHttpResponse(lines, content_type=FORMATS[extension])
    response["Access-Control-Allow-Origin"] = "*"
    response["X-Content-Type-Options"] = "nosniff"
    if extension == "csv":
        response["Content-Disposition"] = f'attachment; filename="{code}.csv"'
    return response


def _json(dataset: Dataset) -> Iterator[str]:
    """Yield one object with a row on each line; the count comes last, once it is known."""
    head = {**_dataset_json(dataset), "licence": publication().licence}
    text = json.dumps(head, ensure_ascii=False)
    yield f'{text[:-1]}, "rows": ['
    count = 0
    for row in datasets.rows(dataset.code):
        yield f"{',' if count else ''}\n{json.dumps(row, ensure_ascii=False)}"
        count += 1
    yield f'\n], "count": {count}}}\n'


def _csv(dataset: Dataset) -> Iterator[str]:
    rows = ([row[name] for name in dataset.names] for row in datasets.rows(dataset.code))
    return tables.csv_lines(dataset.names, rows, counted=False)


def _dataset_json(row: Dataset) -> dict[str, Any]:
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


def _with_state(row: Dataset) -> dict[str, Any]:
    return {"described": row, "state": datasets.version(row.code)}
