"""Downloads that are written as their rows come."""

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from portal.core.clock import KST
from portal.paper import workbooks
from tests.factories.applications import NOW

HEADER = ["기업명", "금액(원)", "사업자등록번호", "기준일", "발표", "순위", "맞음", "점수"]
ROW = ["=1+1", 1_200_000, "124-81-00998", date(2022, 12, 31), NOW, 12_345, True, Decimal("81.5")]


def opened(header: list[str], rows: Any) -> Any:
    data = b"".join(workbooks.stream("표: 지금/목표", header, rows))
    return openpyxl.load_workbook(BytesIO(data))


def test_every_kind_of_value_keeps_its_type_and_no_text_is_a_formula() -> None:
    book = opened(HEADER, [ROW, [None] * 8])
    sheet = book.worksheets[0]
    assert book.sheetnames == ["표 지금 목표"]
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("A2", "$1:$1")
    name, won, number, day, at, rank, right, score = sheet[2]
    assert (name.value, name.data_type) == ("=1+1", "s")
    assert (won.value, won.number_format) == (1_200_000, "#,##0")
    assert (number.value, number.data_type) == ("124-81-00998", "s")
    assert (day.value.date(), day.is_date) == (date(2022, 12, 31), True)
    assert abs((at.value - NOW.astimezone(KST).replace(tzinfo=None)).total_seconds()) < 1
    assert (rank.value, right.value, score.value) == (12_345, "예", 81.5)
    assert [cell.font.b for cell in sheet[1]] == [True] * 8
    assert sheet.column_dimensions["A"].width >= 8
    assert sheet.column_dimensions["C"].width >= len("사업자등록번호") * 2


@pytest.mark.parametrize("text", ["a\x00b<&>\"'", " 앞뒤 ", "두\n줄", "]]>"])
def test_a_text_comes_back_as_it_was(text: str) -> None:
    sheet = opened(["이름"], [[text]]).worksheets[0]
    assert sheet["A2"].value == text.replace("\x00", "")


def test_a_list_in_a_cell_is_refused() -> None:
    with pytest.raises(TypeError):
        list(workbooks.stream("목록", ["값"], [[["a"]]]))


def test_the_first_bytes_come_before_the_last_rows_are_read() -> None:
    taken = 0

    def rows() -> Iterator[list[object]]:
        nonlocal taken
        for number in range(50_000):
            taken = number
            yield [f"기업 {number * 7_919 % 104_729}", number]

    parts = workbooks.stream("목록", ["이름", "번호"], rows())
    first = next(parts)
    assert taken < 49_999
    whole = io.BytesIO(first + b"".join(parts))
    sheet = openpyxl.load_workbook(whole, read_only=True).worksheets[0]
    assert sum(1 for _ in sheet.iter_rows()) == 50_001
