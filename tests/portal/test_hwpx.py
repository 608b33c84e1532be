"""Documents for the Hangul word processor: complete, and readable again."""

import zipfile
from io import BytesIO

import pytest

from portal.paper import hwpx
from portal.paper.hwpx import Grid, Heading, HwpxFailed, Paragraph


def test_words_and_tables_are_read_back() -> None:
    data = hwpx.write(
        [
            Heading("선정결과 통지서", 1),
            Paragraph("한빛정밀 <대표> & 여러분 귀하"),
            Grid(("구분", "내용"), [("지원금", "50,000,000원"), ("사유", "예산 안")]),
        ]
    )
    told = hwpx.read(data)
    for words in ("선정결과 통지서", "한빛정밀 <대표> & 여러분 귀하", "50,000,000원", "구분"):
        assert words in told
    with zipfile.ZipFile(BytesIO(data)) as package:
        assert package.testzip() is None
        assert package.read("mimetype") == b"application/hwp+zip"


def test_what_xml_cannot_carry_is_left_out() -> None:
    for letters in ("\x00\x0b", "\ufffe\uffff"):
        for part in (Paragraph, Heading):
            assert "가나" in hwpx.read(hwpx.write([part(f"가{letters}나")]))


def test_a_table_has_an_end() -> None:
    with pytest.raises(HwpxFailed):
        hwpx.write([Grid(("가",), [("나",)] * (hwpx.LARGEST + 1))])


def test_what_is_no_document_is_refused() -> None:
    with pytest.raises(HwpxFailed):
        hwpx.read(b"PK\x03\x04 not a document")
