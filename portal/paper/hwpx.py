"""Documents for the Hangul word processor (HWPX): headings, paragraphs and tables.

The only importer of python-hwpx, an alpha release: every document is opened again before it is
returned.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zipfile import BadZipFile

from hwpx import HwpxDocument

from portal.core.clock import KST
from portal.core.errors import PortalError
from portal.core.validators import for_xml

CONTENT_TYPE = "application/hwp+zip"
# In letters of Latin: a line between the margins, the room beside a cell's words, the least and the
# most that the words of a column count, and the most that one word counts.
LINE, MARGIN, NARROWEST, WIDEST, LONGEST_WORD = 85, 2, 4, 48, 24
LARGEST = 2_000  # rows of one table; the library holds the whole document in memory


class HwpxFailed(PortalError):
    """The document could not be made or does not open again."""

    status = 503
    default_code = "hwpx_failed"
    default_message = "한글 문서를 만들지 못했습니다. 관리자에게 알려 주세요."


@dataclass(frozen=True)
class Heading:
    words: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    words: str


@dataclass(frozen=True)
class Grid:
    """A table; every row is as long as the header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


Part = Heading | Paragraph | Grid


def write(
    parts: Iterable[Part], *, title: str, now: datetime, author: str = "중소벤처기업부"
) -> bytes:
    """Return a document as bytes, with our own title, author and times.

    Raises HwpxFailed when it does not open again with its headings and these.
    """
    parts = list(parts)
    document = HwpxDocument.new()
    _describe(document, for_xml(title), for_xml(author), now)
    for part in parts:
        if isinstance(part, Grid):
            _table(document, part)
        elif isinstance(part, Heading):
            document.add_heading(for_xml(part.words), level=part.level)
        else:
            for words in for_xml(part.words, keep="\t\n").split("\n"):
                document.add_paragraph(words)
    data = document.to_bytes()
    titles = [for_xml(part.words) for part in parts if isinstance(part, Heading)]
    text = read(data)
    if not all(title in text for title in titles) or described(data)["creator"] != for_xml(author):
        raise HwpxFailed()
    return data


def described(data: bytes) -> dict[str, str]:
    """Return what a document says about itself: title, and the metas by name. Raises HwpxFailed."""
    try:
        metadata = _metadata(HwpxDocument.open(io.BytesIO(data)))[1]
    except (ValueError, KeyError, OSError, BadZipFile, StopIteration) as broken:
        raise HwpxFailed() from broken
    return {
        entry.get("name") or entry.tag.rpartition("}")[2]: entry.text or "" for entry in metadata
    }


def read(data: bytes) -> str:
    """Return the text of a document, tables included. Raises HwpxFailed."""
    try:
        return str(HwpxDocument.open(io.BytesIO(data)).text.plain())
    except (ValueError, KeyError, OSError, BadZipFile) as broken:
        raise HwpxFailed() from broken


def _table(document: HwpxDocument, part: Grid) -> None:
    if len(part.rows) > LARGEST:
        raise HwpxFailed(f"한글 문서의 표에는 {LARGEST:,}줄까지 넣을 수 있습니다.")
    lines = [part.header, *part.rows]
    table = document.add_table(len(lines), len(part.header))
    table.set_column_widths(_widths(list(zip(*lines, strict=True))))
    table.element.set("repeatHeader", "1")
    for cell in table.rows[0].cells:
        cell.element.set("header", "1")
    for line, row in enumerate(lines):
        for place, words in enumerate(row):
            several = "\n" in words
            table.set_cell_text(line, place, for_xml(words, keep="\t\n"), split_paragraphs=several)


def _widths(columns: Sequence[Sequence[str]]) -> list[int]:
    """Share the line among columns: each its longest word, what is left by the longest text."""
    least = [
        max(_length(word) for text in column for word in (*text.split(), "")) for column in columns
    ]
    least = [min(max(width, NARROWEST), LONGEST_WORD) + MARGIN for width in least]
    most = [min(max(map(_length, column)), WIDEST) + MARGIN for column in columns]
    wished = [max(0, more - width) for more, width in zip(most, least, strict=True)]
    spare = max(0, LINE - sum(least))
    return [
        width + min(more, spare * more // (sum(wished) or 1))
        for width, more in zip(least, wished, strict=True)
    ]


def _length(words: str) -> int:
    """Return the width in digits: Hangul and Hanja are two wide."""
    return sum(2 if letter > "\u10ff" else 1 for letter in words)


def _describe(document: HwpxDocument, title: str, author: str, now: datetime) -> None:
    # The library keeps the author and the date of the person who made its template.
    instant = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    here = now.astimezone(KST)
    half = "오전" if here.hour < 12 else "오후"
    day = f"{here.year}년 {here.month}월 {here.day}일 {'월화수목금토일'[here.weekday()]}요일"
    known = {
        "creator": author,
        "lastsaveby": author,
        "CreatedDate": instant,
        "ModifiedDate": instant,
        "date": f"{day} {half} {here.hour % 12 or 12}:{here:%M:%S}",
    }
    tree, metadata = _metadata(document)
    for entry in metadata:
        name = entry.get("name") or entry.tag.rpartition("}")[2]
        if name == "title":
            entry.text = title
        elif name in known:
            entry.text = known[name]
    document.package.set_xml(document.package.main_content.full_path, tree)


def _metadata(document: HwpxDocument) -> tuple[Any, Any]:
    tree = document.package.get_xml(document.package.main_content.full_path)
    return tree, next(entry for entry in tree if entry.tag.endswith("}metadata"))
