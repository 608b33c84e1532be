"""Downloads of long tables: a CSV, or a workbook written as its rows come.

openpyxl keeps a whole file before it gives the first byte: a list of a million rows would keep a
person waiting and fill a disk. This writes the parts of an XLSX file (ECMA-376) with one sheet into a ZIP
archive that is never sought back in.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from io import RawIOBase
from itertools import chain, islice
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from django.db.models import Model
from django.http import HttpRequest, StreamingHttpResponse
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

from portal.core.clock import KST
from portal.paper import tables
from portal.paper.tables import MEASURED, check_single, printable, sheet_name, widths

TOLD_AT = 64 * 1024  # bytes kept before they are sent
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
PLAIN, BOLD, WON, DAY, INSTANT = range(5)  # the styles of `STYLES`, in order
SPACED = re.compile(r"^\s|\s$|\s\s|\n")


def _style(number_format: int, font: int) -> str:
    return (
        f'<xf numFmtId="{number_format}" fontId="{font}" fillId="0" borderId="0" xfId="0"'
        ' applyNumberFormat="1" applyFont="1"/>'
    )


STYLES = f"""{HEAD}<styleSheet xmlns="{MAIN}"><numFmts count="2">
<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>
<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>
<fonts count="2"><font><sz val="11"/><name val="맑은 고딕"/></font>
<font><b/><sz val="11"/><name val="맑은 고딕"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill>
<fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="5">{"".join(_style(*each) for each in ((0, 0), (0, 1), (3, 0), (164, 0), (165, 0)))}</cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""
TYPES = f"""{HEAD}<Types xmlns="{PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>
</Types>"""
ROOT = f"""{HEAD}<Relationships xmlns="{PACKAGE}/relationships">
<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
PARTS = f"""{HEAD}<Relationships xmlns="{PACKAGE}/relationships">
<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>"""


KIND = "as"  # the parameter of the address that asks for a workbook


def table(
    request: HttpRequest,
    model: type[Model],
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    at: datetime,
) -> StreamingHttpResponse:
    """Return a streamed CSV, or XLSX where the address asks for it; the download is logged."""
    if request.GET.get(KIND) != "xlsx":
        return tables.table(request, model, name, header, rows, at=at)
    tables.log_download(request, model, f"XLSX 내려받기: {name}")
    response = StreamingHttpResponse(stream(name, header, rows), content_type=tables.XLSX)
    file_name = quote(f"{name}_{at.astimezone(KST):%Y%m%d_%H%M%S}.xlsx")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{file_name}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


class _Passage(RawIOBase):
    """A file that keeps what is written until it is taken."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.kept += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self.kept)
        self.kept.clear()
        return taken


def stream(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield the bytes of a workbook with one sheet, in constant memory.

    As `tables.xlsx` writes them: text is never a formula, numbers, days and instants keep their type,
    a column of 원 has separators, the header stays in sight and is repeated on paper.
    """
    passage, title = _Passage(), sheet_name(name, set())
    with zipfile.ZipFile(passage, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in (
            ("[Content_Types].xml", TYPES),
            ("_rels/.rels", ROOT),
            ("xl/workbook.xml", _book(title)),
            ("xl/_rels/workbook.xml.rels", PARTS),
            ("xl/styles.xml", STYLES),
        ):
            archive.writestr(path, text)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for line in _sheet(header, rows):
                sheet.write(line.encode())
                if len(passage.kept) >= TOLD_AT:
                    yield passage.take()
    yield passage.take()


def _book(title: str) -> str:
    quoted = escape(title.replace("'", "''"))
    return (
        f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
        f'<sheets><sheet name="{escape(title, {chr(34): "&quot;"})}" sheetId="1" r:id="rId1"/></sheets>'
        f'<definedNames><definedName name="_xlnm.Print_Titles" localSheetId="0">'
        f"'{quoted}'!$1:$1</definedName></definedNames></workbook>"
    )


def _sheet(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    coming = iter(rows)
    first = list(islice(coming, MEASURED))
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, width in enumerate(widths(header, first), start=1)
    )
    yield (
        f'{HEAD}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{columns}</cols><sheetData>"
    )
    names = [get_column_letter(place) for place in range(1, len(header) + 1)]
    won = ["원" in title for title in header]
    yield _row(
        1,
        "".join(_text(f"{name}1", title, BOLD) for name, title in zip(names, header, strict=True)),
    )
    for number, row in enumerate(chain(first, coming), start=2):
        cells = zip(names, row, won, strict=True)
        text = "".join(_cell(f"{name}{number}", value, money) for name, value, money in cells)
        yield _row(number, text)
    yield "</sheetData></worksheet>"


def _row(number: int, cells: str) -> str:
    return f'<row r="{number}">{cells}</row>'


def _cell(place: str, value: object, won: bool) -> str:
    check_single(value)
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        return _number(place, to_excel(value.astimezone(KST).replace(tzinfo=None)), INSTANT)
    if isinstance(value, date):
        return _number(place, to_excel(datetime.combine(value, time())), DAY)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _number(place, value, WON if won else PLAIN)
    return _text(place, printable(value), PLAIN)


def _number(place: str, value: object, style: int) -> str:
    return f'<c r="{place}" s="{style}"><v>{value}</v></c>'


def _text(place: str, value: str, style: int) -> str:
    kept = ' xml:space="preserve"' if SPACED.search(value) else ""
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t{kept}>{escape(value)}</t></is></c>'
