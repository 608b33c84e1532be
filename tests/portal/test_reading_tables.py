"""Uploaded tables are read as people see them, or refused in words with the cell."""

import random
import unicodedata
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.core.errors import BadInput, PortalError
from portal.paper import tables
from portal.uploads import files
from portal.uploads.tables import cells, reading
from tests.factories import workbooks
from tests.factories.workbooks import STRICT, TRANSITIONAL, rows, workbook

COLUMNS = {"번호": True, "이름": True, "비고": False}
HEADER = ("번호", "이름", "비고")


def read(data: bytes, extension: str = "xlsx", *, limit: int = 100) -> list[reading.Line]:
    return list(reading.read(BytesIO(data), extension, columns=COLUMNS, limit=limit).lines)


def values(lines: list[reading.Line]) -> list[tuple[str, ...]]:
    assert not [fault for line in lines for fault in line.faults]
    return [tuple(line.texts.get(name, "") for name in COLUMNS) for line in lines]


def faults(data: bytes, extension: str = "xlsx") -> list[str]:
    """Return every reason: of the file, or of its lines."""
    try:
        return [fault for line in read(data, extension) for fault in line.faults]
    except BadInput as refused:
        return [refused.message]


def one(*line: str, **options: object) -> bytes:
    return workbook(("표", "visible", rows(HEADER, line)), **options)  # type: ignore[arg-type]


def number(value: str, style: int = 1) -> str:
    return f'<c s="{style}"><v>{value}</v></c>'


@pytest.mark.parametrize("namespace", [TRANSITIONAL, STRICT], ids=["transitional", "strict"])
def test_a_workbook_is_read_in_both_of_its_forms(namespace: str) -> None:
    data = one("1", "한빛", '<c t="s"><v>0</v></c>', texts=["<t>비고 글</t>"], namespace=namespace)
    assert values(read(data)) == [("1", "한빛", "비고 글")]
    upload = SimpleUploadedFile("표.xlsx", data)
    assert files.inspect(upload, allowed=["xlsx"]).extension == "xlsx"


@pytest.mark.parametrize(
    ("value", "code", "from_1904", "shown"),
    [
        ("44237", "yyyy-mm-dd", False, "2021-02-10"),
        ("42775", "yyyy-mm-dd", True, "2021-02-10"),
        ("44237.5", "yyyy/m/d h:mm", False, "2021-02-10 12:00:00"),
        ("1", "yyyy-mm-dd", False, "1900-01-01"),
        ("59", "yyyy-mm-dd", False, "1900-02-28"),
        ("61", "yyyy-mm-dd", False, "1900-03-01"),
        ("0", "yyyy-mm-dd", True, "1904-01-01"),
        ("0.75", "h:mm", False, "18:00:00"),
        ("44237", 'yyyy"년" m"월" d"일"', False, "2021-02-10"),
        ("44237", "[$-412]yyyy-mm-dd;@", False, "2021-02-10"),
        ("44237", '#,##0"days"', False, "44237"),
        ("44237", "[Red]#,##0", False, "44237"),
        ("1200000", "#,##0", False, "1200000"),
        ("1248100998", "000-00-00000", False, "1248100998"),
        ("123", "00000", False, "00123"),
        ("0.05", "0%", False, "5%"),
        ("0.30000000000000004", "General", False, "0.3"),
        ("1.2E+6", "General", False, "1200000"),
        ("1.0", "General", False, "1"),
    ],
)
def test_numbers_and_dates_of_both_systems_are_read_as_they_are_shown(
    value: str, code: str, from_1904: bool, shown: str
) -> None:
    properties = f'<workbookPr date1904="{int(from_1904)}"/>'
    data = one("1", "가", number(value), formats=[code], properties=properties)
    assert values(read(data)) == [("1", "가", shown)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  한빛\u00a0상사 ", "한빛 상사"),
        ("첫 줄_x000D_\n둘째 줄", "첫 줄\n둘째 줄"),
        ("첫 줄_x000D_둘째 줄", "첫 줄\n둘째 줄"),
        ("첫 줄\r\n둘째 줄", "첫 줄\n둘째 줄"),
        ("한빛_x000D_", "한빛"),
        ("_x005F_x000D_ 그대로", "_x000D_ 그대로"),
        ("가_xD800_나_x0000_다_x0007_", "가나다"),
        (unicodedata.normalize("NFD", "한빛"), "한빛"),
        ("\u200b한\ufeff빛", "한빛"),
    ],
)
def test_texts_are_cleaned_of_what_nobody_sees(text: str, shown: str) -> None:
    assert values(read(one("1", text))) == [("1", shown, "")]


