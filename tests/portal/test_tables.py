"""Exported tables: complete, counted, without formulas, and logged."""

from datetime import date, datetime
from io import BytesIO

import openpyxl
import pytest

from portal.core.clock import KST
from portal.paper import tables
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+82", "-1", "@SUM(A1)", "\t=1", "  =1", "\r=1", "|cmd", "%0A"),
        *("\uff1d1+1", "\uff0b82", "\uff0d1", "\uff20SUM(A1)", " \uff1d1"),
    ],
)
def test_no_cell_is_a_formula(text) -> None:
    assert tables.safe(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, ""), (-5, "-5"), ("한빛", "한빛"), ("2021-1", "2021-1"), (NOW, "2021-02-10 14:03:22")],
)
def test_plain_values_stay_plain(value, written) -> None:
    assert tables.safe(value) == written


@pytest.mark.parametrize("letter", ["\x00", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_a_character_that_xml_forbids_does_not_spoil_the_table(letter: str) -> None:
    data = tables.xlsx([("목록", ["이름"], [[f"가{letter}나"], ["한빛"]])])
    sheet = openpyxl.load_workbook(BytesIO(data)).worksheets[0]
    assert [row[0].value for row in sheet.iter_rows()] == ["이름", "가나", "한빛"]


def test_an_xlsx_holds_no_formula_and_every_row() -> None:
    data = tables.xlsx([("목록", ["이름", "금액"], [["=1+1", 5], [None, 7]])])
    sheet = openpyxl.load_workbook(BytesIO(data)).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["이름", "금액"],
        ["=1+1", 5],
        [None, 7],
    ]
    assert sheet["A2"].data_type != "f"


def test_an_xlsx_keeps_types_fits_its_columns_and_holds_its_header() -> None:
    header = ["기업명", "금액(원)", "사업자등록번호", "기준일", "발표", "순위", "맞음"]
    rows = [["가" * 20, 1_200_000, "124-81-00998", date(2022, 12, 31), NOW, 12_345, True]]
    data = tables.xlsx([("표: 지금/목표", header, rows), ("표: 지금/목표", header, [])])
    book = openpyxl.load_workbook(BytesIO(data))
    sheet = book.worksheets[0]
    assert book.sheetnames == ["표 지금 목표", "표 지금 목표 2"]
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("A2", "$1:$1")
    values = [cell.value for cell in sheet[2]]
    assert values[:3] == ["가" * 20, 1_200_000, "124-81-00998"]
    assert values[3] == datetime(2022, 12, 31)  # noqa: DTZ001 - as a spreadsheet has it
    assert values[4] == NOW.astimezone(KST).replace(tzinfo=None)
    assert values[5:] == [12_345, "예"]
    assert [cell.number_format for cell in sheet[2]][1] == "#,##0"
    assert sheet["F2"].number_format == "General"
    widths = [sheet.column_dimensions[letter].width for letter in "ABC"]
    assert widths == [42, 11, 16]


@pytest.mark.parametrize("value", [{"기능": 5}, [1, 2], ("가",), {"가"}])
def test_a_cell_holds_one_value(value: object) -> None:
    with pytest.raises(TypeError):
        tables.safe(value)
    with pytest.raises(TypeError):
        tables.xlsx([("목록", ["값"], [[value]])])
