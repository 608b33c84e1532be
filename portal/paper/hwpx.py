"""Documents for the Hangul word processor (HWPX): headings, paragraphs and tables.

The only importer of python-hwpx, an alpha release: every document is opened again before it is
returned.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zipfile import BadZipFile

from hwpx import HwpxDocument

from portal.core.errors import PortalError
from portal.core.validators import for_xml

CONTENT_TYPE = "application/hwp+zip"
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


def write(parts: Iterable[Part]) -> bytes:
    """Return a document as bytes. Raises HwpxFailed when it does not open again with its headings."""
    parts = list(parts)
    document = HwpxDocument.new()
    for part in parts:
        if isinstance(part, Grid):
            _table(document, part)
        elif isinstance(part, Heading):
            document.add_heading(for_xml(part.words), level=part.level)
        else:
            document.add_paragraph(for_xml(part.words))
    data = document.to_bytes()
    titles = [for_xml(part.words) for part in parts if isinstance(part, Heading)]
    text = read(data)
    if not all(title in text for title in titles):
        raise HwpxFailed()
    return data


def read(data: bytes) -> str:
    """Return the text of a document, tables included. Raises HwpxFailed."""
    try:
        return str(HwpxDocument.open(io.BytesIO(data)).text.plain())
    except (ValueError, KeyError, OSError, BadZipFile) as broken:
        raise HwpxFailed() from broken


def _table(document: HwpxDocument, part: Grid) -> None:
    if len(part.rows) > LARGEST:
        raise HwpxFailed(f"한글 문서의 표에는 {LARGEST:,}줄까지 넣을 수 있습니다.")
    table = document.add_table(len(part.rows) + 1, len(part.header))
    for line, row in enumerate([part.header, *part.rows]):
        for place, words in enumerate(row):
            table.set_cell_text(line, place, for_xml(words))