def test_a_rich_text_is_read_without_its_reading_aid() -> None:
    text = "<r><t>한</t></r><r><rPr/><t>빛</t></r><rPh sb='0' eb='1'><t>ハン</t></rPh>"
    assert values(read(one("1", '<c t="s"><v>0</v></c>', texts=[text])))[0][1] == "한빛"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("<c><f>A1</f></c>", "C2: 수식의 계산 결과가 파일에 없습니다."),
        ("<c><f>A1</f><v></v></c>", "C2: 수식의 계산 결과가 파일에 없습니다."),
        ('<c t="str"><f>A1</f></c>', "C2: 수식의 계산 결과가 파일에 없습니다."),
        ('<c t="e"><f>A1</f><v>#REF!</v></c>', "C2: ‘#REF!’ 오류가 있는 칸입니다."),
        ('<c t="e"><v>#N/A</v></c>', "C2: ‘#N/A’ 오류가 있는 칸입니다."),
        ("#VALUE!", "C2: ‘#VALUE!’ 오류가 있는 칸입니다."),
        ("#n/a", "C2: ‘#n/a’ 오류가 있는 칸입니다."),
        ("####", "C2: ‘###’으로 저장된 칸입니다."),
        ("1.24E+09", "C2: ‘1.24E+09’처럼 줄여 적힌 수라서"),
        ("한\ufffd빛", "C2: 깨진 글자(\ufffd)가 있습니다."),
        ("<c><v>1e400</v></c>", "C2: 15자리가 넘는 수는"),
        ("<c><v>1234567890123456</v></c>", "C2: 15자리가 넘는 수는"),
        ("<c><v>열둘</v></c>", "C2: 값을 알 수 없는 칸입니다."),
        (number("-1"), "C2: 날짜로 볼 수 없는 수입니다."),
        (number("60"), "C2: 날짜로 볼 수 없는 수입니다."),
        (number("99999999"), "C2: 날짜로 볼 수 없는 수입니다."),
    ],
)
def test_a_cell_without_a_value_is_refused_by_its_address(cell: str, said: str) -> None:
    (fault,) = faults(one("1", "가", cell, formats=["yyyy-mm-dd"]))
    assert fault.startswith(said)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('<c t="str"><f>A1</f><v></v></c>', ""),
        ('<c t="str"><f>A1</f><v>결과</v></c>', "결과"),
        ("<c><f>1+1</f><v>2</v></c>", "2"),
        ('<c t="b"><v>1</v></c>', "TRUE"),
        ('<c t="d"><v>2021-02-10T00:00:00</v></c>', "2021-02-10"),
        ("<c/>", ""),
    ],
)
def test_a_cell_with_a_value_is_read(cell: str, shown: str) -> None:
    assert values(read(one("1", "가", cell))) == [("1", "가", shown)]


def test_a_zero_that_its_writer_did_not_compute_is_no_value() -> None:
    properties = '<calcPr fullCalcOnLoad="1"/>'
    formula = "<c><f>A1</f><v>0</v></c>"
    assert "계산 결과" in faults(one("1", "가", formula, properties=properties))[0]
    assert faults(one("1", "가", formula)) == []


GUIDE = rows(("작성 방법",), ("아래 시트에 적어 주세요.",))
GOOD = rows(HEADER, ("1", "가"))


@pytest.mark.parametrize(
    ("sheets", "chosen"),
    [
        ([("숨김", "hidden", rows(HEADER, ("9", "옛것"))), ("자료", "visible", GOOD)], "자료"),
        ([("숨김", "veryHidden", rows(HEADER, ("9", "옛것"))), ("자료", "visible", GOOD)], "자료"),
        ([("안내", "visible", GUIDE), ("자료", "visible", GOOD)], "자료"),
        ([("빈 시트", "visible", ""), ("자료", "visible", GOOD)], "자료"),
        ([("차트", "visible", "chart"), ("자료", "visible", GOOD)], "자료"),
        ([("첫째", "visible", GOOD), ("둘째", "visible", rows(HEADER, ("9", "나")))], "첫째"),
    ],
    ids=["hidden", "very-hidden", "guide", "empty", "chart", "first-of-two"],
)
def test_the_first_visible_sheet_with_the_header_is_read_and_named(
    sheets: list[tuple[str, str, str]], chosen: str
) -> None:
    table = reading.read(BytesIO(workbook(*sheets)), "xlsx", columns=COLUMNS, limit=9)
    assert (table.sheet, values(list(table.lines))) == (chosen, [("1", "가", "")])


