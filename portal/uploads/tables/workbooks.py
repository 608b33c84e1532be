"""Rows of an XLSX, read part by part as a stream; transitional and strict workbooks alike.

No library: openpyxl refuses workbooks for styles that no table needs, does not know the strict form,
and cannot tell a formula without a value from an empty cell.
"""

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import IO
from xml.etree import ElementTree

from portal.core.errors import BadInput
from portal.uploads.tables import cells

MOST_ROWS = 1_048_576  # of a sheet
MOST_COLUMNS = 16_384
MOST_TEXTS = 100_000_000  # characters of all texts of a workbook
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    KeyError,
    LookupError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    ElementTree.ParseError,
    RecursionError,
)
_BUILT_IN_CODES = {9: "0%", 10: "0.00%"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a sheet: {place of a column: text}, and why other cells are refused."""

    number: int
    texts: dict[int, str]
    faults: dict[int, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    part: str


@dataclass(slots=True)
class Workbook:
    """An opened workbook; `sheets` are those that its reader sees, in their order."""

    container: zipfile.ZipFile
    sheets: list[Sheet]
    texts: list[str] = field(default_factory=list)
    codes: list[tuple[bool, str]] = field(default_factory=list)  # of each style: a date, its format
    from_1904: bool = False
    uncomputed: bool = False  # its formulas are computed when it is opened next

    def rows(self, sheet: Sheet) -> Iterator[Row]:
        """Yield the rows that hold something. Raises BadInput (`table_unreadable`)."""
        last = 0
        try:
            with self.container.open(sheet.part) as part:
                for row in _rows(part, self):
                    last = row.number
                    yield row
        except _BROKEN as broken:
            raise _cut(sheet.name, last) from broken


def opened(file: IO[bytes]) -> Workbook:
    """Open a workbook that passed `portal.uploads.files.inspect`. Raises BadInput (`table_unreadable`)."""
    try:
        container = zipfile.ZipFile(file)
        book = _described(container)
    except _BROKEN as broken:
        raise BadInput(
            "엑셀 파일이 손상되었거나 끝까지 저장되지 않아 읽을 수 없습니다. "
            "엑셀에서 열어 다시 저장해 주세요.",
            code="table_unreadable",
        ) from broken
    if not book.sheets:
        raise BadInput(
            "엑셀 파일에 표가 있는 시트가 없습니다. 숨긴 시트와 차트 시트는 읽지 않습니다.",
            code="table_empty",
        )
    return book


def _described(container: zipfile.ZipFile) -> Workbook:
    root = next(
        (
            posixpath.normpath(where.lstrip("/"))
            for kind, where in _relations(container, "").values()
            if kind == "officeDocument"
        ),
        "xl/workbook.xml",
    )
    whole = ElementTree.fromstring(container.read(root))  # noqa: S314 - no DTD passes the inspection
    related = _relations(container, root)
    parts = dict(related.values())
    book = Workbook(container, [])
    for entry in whole.iter():
        name = _name(entry.tag)
        if name == "sheet" and entry.get("state", "visible") == "visible":
            kind, where = related.get(_relation_id(entry), ("", ""))
            if kind == "worksheet":
                book.sheets.append(Sheet(cells.clean(entry.get("name", "")), where))
        elif name == "workbookPr":
            book.from_1904 = entry.get("date1904", "") in ("1", "true")
        elif name == "calcPr":
            book.uncomputed = entry.get("fullCalcOnLoad", "") in ("1", "true")
    if "sharedStrings" in parts:
        book.texts = _texts(container, parts["sharedStrings"])
    if "styles" in parts:
        book.codes = _codes(container, parts["styles"])
    return book


def _relations(container: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return {id: (kind, part)} of what a part refers to."""
    folder, _, name = part.rpartition("/")
    place = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, tuple[str, str]] = {}
    if place not in container.namelist():
        return found
    for entry in ElementTree.fromstring(container.read(place)):  # noqa: S314
        target = entry.get("Target", "").replace("\\", "/")
        where = posixpath.normpath(posixpath.join(folder, target)) if target else ""
        if target.startswith("/"):
            where = posixpath.normpath(target.lstrip("/"))
        kind = entry.get("Type", "").rpartition("/")[2]
        found[entry.get("Id", "")] = (kind, where)
    return found


def _relation_id(entry: ElementTree.Element) -> str:
    return next((value for key, value in entry.items() if _name(key) == "id" and "}" in key), "")


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _texts(container: zipfile.ZipFile, part: str) -> list[str]:
    found: list[str] = []
    total = 0
    with container.open(part) as stream:
        for _, entry in ElementTree.iterparse(stream):  # noqa: S314
            if _name(entry.tag) == "si":
                found.append(_rich(entry))
                total += len(found[-1])
                if total > MOST_TEXTS:
                    raise ValueError("too much text")
                entry.clear()
    return found


def _rich(entry: ElementTree.Element) -> str:
    """Return the text of a string item: its runs, without the reading aid (phonetic) beside them."""
    parts: list[str] = []
    for child in entry:
        name = _name(child.tag)
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            parts += [run.text or "" for run in child if _name(run.tag) == "t"]
    return cells.unescaped("".join(parts))


