"""Export of tables: CSV and XLSX, without formulas."""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any
from urllib.parse import quote

import openpyxl
from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest, StreamingHttpResponse
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from portal.core.clock import KST
from portal.core.validators import for_xml

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n", "|", "%")
BOM = "\ufeff"  # Excel reads UTF-8 only after it
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEASURED = 500  # rows looked at for the widths of columns
NARROWEST, WIDEST = 8, 60  # digits
_SHEET_SIGNS = re.compile(r"[\[\]:*?/\\]")
LARGEST_CELL = 32_767  # characters; what a spreadsheet holds


def safe(value: object) -> str:
    """Return a cell's text that no spreadsheet takes for a formula.

    Raises TypeError for a list or a mapping: a cell holds one value.
    """
    check_single(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"{value.astimezone(KST):%Y-%m-%d %H:%M:%S}"
    text = str(value)
    if isinstance(value, int | Decimal) or not text.lstrip().startswith(FORMULA):
        return text
    return f"'{text}"


def check_single(value: object) -> None:
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        raise TypeError(f"a cell holds one value: {value!r:.80}")


def table(
    request: HttpRequest,
    model: type[Model],
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    at: datetime,
) -> StreamingHttpResponse:
    """Return a streamed CSV whose last line counts its rows; the download is logged."""
    log_download(request, model, f"CSV 내려받기: {name}")
    response = StreamingHttpResponse(
        csv_lines(header, rows), content_type="text/csv; charset=utf-8"
    )
    file_name = quote(f"{name}_{at.astimezone(KST):%Y%m%d_%H%M%S}.csv")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{file_name}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def log_download(request: HttpRequest, model: type[Model], what: str) -> None:
    LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(model),
        object_pk="",
        object_repr=what,
        action=LogEntry.Action.ACCESS,
        actor=request.user,
        changes={"query": ["", request.GET.urlencode()]},
    )


class _Echo:
    """A file that returns what is written."""

    def write(self, value: str) -> str:
        return value


def csv_lines(
    header: Sequence[str], rows: Iterable[Sequence[object]], *, counted: bool = True
) -> Iterator[str]:
    """Yield the lines of a CSV; the last one counts the rows if `counted`."""
    writer = csv.writer(_Echo())
    yield BOM + writer.writerow(header)
    count = 0
    for row in rows:
        count += 1
        yield writer.writerow([safe(cell) for cell in row])
    if counted:
        yield writer.writerow(["합계", f"{count}건"])


def xlsx(sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[object]]]]) -> bytes:
    """Return a workbook of (name, header, rows); no cell is ever a formula.

    Numbers, dates and times keep their type; amounts (a column of 원) have separators. The header
    stays in sight and is repeated on paper, columns are as wide as the first MEASURED rows need.
    Rows are written as they come: memory does not grow with them.
    """
    book = openpyxl.Workbook(write_only=True)
    used: set[str] = set()
    for name, header, rows in sheets:
        sheet = book.create_sheet(sheet_name(name, used))
        coming = iter(rows)
        first = list(islice(coming, MEASURED))
        for place, width in enumerate(widths(header, first), start=1):
            sheet.column_dimensions[get_column_letter(place)].width = width
        sheet.freeze_panes = "A2"
        sheet.print_title_rows = "1:1"
        sheet.append([_cell(sheet, title, bold=True) for title in header])
        for row in chain(first, coming):
            sheet.append(
                [
                    _cell(sheet, value, won="원" in title)
                    for title, value in zip(header, row, strict=True)
                ]
            )
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        return file.read()


def sheet_name(name: str, used: set[str]) -> str:
    plain = " ".join(_SHEET_SIGNS.sub(" ", name).split()).strip("'")[:31] or "표"
    chosen, number = plain, 1
    while chosen.casefold() in used:
        number += 1
        chosen = f"{plain[:27]} {number}"
    used.add(chosen.casefold())
    return chosen


def widths(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[float]:
    return [
        min(
            WIDEST,
            max(NARROWEST, *(_width(value) + 2 for value in column)),
        )
        for column in zip(header, *rows, strict=True)
    ]


def _width(value: object) -> int:
    """Return the width of a cell in digits: Hangul and Hanja are two wide."""
    text = f"{value:,}" if isinstance(value, int | Decimal) else safe(value)
    longest = max(text.split("\n"), key=len)
    return sum(2 if ord(letter) > 0x10FF else 1 for letter in longest)


def _cell(sheet: Any, value: object, *, bold: bool = False, won: bool = False) -> Any:
    check_single(value)
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, value=value.astimezone(KST).replace(tzinfo=None))
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
        return cell
    if isinstance(value, date):
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "yyyy-mm-dd"
        return cell
    cell = WriteOnlyCell(sheet, value=value if number else printable(value))
    if not number:
        cell.data_type = "s"  # text, whatever it begins with
    elif won:
        cell.number_format = "#,##0"
    if bold:
        cell.font = Font(bold=True)
    return cell


def printable(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "예" if value else "아니요"
    return for_xml(str(value)[:LARGEST_CELL], keep="\t\n")