def test_a_workbook_of_hidden_sheets_or_charts_is_refused() -> None:
    for state, data in (("hidden", GOOD), ("visible", "chart")):
        assert faults(workbook(("표", state, data))) == [
            "엑셀 파일에 표가 있는 시트가 없습니다. 숨긴 시트와 차트 시트는 읽지 않습니다."
        ]
    two = workbook(("안내", "visible", GUIDE), ("다른 표", "visible", rows(("이름",), ("가",))))
    assert "열 이름이 맞는 시트가 없습니다. 첫 시트 ‘안내’" in faults(two)[0]


@pytest.mark.parametrize(
    "style", ["<a>", "<styleSheet><cellXfs><xf numFmtId='x'/></cellXfs></styleSheet>"]
)
def test_odd_styles_are_no_python_error(style: str) -> None:
    data = one("1", "가", "<c s='77'><v>5</v></c>", styles=style)
    assert faults(data) == [] or "읽을 수 없습니다" in faults(data)[0]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([HEADER, ("1", "가", "", "남는 값")], "D2: 열 이름이 없는 칸에 값이 있습니다."),
        ([("번호", "", "이름"), ("1", "남", "가")], "B2: 열 이름이 없는 칸에 값이 있습니다."),
        ([("번호", "이름", "이름"), ("1", "가")], "두 번 나오는 열: 이름."),
        ([("번호", "비고"), ("1", "가")], "없는 열: 이름."),
        ([("번호", "이름", "값"), ("1", "가")], "알 수 없는 열: 값."),
        ([("번호", '<c t="e"><v>#REF!</v></c>')], "B1: ‘#REF!’ 오류"),
    ],
)
def test_cells_beyond_the_header_and_other_headers_are_refused(
    lines: list[tuple[str, ...]], said: str
) -> None:
    (fault,) = faults(workbook(("표", "visible", rows(*lines))))
    assert fault.startswith(said)


def test_headers_are_read_however_they_are_written() -> None:
    odd = (unicodedata.normalize("NFD", "번호"), " 이\u00a0름 ", "비_x000D_\n고")
    assert values(read(workbook(("표", "visible", rows(odd, ("1", "가", "나")))))) == [
        ("1", "가", "나")
    ]


def test_merged_cells_are_refused_by_their_address() -> None:
    data = one("1", "가", extra='<mergeCells><mergeCell ref="B2:B5"/></mergeCells>')
    assert faults(data)[0].startswith("합친 칸(B2:B5)이 있습니다.")


def test_a_cut_workbook_names_where_it_ends() -> None:
    whole = workbook(("표", "visible", rows(HEADER, ("1", "가"), ("2", "나"), ("3", "다"))))
    parts = workbooks.unpack(whole)
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet[: sheet.index(">다")]
    assert faults(workbooks.pack(parts))[0].startswith(
        "‘표’ 시트의 3번째 줄 다음을 읽을 수 없습니다."
    )


def test_a_row_keeps_the_number_the_spreadsheet_shows() -> None:
    data = GOOD.replace('r="2"', 'r="12"').replace("A2", "A12").replace("B2", "B12")
    (line,) = read(workbook(("표", "visible", data)))
    assert (line.number, line.at("이름")) == (12, "B12")
    twice = workbook(("표", "visible", GOOD + GOOD))
    assert "읽을 수 없습니다" in faults(twice)[0]


# CSV

CSV = "번호,이름,비고\n1,가,똠방각하\n"


@pytest.mark.parametrize(
    "data",
    [
        CSV.encode(),
        CSV.encode("utf-8-sig"),
        CSV.encode("cp949"),
        CSV.encode("utf-16"),
        b"\xfe\xff" + CSV.encode("utf-16-be"),
        CSV.replace("\n", "\r\n").encode(),
        CSV.replace("\n", "\r").encode(),
        CSV.replace(",", ";").encode(),
        CSV.replace(",", "\t").encode("utf-16"),
        f"sep=;\n{CSV.replace(',', ';')}".encode(),
        f"\n\n{CSV}\n\n".encode(),
        CSV.replace("\n", ",,\n").encode(),
    ],
    ids=[
        *("utf-8", "bom", "cp949", "utf-16", "utf-16-be", "crlf", "cr", "semicolon", "tab", "sep"),
        *("empty-lines", "empty-columns"),
    ],
)
def test_a_csv_of_any_spreadsheet_is_read(data: bytes) -> None:
    assert values(read(data, "csv")) == [("1", "가", "똠방각하")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,가\n", "열 이름은 3칸인데 이 줄은 2칸입니다."),
        ("1,가,나,다\n", "열 이름은 3칸인데 이 줄은 4칸입니다."),
        ("1,가,#REF!\n", "C2: ‘#REF!’ 오류"),
        ("1.24E+09,가,\n", "A2: ‘1.24E+09’처럼"),
    ],
)
def test_a_line_of_another_shape_is_refused(text: str, said: str) -> None:
    (fault,) = faults(f"번호,이름,비고\n{text}".encode(), "csv")
    assert fault.startswith(said)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('1,"가,\n2,나,\n', 2),
        ('1,가,\n2,"나,\n3,다,\n4,"라",\n', 3),
        ('1,"첫\n줄",\n2,"나"x,\n', 3),
        ('\n1,가,\n2,"나\n', 4),
    ],
)
def test_a_quote_that_does_not_close_is_refused_with_the_line_as_a_spreadsheet_shows_it(
    text: str, line: int
) -> None:
    (fault,) = faults(f"번호,이름,비고\n{text}".encode(), "csv")
    assert fault.startswith(f"{line}번째 줄을 읽을 수 없습니다.")


