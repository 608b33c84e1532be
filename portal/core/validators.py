"""Validate and normalise numbers and texts that people type."""

import re
import unicodedata

from stdnum.kr import brn

from portal.core.errors import BadInput

_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_TEN_DIGITS = re.compile(r"[0-9]{10}")
_ROW_NUMBER = re.compile(r"[0-9]{1,18}")
_PHONE_MARKS = re.compile(r"[\s().\-‐-―−]")
_DIRECTION_MARKS = frozenset(
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
)
_SEOUL = re.compile(r"(02)([0-9]{3,4})([0-9]{4})")
_MOBILE_OR_AREA = re.compile(r"(01[016789]|0[3-6][1-5]|070|080|050[0-9])([0-9]{3,4})([0-9]{4})")
_NATIONWIDE = re.compile(r"(1[568][0-9]{2})([0-9]{4})")


def row_number(text: str | None) -> int | None:
    """Return a primary key sent by a client, or None when the text is not a number.

    Up to eighteen digits: these fit every database.
    """
    return int(text) if text and _ROW_NUMBER.fullmatch(text) else None


def is_one_line(text: str) -> bool:
    """Tell whether a text stays on one line: no control character, no change of text direction."""
    return not any(
        (unicodedata.category(letter) == "Cc" and letter != "\t") or letter in _DIRECTION_MARKS
        for letter in text
    )


def for_xml(text: str, *, keep: str = "\t") -> str:
    """Return the text without characters that XML forbids; of the control characters `keep` stays."""
    return "".join(
        letter
        for letter in text
        if (letter >= " " or letter in keep) and letter not in "\ufffe\uffff"
    )


def check_digit(first_nine: str) -> int:
    """Return the tenth digit of a business number (tax office's formula).

    The last `% 10` matters: without it every number that ends in 0 would be refused.
    """
    digits = [int(character) for character in first_nine]
    total = sum(digit * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return (10 - (total + digits[8] * 5 // 10) % 10) % 10


def business_number(text: str) -> str:
    """Return the ten digits of a business registration number (사업자등록번호).

    Accepts hyphens and spaces. A valid number does not mean that the firm is in business. Raises
    BadInput (`business_number`).
    """
    number = brn.compact(unicodedata.normalize("NFKC", text))
    if not _TEN_DIGITS.fullmatch(number):
        raise BadInput(
            "사업자등록번호는 숫자 10자리입니다. 예: 124-81-00998", code="business_number"
        )
    # No office below 100, no kind 00 and no serial 0000 is issued; 0000000000 would pass the sum.
    if number[0] == "0" or number[3:5] == "00" or number[5:9] == "0000":
        raise BadInput(
            "있을 수 없는 사업자등록번호입니다. 번호를 확인하세요.", code="business_number"
        )
    if int(number[9]) != check_digit(number[:9]):
        raise BadInput(
            "사업자등록번호의 검증 숫자가 맞지 않습니다. 잘못 적은 숫자가 없는지 확인하세요.",
            code="business_number",
        )
    return number


def format_business_number(number: str) -> str:
    return brn.format(number)


def phone(text: str) -> str:
    """Return a Korean telephone number with hyphens: 010-1234-5678, 02-123-4567, 1588-1234.

    Accepts digits with or without separators and the +82 prefix. Raises BadInput (`phone`).
    """
    number = _PHONE_MARKS.sub("", unicodedata.normalize("NFKC", text))
    for prefix in ("+82", "0082"):
        if number.startswith(prefix):
            number = "0" + number.removeprefix(prefix).removeprefix("0")
    for pattern in (_SEOUL, _MOBILE_OR_AREA, _NATIONWIDE):
        if found := pattern.fullmatch(number):
            return "-".join(found.groups())
    raise BadInput("전화번호를 확인하세요. 예: 010-1234-5678, 02-123-4567", code="phone")
