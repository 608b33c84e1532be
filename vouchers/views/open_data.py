"""Open data: list of the data sets, download of one."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access.decorators import may_be_older, public, same_for_strangers
from portal.core.clock import now
from portal.paper.tables import csv_lines
from vouchers.queries import open_data


@public
@same_for_strangers()
@require_safe
def data_list(request: HttpRequest) -> HttpResponse:
    context = {
        "sets": open_data.SETS.values(),
        "licence": open_data.LICENCE,
    }
    return render(request, "vouchers/open_data/index.html", context)


@public
@may_be_older
@require_safe
def data_file(request: HttpRequest, name: str, kind: str) -> HttpResponse | StreamingHttpResponse:
    chosen = open_data.SETS.get(name)
    if chosen is None or kind not in ("csv", "json"):
        raise Http404
    rows = chosen.rows()
    header = [field.name for field in chosen.fields]
    if kind == "json":
        body: dict[str, Any] = {
            "name": chosen.name,
            "licence": open_data.LICENCE,
            "made_at": now().isoformat(timespec="seconds"),
            "fields": {field.name: field.meaning for field in chosen.fields},
            "rows": [dict(zip(header, row, strict=True)) for row in rows],
        }
        return JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    lines: Iterator[str] = csv_lines(header, rows, counted=False)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{chosen.name}.csv"'
    return response