def test_a_line_break_in_quotes_is_one_line_and_the_next_keeps_its_number() -> None:
    lines = read('번호,이름,비고\n1,가,"위\n아래"\n2,나,\n'.encode(), "csv")
    assert [(line.number, line.texts["비고"]) for line in lines] == [(2, "위\n아래"), (3, "")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "table_empty"),
        (b"\n\n", "table_empty"),
        ("번호,이름\n1,2\n3,4\n5,6\n".encode(), "table_too_long"),
        ("번호,이름\n".encode() + b"\xff\xfa\n", "table_unreadable"),
        (b"\xff\xfe\xff\x80\x81", "table_unreadable"),
        ("번호,이\0름\n".encode(), "table_unreadable"),
    ],
)
def test_a_csv_that_cannot_be_read_is_refused_with_its_reason(data: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(data, "csv", limit=2)
    assert refused.value.code == code


def test_a_sheet_that_claims_to_be_endless_is_refused() -> None:
    """A gap of rows is nothing in the file, and would be a loop of any length for its reader."""
    far = workbook(("표", "visible", GOOD.replace('r="2"', 'r="1100000"')))
    assert "읽을 수 없습니다" in faults(far)[0]


def test_what_the_portal_writes_is_read_again() -> None:
    data = tables.xlsx([("목록", HEADER, [[12, "=1+1", None], [7, "나", "다"]])])
    assert values(read(data)) == [("12", "=1+1", ""), ("7", "나", "다")]


@pytest.mark.parametrize("place", [0, 25, 26, 701, 702, 16_383])
def test_columns_have_the_names_of_a_spreadsheet(place: int) -> None:
    assert cells.column_of(cells.letters(place)) == place
    assert cells.letters(27) == "AB"


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return the bytes with a few of them changed, cut out, doubled or swapped for others."""
    body = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at, size = rng.randrange(len(body) + 1), rng.randint(1, 20)
        turn = rng.randrange(5)
        if turn == 0:
            body[at : at + size] = rng.randbytes(size)
        elif turn == 1:
            del body[at : at + size]
        elif turn == 2:
            body[at:at] = body[at : at + size]
        elif turn == 3:
            body[at:at] = rng.choice([b'"', b"\0", b"\xff", b"<", b">", b"&#x0;", b"\xed\xa0\x80"])
        else:
            del body[at:]
    return bytes(body)


def test_whatever_the_bytes_only_a_refusal_in_words_comes_out() -> None:
    """1,200 mutations: of a CSV, of the container of a workbook, and of the parts inside."""
    rng = random.Random(2021)
    texts = ["<t>비고 글</t>", "<r><t>한</t></r>"]
    book = one("1", '<c t="s"><v>1</v></c>', number("44237"), texts=texts, formats=["yyyy-mm-dd"])
    parts = workbooks.unpack(book)
    csv = ('번호,이름,비고\n1,"가\n나",12\n2,다,=1\n').encode()
    accepted = refused = 0
    for turn in range(1_200):
        if turn % 3 == 0:
            data, kind = (
                mutated(csv.decode().encode(rng.choice(["utf-8", "cp949", "utf-16"])), rng),
                "csv",
            )
        elif turn % 3 == 1:
            data, kind = mutated(book, rng), "xlsx"
        else:
            name = rng.choice(sorted(parts))
            damaged = mutated(parts[name].encode(), rng).decode("utf-8", "surrogateescape")
            changed = {**parts, name: damaged.encode("utf-8", "replace").decode()}
            data, kind = workbooks.pack(changed), "xlsx"
        try:
            lines = read(data, kind)
        except PortalError as refusal:
            refused += any("가" <= letter <= "힣" for letter in refusal.message)
        else:
            accepted += 1
            for line in lines:
                "".join(
                    [*line.texts.values(), *line.faults]
                ).encode()  # no surrogate reaches a table
    assert accepted + refused == 1_200
    assert min(accepted, refused) > 100
