"""What is shown of an upload that passed the inspection: its pages drawn anew, or its text.

Nothing of the file itself reaches a reader: pictures hold pixels alone, and text is plain.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import pypdfium2
from PIL import Image

from portal.core.errors import BadInput
from portal.uploads.filetypes import hwp, images, packages, refusals, zips
from portal.uploads.filetypes.budget import MOST_PAGES, PAGES_AT_ONCE, Budget
from portal.uploads.tables import workbooks

MOST_LETTERS = 100_000
WIDTH, HEIGHT = 1_240, 2_480  # pixels of a page at most; A4 is 1,240 wide at 150 dots an inch
QUALITY = 80
_SECTION = re.compile(r"contents/section(\d+)\.xml")
TOLD = "(이 아래는 화면에 보일 수 없습니다. 파일을 내려받아 주세요.)"


@dataclass(frozen=True, slots=True)
class Picture:
    """A page drawn anew: content type, width and height in pixels, bytes."""

    kind: str
    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """Pictures of a document of `pages` pages; or a text."""

    pages: int = 0
    pictures: tuple[Picture, ...] = ()
    text: str = ""
    whole: bool = True  # nothing of the text is left out


def show(stream: BinaryIO, extension: str, first: int) -> Shown:
    """Return a document's text, or up to PAGES_AT_ONCE of its pages from page `first` on.

    Raises BadInput (`file_damaged`, `file_unsafe`).
    """
    if extension == "pdf":
        return _pages(stream, first)
    if extension in ("jpg", "png"):
        data, size = images.redraw(stream, extension, longest=HEIGHT, flat=False)
        kind = "image/png" if extension == "png" else "image/jpeg"
        return Shown(1, (Picture(kind, *size, data),))
    return _text(_LINES[extension](stream))


def _pages(stream: BinaryIO, first: int) -> Shown:
    stream.seek(0)
    try:
        document = pypdfium2.PdfDocument(stream.read())
        pages = len(document)
        last = min(first - 1 + PAGES_AT_ONCE, pages, MOST_PAGES)
        drawn = tuple(_drawn(document[place]) for place in range(first - 1, last))
    except (pypdfium2.PdfiumError, ArithmeticError, ValueError, OSError):
        raise refusals.damaged() from None
    return Shown(pages, drawn)


def _drawn(page: "pypdfium2.PdfPage") -> Picture:
    wide, high = page.get_size()
    picture: Image.Image = page.render(scale=min(WIDTH / wide, HEIGHT / high)).to_pil()
    out = io.BytesIO()
    picture.convert("RGB").save(out, "WEBP", quality=QUALITY, method=1)
    return Picture("image/webp", *picture.size, out.getvalue())


def _text(lines: Iterable[str]) -> Shown:
    kept: list[str] = []
    left = MOST_LETTERS
    for line in lines:
        kept.append(line[:left])
        left -= len(line) + 1
        if left <= 0:
            return Shown(text="\n".join(kept), whole=False)
    return Shown(text="\n".join(kept))


def _of_hwpx(stream: BinaryIO) -> Iterator[str]:
    entries = {row.filename.casefold(): row for row in zips.directory(stream, Budget())}
    sections = sorted((int(found[1]), name) for name in entries if (found := _SECTION.match(name)))
    for _, name in sections:
        yield from packages.paragraphs(stream, entries[name])


def _of_docx(stream: BinaryIO) -> Iterator[str]:
    entries = {row.filename.casefold(): row for row in zips.directory(stream, Budget())}
    yield from packages.paragraphs(stream, entries["word/document.xml"])


def _of_xlsx(stream: BinaryIO) -> Iterator[str]:
    book = workbooks.opened(stream)
    for sheet in book.sheets:
        yield f"[{sheet.name}]"
        try:
            for row in book.rows(sheet):
                yield "\t".join(row.texts[place] for place in sorted(row.texts))
        except BadInput:  # such as merged cells, which stand behind the rows
            yield TOLD


def _of_zip(stream: BinaryIO) -> Iterator[str]:
    yield "압축 파일에 들어 있는 파일"
    for entry in zips.directory(stream, Budget()):
        if not entry.is_dir() and not zips.is_litter(entry):
            yield f"{zips.shown_name(entry)}\t{entry.file_size:,}바이트"


_LINES: dict[str, Callable[[BinaryIO], Iterator[str]]] = {
    "hwp": hwp.lines,
    "hwpx": _of_hwpx,
    "docx": _of_docx,
    "xlsx": _of_xlsx,
    "zip": _of_zip,
}
