"""Tables to take away: streamed, counted on their last line, and harmless in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest, StreamingHttpResponse

from portal.clock import KST

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
BOM = "\ufeff"  # Excel reads UTF-8 only after it


def safe(value: object) -> str:
    """Write a cell so that no spreadsheet takes it for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(KST):%Y-%m-%d %H:%M:%S}"
    text = str(value)
    if isinstance(value, int) or not text.lstrip().startswith(FORMULA):
        return text
    return f"'{text}"


def table(
    request: HttpRequest,
    model: type[Model],
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    at: datetime,
) -> StreamingHttpResponse:
    """Stream a CSV whose last line counts its rows; who took what away is kept."""
    LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(model),
        object_pk="",
        object_repr=f"CSV 내려받기: {name}",
        action=LogEntry.Action.ACCESS,
        actor=request.user,
        changes={"query": ["", request.GET.urlencode()]},
    )
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    file_name = quote(f"{name}_{at.astimezone(KST):%Y%m%d_%H%M%S}.csv")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{file_name}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


class _Echo:
    """A file that hands back what is written."""

    def write(self, value: str) -> str:
        return value


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BOM + writer.writerow(header)
    count = 0
    for row in rows:
        count += 1
        yield writer.writerow([safe(cell) for cell in row])
    yield writer.writerow(["합계", f"{count}건"])
