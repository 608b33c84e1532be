"""Exported tables: complete, counted, without formulas, and logged."""

import zipfile
from io import BytesIO

import openpyxl
import pytest

from portal.core.errors import BadInput
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


@pytest.mark.parametrize("kind", ["utf-8-sig", "cp949", "xlsx"])
def test_what_a_spreadsheet_writes_can_be_read(kind) -> None:
    header, row = ["기업명", "번호"], ["한빛", "1248100998"]
    if kind == "xlsx":
        data = tables.xlsx([("목록", header, [row])])
    else:
        data = f"{','.join(header)}\n\n{','.join(row)}\n".encode(kind)
    found = list(tables.read(BytesIO(data), "xlsx" if kind == "xlsx" else "csv", limit=10))
    assert [cells for _, cells in found] == [{"기업명": "한빛", "번호": "1248100998"}]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "table_empty"),
        (b"a,a\n1,2\n", "table_header"),
        (b"a\n1\n2\n3\n", "table_too_long"),
        (b"a\n\xff\xfe\xfa\n", "table_unreadable"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_reason(data, code) -> None:
    with pytest.raises(BadInput) as refused:
        list(tables.read(BytesIO(data), "csv", limit=2))
    assert refused.value.code == code


def test_a_sheet_that_claims_to_be_endless_is_refused() -> None:
    """A gap of rows is nothing in the file, and a loop of any length for its reader."""
    honest, forged = BytesIO(tables.xlsx([("목록", ["이름"], [["한빛"]])])), BytesIO()
    with zipfile.ZipFile(honest) as source, zipfile.ZipFile(forged, "w") as target:
        for part in source.namelist():
            data = source.read(part)
            if part.endswith("sheet1.xml"):
                assert data.count(b"<row") == 2
                data = data.replace(b'<row r="2"', b'<row r="1100000"')
            target.writestr(part, data)
    with pytest.raises(BadInput) as refused:
        list(tables.read(forged, "xlsx", limit=10))
    assert refused.value.code == "table_too_long"