def _codes(container: zipfile.ZipFile, part: str) -> list[tuple[bool, str]]:
    """Return of each cell style whether it shows dates, and its format; odd ones show plain numbers."""
    try:
        whole = ElementTree.fromstring(container.read(part))  # noqa: S314
    except (ElementTree.ParseError, KeyError):
        raise ValueError("styles") from None
    own = {
        _whole(entry.get("numFmtId")): entry.get("formatCode", "")
        for entry in whole.iter()
        if _name(entry.tag) == "numFmt"
    }
    found: list[tuple[bool, str]] = []
    for group in whole:
        if _name(group.tag) != "cellXfs":
            continue
        for style in group:
            number = _whole(style.get("numFmtId"))
            code = own.get(number, _BUILT_IN_CODES.get(number, ""))
            found.append((cells.is_date(number, code), code))
    return found


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _rows(part: IO[bytes], book: Workbook) -> Iterator[Row]:
    number = 0
    for _, entry in ElementTree.iterparse(part):  # noqa: S314
        name = _name(entry.tag)
        if name == "row":
            given = entry.get("r")
            following = _whole(given) if given else number + 1
            if not number < following <= MOST_ROWS:
                raise ValueError("rows out of order")
            number = following
            row = _row(entry, number, book)
            if row.texts or row.faults:
                yield row
            entry.clear()
        elif name == "mergeCell":
            _refuse_merged(entry.get("ref", ""))


def _refuse_merged(ref: str) -> None:
    # Only the first of merged cells has a value: the others would be read as empty.
    first, _, last = ref.partition(":")
    if last and first != last:
        raise BadInput(
            f"합친 칸({ref[:20]})이 있습니다. ‘셀 병합’을 풀고 칸마다 값을 적어 주세요.",
            code="table_merged",
        )


def _row(entry: ElementTree.Element, number: int, book: Workbook) -> Row:
    texts: dict[int, str] = {}
    faults: dict[int, str] = {}
    column = -1
    for cell in entry:
        if _name(cell.tag) != "c":
            continue
        reference = cell.get("r", "")
        column = cells.column_of(reference.rstrip("0123456789")) if reference else column + 1
        if not 0 <= column < MOST_COLUMNS or column in texts or column in faults:
            raise ValueError("a cell without a place of its own")
        try:
            text = cells.clean(_value(cell, book))
        except _Refused as refused:
            faults[column] = str(refused)
            continue
        if fault := cells.fault_of(text):
            faults[column] = fault
        elif text:
            texts[column] = text
    return Row(number, texts, faults)


class _Refused(Exception):
    """Why a cell has no value that can be read."""


def _value(cell: ElementTree.Element, book: Workbook) -> str:
    kind = cell.get("t", "n")
    value, formula = None, False
    for part in cell:
        name = _name(part.tag)
        if name == "v":
            value = part.text or ""
        elif name == "is":
            return _rich(part)
        elif name == "f":
            formula = True
    if formula and _is_uncomputed(value, kind, book):
        raise _Refused(
            "수식의 계산 결과가 파일에 없습니다. 엑셀에서 열어 저장하거나 ‘값’으로 붙여 넣어 주세요."
        )
    return _read(kind, value, cell.get("s"), book) if value else ""


def _is_uncomputed(value: str | None, kind: str, book: Workbook) -> bool:
    # Writers without a calculator leave no value, or a 0 and the request to compute on opening.
    if not value:
        return value is None or kind not in ("str", "s")
    return book.uncomputed and value == "0"


def _read(kind: str, value: str, style: str | None, book: Workbook) -> str:
    if kind == "s":
        return book.texts[int(value)] if value.strip().isdecimal() else _no_value()
    if kind in ("str", "inlineStr"):
        return cells.unescaped(value)
    if kind == "e":
        raise _Refused(f"‘{value[:20]}’ 오류가 있는 칸입니다. 수식을 고치거나 값을 적어 주세요.")
    if kind == "b":
        return "TRUE" if value.strip() in ("1", "true") else "FALSE"
    if kind == "d":
        return value.removesuffix("T00:00:00").replace("T", " ")
    return _number(value, style, book)


def _no_value() -> str:
    raise _Refused("값을 알 수 없는 칸입니다. 값을 다시 적어 주세요.")


def _number(value: str, style: str | None, book: Workbook) -> str:
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        return _no_value()
    place = _whole(style)
    date, code = book.codes[place] if place < len(book.codes) else (False, "")
    try:
        if date:
            return cells.of_date(number, from_1904=book.from_1904)
        return cells.of_number(number, code)
    except (ValueError, OverflowError):
        raise _Refused(
            "날짜로 볼 수 없는 수입니다. 칸 서식을 확인해 주세요."
            if date
            else "15자리가 넘는 수는 엑셀이 뒷자리를 버립니다. 칸 서식을 ‘텍스트’로 바꾸어 다시 적어 주세요."
        ) from None


def _cut(sheet: str, last: int) -> BadInput:
    return BadInput(
        f"‘{sheet[:31]}’ 시트의 {last}번째 줄 다음을 읽을 수 없습니다. 파일이 손상되었거나 끝까지 "
        "저장되지 않았습니다. 엑셀에서 열어 다시 저장해 주세요.",
        code="table_unreadable",
    )
