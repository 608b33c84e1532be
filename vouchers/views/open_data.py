"""Open data."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access.decorators import public
from portal.core.clock import now
from portal.paper.tables import csv_lines
from vouchers.queries import open_data as open_data_queries


@public
@require_safe
def open_data(request: HttpRequest) -> HttpResponse:
    """Say what data there are, what each field means, and under which licence."""
    context = {
        "sets": open_data_queries.SETS.values(),
        "licence": open_data_queries.LICENCE,
    }
    return render(request, "vouchers/open_data/index.html", context)


@public
@require_safe
def open_data_file(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """Send a whole data set; its address never changes."""
    chosen = open_data_queries.SETS.get(name)
    if chosen is None or kind not in ("csv", "json"):
        raise Http404
    rows = chosen.rows()
    header = [field.name for field in chosen.fields]
    if kind == "json":
        body: dict[str, Any] = {
            "name": chosen.name,
            "licence": open_data_queries.LICENCE,
            "made_at": now().isoformat(timespec="seconds"),
            "fields": {field.name: field.meaning for field in chosen.fields},
            "rows": [dict(zip(header, row, strict=True)) for row in rows],
        }
        return JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    lines: Iterator[str] = csv_lines(header, rows)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{chosen.name}.csv"'
    return response
