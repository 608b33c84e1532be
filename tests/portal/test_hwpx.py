"""Documents for the Hangul word processor: complete, and readable again."""

import re
import zipfile
from io import BytesIO
from typing import Any

import pytest

from portal.paper import hwpx
from portal.paper.hwpx import Grid, Heading, HwpxFailed, Paragraph
from tests.factories.applications import NOW


def write(parts: list[hwpx.Part], **changes: Any) -> bytes:
    return hwpx.write(parts, **{"title": "알림", "now": NOW, **changes})


def test_a_document_is_described_by_ourselves() -> None:
    told = hwpx.described(write([Heading("알림")], title="선정결과 <통지서>"))
    assert told == {
        "title": "선정결과 <통지서>",
        "language": "ko",
        "creator": "중소벤처기업부",
        "lastsaveby": "중소벤처기업부",
        "subject": "",
        "description": "",
        "keyword": "",
        "CreatedDate": "2021-02-10T05:03:22Z",
        "ModifiedDate": "2021-02-10T05:03:22Z",
        "date": "2021년 2월 10일 수요일 오후 2:03:22",
    }


def test_a_table_is_as_wide_as_its_words_and_repeats_its_header() -> None:
    rows = [("1", "가" * 40), ("2", "나\n다")]
    with zipfile.ZipFile(BytesIO(write([Grid(("순위", "사유"), rows)]))) as package:
        section = package.read("Contents/section0.xml").decode()
    widths = [int(width) for width in re.findall(r'<hp:cellSz width="(\d+)"', section)]
    assert widths[1] > 4 * widths[0]
    assert widths[:2] == widths[2:4]
    assert 'repeatHeader="1"' in section
    assert section.count('header="1"') == 2
    assert "나다" not in section


def test_an_amount_is_not_broken_where_a_long_name_stands_beside_many_columns() -> None:
    header = (
        "내역사업",
        "발표 당시 선정",
        "예비",
        "탈락",
        "마지막 선정 점수",
        "지금 선정",
        "지금 지원금",
    )
    name = "K-스마트등대공장 구축 및 고도화 지원 사업 (수준확인 포함, 비수도권 우대)"
    rows = [(name, "3건", "1건", "0건", "98.00점", "2건", "100,000,000,000원")]
    with zipfile.ZipFile(BytesIO(write([Grid(header, rows)]))) as package:
        section = package.read("Contents/section0.xml").decode()
    widths = [int(width) for width in re.findall(r'<hp:cellSz width="(\d+)"', section)]
    letter = 500  # half of 10 pt, in HWPUNIT
    assert widths[6] >= (len("100,000,000,000") + 2) * letter
    assert sum(widths[:7]) <= 42_520
    assert min(widths[:7]) >= 4 * letter


def test_words_and_tables_are_read_back() -> None:
    data = write(
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
            assert "가나" in hwpx.read(write([part(f"가{letters}나")]))


def test_a_table_has_an_end() -> None:
    with pytest.raises(HwpxFailed):
        write([Grid(("가",), [("나",)] * (hwpx.LARGEST + 1))])


def test_what_is_no_document_is_refused() -> None:
    with pytest.raises(HwpxFailed):
        hwpx.read(b"PK\x03\x04 not a document")
