"""Rows of a CSV: any of the encodings and separators that spreadsheets in Korea write."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence

from portal.core.errors import BadInput

Row = tuple[int, list[str]]  # number as a spreadsheet shows it, texts
SEPARATORS = ",;\t|"
_LONGEST_HEADER = 100_000  # characters looked at to find the separator


def rows(raw: bytes, fits: Callable[[Sequence[str]], bool]) -> Iterator[Row]:
    """Yield every row, empty ones as []. `fits` recognises the header and so the separator.

    A row that spans several lines of the file is one row, as in a spreadsheet. Raises BadInput
    (`table_unreadable`): unknown encoding, a quote that is not closed.
    """
    text = decoded(raw)
    start, separator = _separator(text, fits)
    file = io.StringIO(text, newline="")
    if start:
        file.readline()
    number = start
    reader = csv.reader(file, delimiter=separator, strict=True)
    try:
        for cells in reader:
            number += 1
            yield number, cells
    except csv.Error as broken:
        raise _crooked(number + 1) from broken


def decoded(raw: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 or CP949. Raises BadInput (`table_unreadable`)."""
    try:
        text = raw.decode(_encoding(raw))
    except UnicodeDecodeError as unreadable:
        raise BadInput(
            "글자를 읽을 수 없습니다. ‘CSV UTF-8(쉼표로 분리)’ 형식으로 다시 저장해 주세요.",
            code="table_unreadable",
        ) from unreadable
    if "\0" in text:  # no database keeps it
        raise BadInput("글자가 아닌 것이 들어 있어 표를 읽을 수 없습니다.", code="table_unreadable")
    return text


def _encoding(raw: bytes) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "cp949"
    return "utf-8"


def _separator(text: str, fits: Callable[[Sequence[str]], bool]) -> tuple[int, str]:
    # Excel's own hint, `sep=;`, is a line that it does not show; it still counts as row 1.
    first = text[:20].partition("\n")[0]
    hint = first.strip().strip('"').lower()
    if len(hint) == 5 and hint.startswith("sep=") and hint[4] in SEPARATORS:
        return 1, hint[4]
    if first.rstrip("\r\n").lower() == "sep=\t":
        return 1, "\t"
    start = text[:_LONGEST_HEADER]
    for separator in SEPARATORS:
        reader = csv.reader(io.StringIO(start, newline=""), delimiter=separator)
        try:
            header = next((row for row in reader if any(cell.strip() for cell in row)), [])
        except csv.Error:
            continue
        if fits(header):
            return 0, separator
    return 0, ","


def _crooked(number: int) -> BadInput:
    return BadInput(
        f'{number}번째 줄을 읽을 수 없습니다. 그 줄에서 연 따옴표(")가 닫혔는지, 한 칸이 지나치게 '
        "길지 않은지 확인해 주세요.",
        code="table_unreadable",
    )
