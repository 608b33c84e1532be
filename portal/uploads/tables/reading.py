"""One reader of uploaded tables: a header and lines of text, each cell with its address."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from portal.core.errors import BadInput
from portal.uploads.tables import cells, delimited, workbooks

MOST_FAULTS = 5  # of one kind told for a line
_SHOWN = 300  # characters of a list of names in a message


@dataclass(frozen=True, slots=True)
class Line:
    """A line: {column: text} and its faults, each beginning with the cell it is in."""

    number: int
    texts: Mapping[str, str]
    faults: tuple[str, ...]
    letters: Mapping[str, str]  # {column: its letters in the spreadsheet}

    def at(self, column: str) -> str:
        """Return a cell's address as the spreadsheet shows it, such as B12."""
        return f"{self.letters[column]}{self.number}"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its sheet (empty for a CSV), its columns in their order, and its lines."""

    sheet: str
    header: tuple[str, ...]
    lines: Iterator[Line]


@dataclass(frozen=True, slots=True)
class _Header:
    number: int
    columns: dict[int, str]  # {place: name}
    letters: dict[str, str]  # {name: letters}


def read(file: IO[bytes], extension: str, *, columns: Mapping[str, bool], limit: int) -> Table:
    """Read a CSV, or the first visible sheet of an XLSX whose first row has the `columns`.

    `columns` are {name: whether it is needed}; names are compared without spaces. Empty lines are
    skipped. A line that does not have the header's shape, and a cell without a readable value, are
    faults of the line. Raises BadInput, also while the lines are read: table_empty, table_header (a
    column is missing, unknown, unnamed or repeated), table_too_long (more than `limit` lines),
    table_unreadable.
    """
    known = {_bare(name): name for name in columns}
    if extension == "xlsx":
        return _of_workbook(file, known, columns, limit)
    rows = delimited.rows(file.read(), lambda header: not _lacking(_named(header, known), columns))
    first = next((row for row in rows if any(map(str.strip, row[1]))), None)
    if first is None:
        raise _empty()
    header = _header(first[0], dict(enumerate(first[1])), {}, known, columns)
    width = len(first[1])
    lines = (
        _line(header, number, *_cells(row), given=len(row), width=width)
        for number, row in rows
        if any(map(str.strip, row))
    )
    return Table("", tuple(header.columns.values()), _counted(lines, limit))


def _of_workbook(
    file: IO[bytes], known: Mapping[str, str], columns: Mapping[str, bool], limit: int
) -> Table:
    book = workbooks.opened(file)
    refused: BadInput | None = None
    for sheet in book.sheets:
        rows = book.rows(sheet)
        try:
            first = next(rows, None)
            if first is None:
                raise _empty()
            header = _header(first.number, first.texts, first.faults, known, columns)
        except BadInput as fault:
            refused = refused or fault
            continue
        lines = (_line(header, row.number, row.texts, row.faults) for row in rows)
        return Table(sheet.name, tuple(header.columns.values()), _counted(lines, limit))
    if refused is None or len(book.sheets) == 1:
        raise refused or _empty()
    raise BadInput(
        f"열 이름이 맞는 시트가 없습니다. 첫 시트 ‘{book.sheets[0].name}’: {refused.message}"[
            :_SHOWN
        ],
        code=refused.code,
    )


def _header(
    number: int,
    texts: Mapping[int, str],
    faults: Mapping[int, str],
    known: Mapping[str, str],
    columns: Mapping[str, bool],
) -> _Header:
    for place, fault in faults.items():
        raise BadInput(f"{cells.letters(place)}{number}: {fault}", code="table_header")
    shown = {place: cells.clean(text).replace("\n", " ") for place, text in texts.items()}
    found = {place: known.get(_bare(text), text) for place, text in shown.items() if text}
    if not found:
        raise _empty()
    names = list(found.values())
    lacking = _lacking(names, columns)
    unknown = [name for name in dict.fromkeys(names) if name not in columns]
    twice = [name for name, count in Counter(names).items() if count > 1 and name in columns]
    parts = [f"없는 열: {', '.join(lacking)}." if lacking else ""]
    parts.append(f"알 수 없는 열: {', '.join(unknown)}." if unknown else "")
    parts.append(f"두 번 나오는 열: {', '.join(twice)}." if twice else "")
    if said := " ".join(part for part in parts if part):
        raise BadInput(said[:_SHOWN], code="table_header")
    letters = {name: cells.letters(place) for place, name in found.items()}
    return _Header(number, found, letters)


def _line(
    header: _Header,
    number: int,
    texts: Mapping[int, str],
    faults: Mapping[int, str],
    *,
    given: int = 0,
    width: int = 0,
) -> Line:
    wrong = sorted(faults.items())[:MOST_FAULTS]
    said = [f"{cells.letters(place)}{number}: {fault}" for place, fault in wrong]
    if given != width:
        said.append(
            f"열 이름은 {width}칸인데 이 줄은 {given}칸입니다. 쉼표나 따옴표가 빠지거나 더 들어갔는지 "
            "확인해 주세요."
        )
    else:
        said += [
            f"{cells.letters(place)}{number}: 열 이름이 없는 칸에 값이 있습니다."
            for place in sorted(texts.keys() - header.columns.keys())[:MOST_FAULTS]
        ]
    found = {name: texts.get(place, "") for place, name in header.columns.items()}
    return Line(number, found, tuple(said), header.letters)


def _counted(lines: Iterator[Line], limit: int) -> Iterator[Line]:
    count = 0
    for line in lines:
        if not line.faults and not any(line.texts.values()):
            continue
        count += 1
        if count > limit:
            raise BadInput(f"한 번에 {limit:,}줄까지 올릴 수 있습니다.", code="table_too_long")
        yield line


def _cells(row: Sequence[str]) -> tuple[dict[int, str], dict[int, str]]:
    texts: dict[int, str] = {}
    faults: dict[int, str] = {}
    for place, cell in enumerate(row):
        if cell and (text := cells.clean(cells.unescaped(cell) if "_x000D_" in cell else cell)):
            if fault := cells.fault_of(text):
                faults[place] = fault
            else:
                texts[place] = text
    return texts, faults


def _named(header: Sequence[str], known: Mapping[str, str]) -> list[str]:
    return [known.get(_bare(cells.clean(cell)), cell) for cell in header]


def _lacking(names: Sequence[str], columns: Mapping[str, bool]) -> list[str]:
    return [name for name, needed in columns.items() if needed and name not in names]


def _bare(name: str) -> str:
    return "".join(name.split())


def _empty() -> BadInput:
    return BadInput("표가 비어 있습니다. 첫 줄에 열 이름을 적어 주세요.", code="table_empty")
