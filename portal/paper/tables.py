"""Export and import of tables: CSV and XLSX, without formulas."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from urllib.parse import quote

import openpyxl
from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest, StreamingHttpResponse
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from portal.core.clock import KST
from portal.core.errors import BadInput
from portal.core.validators import for_xml

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n", "|", "%")
BOM = "\ufeff"  # Excel reads UTF-8 only after it
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LARGEST_CELL = 32_767  # characters; what a spreadsheet holds
MOST_LINES = 1_048_576  # of a sheet
MOST_COLUMNS = 200  # read of a sheet; none of our tables has as many


def safe(value: object) -> str:
    """Return a cell's text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(KST):%Y-%m-%d %H:%M:%S}"
    text = str(value)
    if isinstance(value, int | Decimal) or not text.lstrip().startswith(FORMULA):
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

    Rows are written as they come: memory does not grow with them.
    """
    book = openpyxl.Workbook(write_only=True)
    for name, header, rows in sheets:
        sheet = book.create_sheet(name[:31])
        sheet.append([_cell(sheet, title, bold=True) for title in header])
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        return file.read()


def _cell(sheet: Any, value: object, *, bold: bool = False) -> Any:
    number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    cell = WriteOnlyCell(sheet, value=value if number else _printable(value))
    if not number:
        cell.data_type = "s"  # text, whatever it begins with
    if bold:
        cell.font = Font(bold=True)
    return cell


def _printable(value: object) -> str:
    if isinstance(value, datetime):
        return safe(value)
    if value is None:
        return ""
    return for_xml(str(value)[:LARGEST_CELL], keep="\t\n")


def read(file: IO[bytes], extension: str, *, limit: int) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a CSV (UTF-8, or CP949 as Korean spreadsheets write it) or the first sheet of an XLSX.

    Yields (line number as the user sees it, {header: text}); empty lines are skipped. The file must
    have passed `portal.uploads.files.inspect`. Raises BadInput: table_empty, table_header (a header is
    missing or repeated), table_too_long (more than `limit` rows), table_unreadable.
    """
    lines = _xlsx_lines(file) if extension == "xlsx" else _csv_lines(file)
    _, header = next(lines, (0, []))
    if not any(header):
        raise BadInput("표가 비어 있습니다. 첫 줄에 열 이름을 적어 주세요.", code="table_empty")
    names = [name for name in header if name]
    if len(set(names)) < len(names) or len(names) < len(header):
        raise BadInput("열 이름이 비었거나 두 번 나옵니다.", code="table_header")
    count = 0
    for number, cells in lines:
        if not any(cells):
            continue
        count += 1
        if count > limit:
            raise BadInput(f"한 번에 {limit:,}줄까지 올릴 수 있습니다.", code="table_too_long")
        padded = [*cells, *[""] * (len(header) - len(cells))]
        yield number, dict(zip(header, padded, strict=False))


def _csv_lines(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    raw = file.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("cp949")
        except UnicodeDecodeError as unreadable:
            raise BadInput("글자를 읽을 수 없습니다.", code="table_unreadable") from unreadable
    if "\0" in text:  # no database keeps it
        raise BadInput("글자가 아닌 것이 들어 있어 표를 읽을 수 없습니다.", code="table_unreadable")
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for row in reader:
            yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as broken:
        raise BadInput("표를 읽을 수 없습니다.", code="table_unreadable") from broken


def _xlsx_lines(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except (ValueError, KeyError, OSError) as broken:
        raise BadInput("표를 읽을 수 없습니다.", code="table_unreadable") from broken
    try:
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()  # what the file claims about its size costs nothing
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            if number > MOST_LINES:
                raise BadInput("표의 줄 번호가 너무 큽니다.", code="table_too_long")
            cells = [_text(value) for value in row[:MOST_COLUMNS]]
            while cells and not cells[-1]:
                cells.pop()
            yield number, cells
    finally:
        book.close()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value).replace("\0", "").strip()
