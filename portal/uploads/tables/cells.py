"""What one cell holds, as text; what a spreadsheet itself could not compute is refused."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

from portal.core import text
from portal.core.validators import for_xml

ERRORS = frozenset(
    [
        "#BLOCKED!",
        "#BUSY!",
        "#CALC!",
        "#CONNECT!",
        "#DIV/0!",
        "#EXTERNAL!",
        "#FIELD!",
        "#GETTING_DATA",
        "#N/A",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#PYTHON!",
        "#REF!",
        "#SPILL!",
        "#UNKNOWN!",
        "#VALUE!",
    ]
)
MOST_DIGITS = 15  # of a number in a spreadsheet; the digits behind them are lost
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_SHORTENED = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?E\+[0-9]{2,3}")
_NARROW = re.compile("#{3,}")
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_DATE_LETTERS = re.compile("[ymdhs]|\\[[hms]+\\]|aaa", re.IGNORECASE)
_ZEROS = re.compile("0{2,15}")
_BUILT_IN_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_DAY_0, _DAY_0_OF_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - no zone
_LAST_DAY = 2_958_465  # 9999-12-31


def letters(column: int) -> str:
    """Return the name of a column as a spreadsheet shows it: A for 0, AA for 26."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_of(name: str) -> int:
    """Return the place of a column, from 0; -1 for what is no name of a column."""
    place = 0
    for letter in name:
        if not "A" <= letter <= "Z":
            return -1
        place = place * 26 + ord(letter) - 64
    return place - 1


def clean(value: str) -> str:
    """Return the text of a cell as people read it: composed, without what nobody sees, trimmed."""
    if value.isascii() and value.isprintable():
        return value.strip()
    return for_xml(text.cell(value), keep="\t\n").strip()


def unescaped(value: str) -> str:
    """Return a text of a workbook with its escaped characters (`_x000D_`); no surrogate comes out."""
    if "_x" not in value:
        return value

    def letter(found: "re.Match[str]") -> str:
        code = int(found[1], 16)
        return "" if code == 0 or 0xD800 <= code <= 0xDFFF else chr(code)

    return _ESCAPED.sub(letter, value.replace("_x000D_\n", "\n").replace("_x000d_\n", "\n"))


def fault_of(value: str) -> str:
    """Return why a cell's text is refused, or "": an error, lost digits, lost letters."""
    if value.startswith("#"):
        if value.upper() in ERRORS:
            return f"‘{value}’ 오류가 있는 칸입니다. 수식을 고치거나 값을 적어 주세요."
        if _NARROW.fullmatch(value):
            return "‘###’으로 저장된 칸입니다. 열을 넓힌 뒤 다시 저장해 주세요."
    elif _SHORTENED.fullmatch(value):
        return (
            f"‘{value}’처럼 줄여 적힌 수라서 본래 숫자를 알 수 없습니다. "
            "칸 서식을 ‘텍스트’나 ‘숫자’로 바꾸어 다시 저장해 주세요."
        )
    if "\ufffd" in value:
        return "깨진 글자(�)가 있습니다. 원본을 확인해 주세요."
    return ""


def is_date(number_format: int, code: str) -> bool:
    """Tell whether a number format of a workbook shows a date or a time."""
    if not code:
        return number_format in _BUILT_IN_DATES
    if code.strip().lower() == "general":
        return False
    return bool(_DATE_LETTERS.search(_QUOTED.sub("", code.split(";")[0])))


def of_date(serial: Decimal, *, from_1904: bool) -> str:
    """Return a date of a workbook as YYYY-MM-DD, with its time if it has one, or the time alone.

    Raises ValueError outside the years a spreadsheet knows.
    """
    if not 0 <= serial <= _LAST_DAY or (serial in (0, 60) and not from_1904):
        raise ValueError("no such day")
    seconds = round(serial * 86_400)
    if seconds < 86_400 and serial % 1:
        return f"{_DAY_0 + timedelta(seconds=seconds):%H:%M:%S}"
    start = _DAY_0_OF_1904 if from_1904 else _DAY_0
    # In the system of 1900 day 60 is 1900-02-29, which never was.
    before = timedelta(days=serial < 60 and not from_1904)
    instant = start + before + timedelta(seconds=seconds)
    return f"{instant:%Y-%m-%d}" if not seconds % 86_400 else f"{instant:%Y-%m-%d %H:%M:%S}"


def of_number(value: Decimal, code: str) -> str:
    """Return a number without an exponent; zeros before it and % as its format shows them.

    Raises ValueError for more digits than a spreadsheet keeps.
    """
    if not value.is_finite() or abs(value) >= 10**MOST_DIGITS:
        raise ValueError("digits are lost")
    percent = code.rstrip().endswith("%")
    rounded = f"{value * (100 if percent else 1):.{MOST_DIGITS}g}"
    shown = f"{Decimal(rounded):f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    if shown in ("", "-0"):
        shown = "0"
    if percent:
        return f"{shown}%"
    return shown.zfill(len(code)) if _ZEROS.fullmatch(code) and shown.isdecimal() else shown
