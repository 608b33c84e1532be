"""Read numbers, addresses and identifiers that people type or paste.

Each reader takes them with spaces, dashes of every kind, full-width and invisible characters
(`portal.core.text`) and returns the one spelling that is stored and compared.
"""

import re
import unicodedata
from decimal import Decimal

from stdnum.kr import brn

from portal.core import text as texts
from portal.core.errors import BadInput
from portal.core.particles import with_particle

_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_TEN_DIGITS = re.compile(r"[0-9]{10}")
_ROW_NUMBER = re.compile(r"[0-9]{1,18}")
_BUSINESS_MARKS = re.compile(r"[-.]")
_PHONE_MARKS = re.compile(r"[().\-/]")
_DIRECTION_MARKS = frozenset(
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
)
_SEOUL = re.compile(r"(02)([0-9]{3,4})([0-9]{4})")
_MOBILE_OR_AREA = re.compile(r"(01[016789]|0[3-6][1-5]|070|080|050[0-9])([0-9]{3,4})([0-9]{4})")
_NATIONWIDE = re.compile(r"(1[568][0-9]{2})([0-9]{4})")
_LABEL = re.compile(r"^(?:[^:]{1,30}:|(?:접수|문서|협약|확인)?번호[-.]?)")
_DOCUMENT_NUMBER = re.compile(r"[0-9]{4}-[^-].*-[0-9]{6,}(?:-.+)?")
_HASH_LABEL = re.compile(r"sha-?256", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LOCAL_LETTER = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_HOST_LETTER = re.compile(
    "[a-z0-9.-]|[\u1100-\u11ff\u3040-\u30ff\u3131-\u318e\u3400-\u9fff\uac00-\ud7a3]"
)
_HOST_DOTS = re.compile("[\u3002\uff61]")
LONGEST_EMAIL = 254
_COUNTERS = "명|인|개|건|대|회|년|개월|월|일|시간|분|점|자|행|쪽|장|곳|위|번"
_WHOLE = re.compile(
    rf"([+-]?)([0-9]+|[0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]{{1,3}}(?: [0-9]{{3}})+) ?(?:{_COUNTERS})?"
)
_DECIMAL = re.compile(r"([+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+))(\.[0-9]+)?")
_PERCENT = re.compile(r" ?(?:%|퍼센트|프로|percent)")
MOST_DIGITS = 30


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

    A valid number does not mean that the firm is in business. Raises BadInput (`business_number`).
    """
    number = _BUSINESS_MARKS.sub("", texts.compact(text))
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
    number = _PHONE_MARKS.sub("", texts.compact(text))
    for prefix in ("+82", "0082"):
        if number.startswith(prefix):
            number = "0" + number.removeprefix(prefix).removeprefix("0")
    for pattern in (_SEOUL, _MOBILE_OR_AREA, _NATIONWIDE):
        if found := pattern.fullmatch(number):
            return "-".join(found.groups())
    raise BadInput("전화번호를 확인하세요. 예: 010-1234-5678, 02-123-4567", code="phone")


def email(text: str) -> str:
    """Return an e-mail address in lower case, its domain in ASCII (`한국.kr` as `xn--3e0b707e.kr`).

    Two addresses that look alike are one: characters that nobody sees are removed, full-width ones
    become plain, and letters of other scripts, which only look like Latin ones, are refused by name.
    Raises BadInput (`email`).
    """
    address = "".join(texts.fold(_HOST_DOTS.sub(".", text)).lower().split())
    address = address.removeprefix("mailto:")
    local, at, host = address.rpartition("@")
    if not at or "@" in local or not local or not host:
        raise _bad_email("‘@’ 앞뒤를 모두 적어 주세요. 예: name@example.com")
    _refuse_letter(local, _LOCAL_LETTER)
    _refuse_letter(host, _HOST_LETTER)
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError as unreadable:
        raise _bad_email("‘@’ 뒤의 주소를 확인하세요.") from unreadable
    if not _LOCAL.fullmatch(local) or not _HOST.fullmatch(host):
        raise _bad_email("점(.)의 자리와 ‘@’ 뒤의 주소를 확인하세요. 예: name@example.com")
    if len(f"{local}@{host}") > LONGEST_EMAIL:
        raise _bad_email(f"{LONGEST_EMAIL}자까지 쓸 수 있습니다.")
    return f"{local}@{host}"


def same_email(text: str) -> str:
    """Return what two e-mail addresses are compared by, unreadable ones too."""
    try:
        return email(text)
    except BadInput:
        return texts.compact(text).lower()


def document_number(text: str) -> str:
    """Return the number of a receipt or agreement: 2021-구축-1차-000123, however it was pasted.

    A label in front of it (`접수번호:`) is dropped. Nothing is raised; an unknown number is found
    nowhere.
    """
    return _LABEL.sub("", texts.compact(text))


def search_term(text: str) -> str:
    """Return what staff search for as it is stored: a number, an address, or else a name."""
    number = _BUSINESS_MARKS.sub("", texts.compact(text))
    if _TEN_DIGITS.fullmatch(number):
        return number
    if _DOCUMENT_NUMBER.fullmatch(document_number(text)):
        return document_number(text)
    return same_email(text) if "@" in texts.fold(text) else texts.name(text)


def sha256(text: str) -> str:
    """Return a SHA-256 as 64 hexadecimal digits in lower case, however it was pasted.

    Accepts groups, line breaks, colons and a label in front. Raises BadInput (`sha256`).
    """
    bare = texts.compact(text).casefold()
    bare = _HASH_LABEL.sub("", re.sub(r"^[^:]*값\(?", "", bare))
    bare = re.sub(r"[-:().]", "", bare)
    if not _SHA256.fullmatch(bare):
        raise BadInput("0–9와 a–f로 된 64자리 값을 입력하세요.", code="sha256")
    return bare


def whole(text: str) -> int:
    """Return a whole number: 1,234, 1 234, １２명, +3, -4. Raises BadInput (`number`)."""
    found = _WHOLE.fullmatch(texts.fold(text))
    if found is None or len(found[2]) > MOST_DIGITS:
        raise BadInput(_misread(text) or "소수점 없는 숫자로 입력하세요.", code="number")
    return int(found[1] + found[2].replace(",", "").replace(" ", ""))


def decimal(text: str) -> Decimal:
    """Return a number with an optional decimal point: 1,234.5, ０．５. Raises BadInput (`number`)."""
    found = _DECIMAL.fullmatch(texts.fold(text))
    if found is None or len(found[0]) > MOST_DIGITS:
        raise BadInput(_misread(text) or "숫자로 입력하세요. 예: 12.5", code="number")
    return Decimal(found[1].replace(",", "") + (found[2] or ""))


def percent(text: str) -> Decimal:
    """Return a percentage, the sign optional: 50%, 33.3 ％, 50퍼센트. Raises BadInput (`number`)."""
    return decimal(_PERCENT.sub("", texts.fold(text)))


def _misread(text: str) -> str:
    shown = texts.fold(text)[:40]
    if "," in shown and re.fullmatch(r"[0-9,]+", shown):
        return (
            f"‘{shown}’의 쉼표가 세 자리마다 있지 않아 {shown.replace(',', '')}인지 소수인지 알 수 "
            "없습니다. 쉼표 없이 다시 적어 주세요."
        )
    return ""


def _refuse_letter(part: str, allowed: "re.Pattern[str]") -> None:
    strange = next((letter for letter in part if not allowed.fullmatch(letter)), None)
    if strange is not None:
        raise _bad_email(
            f"쓸 수 없는 글자 {with_particle(texts.named(strange), '이/가')} 있습니다. 지우고 영문 자판으로 다시 "
            "입력하세요."
        )


def _bad_email(why: str) -> BadInput:
    return BadInput(f"이메일 주소를 읽을 수 없습니다. {why}", code="email")
