"""What is shown of a paper: pages as pictures, office documents as text, and nothing of the file itself."""

import io
import struct

import pikepdf
import pytest
from django.core.files.base import ContentFile
from openpyxl import Workbook
from PIL import Image

from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.models import ScannedFile
from portal.uploads import clamd, files, judge, viewing
from portal.uploads.filetypes.streams import OLE
from tests.factories.applications import NOW
from tests.portal import corpus as made


def pages(number: int) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(number):
            document.add_blank_page(page_size=(595, 842))
        document.save(out)
    return out.getvalue()


def paragraph(text: str) -> bytes:
    data = text.encode("utf-16-le")
    return struct.pack("<I", 67 | len(data) << 20) + data


def shown(data: bytes, extension: str, first: int = 1) -> judge.Shown:
    return judge.show(io.BytesIO(data), extension, first=first)


def test_a_pdf_is_shown_page_by_page() -> None:
    found = shown(pages(10), "pdf")
    assert (found.pages, len(found.pictures)) == (10, 8)
    page = found.pictures[0]
    assert (page.kind, page.width, page.height) == ("image/webp", 1240, 1755)
    assert Image.open(io.BytesIO(page.data)).size == (1240, 1755)
    assert len(shown(pages(10), "pdf", first=9).pictures) == 2
    assert shown(pages(2), "pdf", first=9).pictures == ()


def test_a_picture_is_drawn_anew() -> None:
    noted = made.with_segment(made.picture("JPEG"), 0xFE, b"a note of the camera")
    (picture,) = shown(noted, "jpg").pictures
    assert picture.kind == "image/jpeg"
    assert b"a note" not in picture.data


def test_a_hangul_document_is_shown_as_text() -> None:
    words = "생산관리\x09" + "\x00" * 6 + "\x09" + "도입\x0d"
    section = paragraph(words) + paragraph("<b>둘째</b> 문단\x0d")
    data = made.hwp(BodyText__Section0=made.deflated(section))
    assert shown(data, "hwp").text == "생산관리\t도입\n<b>둘째</b> 문단"


def test_office_documents_are_shown_as_text() -> None:
    part = "<sec><p><run><t>가 &lt;나</t></run></p><p><run><t>다</t></run></p></sec>"
    assert shown(made.hwpx(Contents__section0_dot_xml=part), "hwpx").text == "가 <나\n다"
    word = "<w:document xmlns:w='w'><w:p><w:t>견적</w:t><w:tab/><w:t>1식</w:t></w:p></w:document>"
    assert shown(made.docx(word__document_dot_xml=word), "docx").text == "견적\t1식"
    out, book = io.BytesIO(), Workbook()
    book.active.title = "내역"
    book.active.append(["로봇", 3])
    book.save(out)
    assert shown(out.getvalue(), "xlsx").text == "[내역]\n로봇\t3"


def test_an_archive_shows_what_is_in_it() -> None:
    assert "견적서.txt\t5바이트" in shown(made.zipped({"견적서.txt": "a" * 5}), "zip").text


def test_a_long_text_is_cut_and_says_so() -> None:
    long = f"<sec><p><t>{'가' * 150_000}</t></p></sec>"
    found = shown(made.hwpx(Contents__section0_dot_xml=long), "hwpx")
    assert (found.whole, len(found.text)) == (False, 100_000)


@pytest.mark.parametrize("extension", ["pdf", "hwp", "hwpx"])
def test_what_cannot_be_read_is_refused(extension) -> None:
    data = {"pdf": b"%PDF-1.7 none", "hwp": OLE + b"x" * 600, "hwpx": b"PK\x03\x04" + b"x" * 99}
    with pytest.raises(BadInput):
        shown(data[extension], extension)


# --- Stored files --------------------------------------------------------------------------------


@pytest.fixture
def stored(db: None) -> str:
    return files.store_made(ContentFile(pages(1), "paper.pdf"))


def look(name: str, first: int = 1, sha256: str = "a" * 64) -> judge.Shown:
    return viewing.show(name, filename="계획서.pdf", sha256=sha256, first=first)


def test_a_stored_file_is_drawn_once_for_its_content(stored, monkeypatch) -> None:
    drawn = look(stored, sha256="b" * 64)
    monkeypatch.setattr(judge, "show", None)
    assert look(stored, sha256="b" * 64) == drawn


@pytest.mark.parametrize("verdict", ["waiting", "quarantined"])
def test_what_the_scanner_has_not_passed_is_never_shown(stored, verdict, monkeypatch) -> None:
    monkeypatch.setattr(clamd, "configured", lambda: True)
    look(stored, sha256="c" * 64)  # and is kept
    ScannedFile.objects.create(
        name=stored,
        title="x",
        size=1,
        sha256="c" * 64,
        stored_at=NOW,
        verdict=verdict,
        checked_at=None if verdict == "waiting" else NOW,
        signature="" if verdict == "waiting" else "Eicar",
    )
    with pytest.raises(MoveNotAllowed):
        look(stored, sha256="c" * 64)


def test_no_page_beyond_the_limit_is_drawn(stored) -> None:
    for first in (0, 201):
        with pytest.raises(BadInput):
            look(stored, first=first)
    with pytest.raises(NotFound):
        look("../etc/passwd")
