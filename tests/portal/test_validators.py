"""Numbers, addresses and identifiers, however they are typed or pasted."""

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import BadInput
from portal.core.validators import (
    business_number,
    check_digit,
    decimal,
    document_number,
    email,
    format_business_number,
    percent,
    phone,
    row_number,
    same_email,
    sha256,
    whole,
)

PASTED = ["\u200b", "\u200f", "\u202d", "\u2066", "\ufeff", "\u00ad", "\u2060", "\u3164", " ", "\u00a0", "\u3000", "\u2009"]  # fmt: skip
DASHES = [
    "-",
    "‐",
    "‑",
    "‒",
    "–",
    "—",
    "―",
    "−",
    "－",
    "﹣",
    "ー",
    "ㅡ",
    "─",
    "⁃",
]


def wide(typed: str) -> str:
    """Write ASCII in full-width characters."""
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in typed)


def spellings(plain: str) -> list[str]:
    """Return ways in which an identifier arrives: with what is pasted along, full-width, dashed."""
    middle = len(plain) // 2
    written = [f"{one}{plain}{one}" for one in PASTED]
    written += [f"{plain[:middle]}{one}{plain[middle:]}" for one in PASTED]
    written += [
        wide(plain),
        unicodedata.normalize("NFD", plain),
        f"{plain[:middle]}\n {plain[middle:]}\n",
    ]
    return written + [plain.replace("-", one) for one in DASHES]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("124-81-00998", "1248100998"),
        ("123-45-67891", "1234567891"),
        (" 124 81 00998 ", "1248100998"),
        ("１２４-８１-００９９８", "1248100998"),
    ],
)
def test_makes_a_business_number_canonical(typed: str, number: str) -> None:
    assert business_number(typed) == number


def test_a_check_digit_of_zero_is_a_good_number() -> None:
    assert business_number("100-81-00070") == "1008100070"


@pytest.mark.parametrize(
    "typed",
    [
        "123-45-67890",
        "124-81-0099",
        "124-81-009988",
        "000-00-00000",
        "124-81-0099a",
        "",
        "124-81-00998\n1",
        "124-81-0099٨",
    ],
)
def test_refuses_a_wrong_business_number(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        business_number(typed)
    assert refused.value.code == "business_number"


nine_digits = st.tuples(st.integers(100, 999), st.integers(1, 99), st.integers(1, 9999)).map(
    lambda parts: f"{parts[0]:03}{parts[1]:02}{parts[2]:04}"
)


@given(nine_digits)
def test_exactly_one_tenth_digit_is_right(first_nine: str) -> None:
    accepted = []
    for last in "0123456789":
        try:
            accepted.append(business_number(first_nine + last))
        except BadInput:
            continue
    assert accepted == [first_nine + str(check_digit(first_nine))]


@given(nine_digits)
def test_writing_and_reading_a_number_are_inverse(first_nine: str) -> None:
    number = first_nine + str(check_digit(first_nine))
    assert business_number(format_business_number(number)) == number


def test_writes_a_number_as_the_certificate_does() -> None:
    assert format_business_number("1248100998") == "124-81-00998"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("01012345678", "010-1234-5678"),
        ("010 1234 5678", "010-1234-5678"),
        ("+82 10-1234-5678", "010-1234-5678"),
        ("+82 (0)10-1234-5678", "010-1234-5678"),
        ("011-123-4567", "011-123-4567"),
        ("021234567", "02-123-4567"),
        ("02.1234.5678", "02-1234-5678"),
        ("042-481-1234", "042-481-1234"),
        ("07012345678", "070-1234-5678"),
        ("0505-123-4567", "0505-123-4567"),
        ("15881234", "1588-1234"),
    ],
)
def test_makes_a_telephone_number_canonical(typed: str, number: str) -> None:
    assert phone(typed) == number
    assert phone(number) == number


@pytest.mark.parametrize(
    "typed", ["", "1234", "010-12-5678", "+1 212 555 0100", "abc", "0101234567890"]
)
def test_refuses_what_is_no_telephone_number(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        phone(typed)
    assert refused.value.code == "phone"


@pytest.mark.parametrize(
    "text", [None, "", " ", "x", "-1", "1.0", "1e3", "²", "٣", "１", "9" * 19, "9" * 5_000, "1\0"]
)
def test_what_is_no_number_of_a_row_is_none(text: str | None) -> None:
    assert row_number(text) is None


def test_the_number_of_a_row_is_read() -> None:
    assert (row_number("0"), row_number("007"), row_number("9" * 18)) == (0, 7, 10**18 - 1)


@pytest.mark.parametrize(
    ("read", "plain", "stored"),
    [
        (business_number, "124-81-00998", "1248100998"),
        (phone, "010-1234-5678", "010-1234-5678"),
        (email, "hong.gil+a@firm-1.co.kr", "hong.gil+a@firm-1.co.kr"),
        (document_number, "2021-구축-1차-000123", "2021-구축-1차-000123"),
        (document_number, "2021-로봇-1차-000123-협약", "2021-로봇-1차-000123-협약"),
        (sha256, "0123456789abcdef" * 4, "0123456789abcdef" * 4),
    ],
)
def test_every_spelling_of_an_identifier_is_read_alike(read, plain: str, stored: str) -> None:
    for typed in spellings(plain):
        assert read(typed) == stored, ascii(typed)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("Hong@FIRM.co.kr", "hong@firm.co.kr"),
        ("ｈｏｎｇ＠ｆｉｒｍ．ｃｏ．ｋｒ", "hong@firm.co.kr"),
        ("hong@firm。co。kr", "hong@firm.co.kr"),
        ("hong@한빛.한국", "hong@xn--xx3br43b.xn--3e0b707e"),
        (unicodedata.normalize("NFD", "hong@한빛.한국"), "hong@xn--xx3br43b.xn--3e0b707e"),
        ("hong@XN--XX3BR43B.xn--3e0b707e", "hong@xn--xx3br43b.xn--3e0b707e"),
        ("mailto:hong@firm.co.kr", "hong@firm.co.kr"),
    ],
)
def test_an_address_has_one_spelling(typed: str, address: str) -> None:
    assert email(typed) == address
    assert email(address) == address


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("h\u043eng@firm.co.kr", "‘о’(U+043E)"),
        ("hong@f\u0456rm.co.kr", "‘і’(U+0456)"),
        ("hong@firm.co.kr\u0301", "U+0155"),
        ("홍@firm.co.kr", "‘홍’"),
        ("hong\u0001@firm.co.kr", "U+0001"),
        ("ho,ng@firm.co.kr", "‘,’"),
        ("hong@firm_1.kr", "‘_’"),
    ],
)
def test_an_address_is_refused_by_the_character_that_is_wrong(typed: str, named: str) -> None:
    with pytest.raises(BadInput) as refused:
        email(typed)
    assert refused.value.code == "email"
    assert named in refused.value.message


@pytest.mark.parametrize(
    "typed",
    ["", "hong", "@firm.co.kr", "hong@", "a@b@c.kr", "hong@firm", ".a@firm.kr", "a..b@firm.kr",
     "a@-firm.kr", "a@firm..kr", f"{'a' * 250}@firm.kr", f"a@{'b' * 64}.kr", "a@1.2.3.4"],
)  # fmt: skip
def test_refuses_what_is_no_address(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        email(typed)
    assert refused.value.code == "email"


def test_addresses_are_compared_even_when_unreadable() -> None:
    assert same_email("Hong\u200b@firm.co.kr") == same_email("hong@firm.co.kr")
    assert same_email("내부 주소") == "내부주소"


@pytest.mark.parametrize(
    "typed",
    [
        "접수번호: 2021-구축-1차-000123",
        "접수번호 2021-구축-1차-000123",
        "번호：2021–구축–1차–000123",
    ],
)
def test_a_number_is_read_with_its_label(typed: str) -> None:
    assert document_number(typed) == "2021-구축-1차-000123"


@pytest.mark.parametrize(
    "label", ["SHA-256: ", "sha256:", "확인 값(SHA-256) ", "확인 값: ", "SHA‑256 "]
)
def test_a_hash_is_read_with_its_label_and_in_groups(label: str) -> None:
    value = "0123456789abcdef" * 4
    groups = " ".join(value[at : at + 8].upper() for at in range(0, 64, 8))
    assert sha256(f"{label}{groups}") == value


@pytest.mark.parametrize("typed", ["", "0" * 63, "0" * 65, "g" * 64, "０" * 63])
def test_refuses_what_is_no_hash(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        sha256(typed)
    assert refused.value.code == "sha256"


@pytest.mark.parametrize(
    ("typed", "number"),
    [("1,234", 1234), ("１，２３４명", 1234), (" 12 개", 12), ("1 234", 1234), ("+3", 3), ("−4", -4),
     ("0", 0), ("25\u200b명", 25), ("007", 7)],
)  # fmt: skip
def test_reads_a_count(typed: str, number: int) -> None:
    assert whole(typed) == number


@pytest.mark.parametrize(
    "typed", ["", "1,00", "1.5", "12,34", "1,2345", "1e3", "²", "٣", "1-2", "1" * 40]
)
def test_refuses_what_is_no_count(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        whole(typed)
    assert refused.value.code == "number"


@pytest.mark.parametrize(
    ("typed", "number"),
    [("50%", "50"), ("33.3 ％", "33.3"), ("５０퍼센트", "50"), ("0.5", "0.5"), ("1,000.5", "1000.5"), ("50", "50")],
)  # fmt: skip
def test_reads_a_percentage(typed: str, number: str) -> None:
    assert percent(typed) == Decimal(number)


@pytest.mark.parametrize("typed", ["", "%", "33,3%", "1,00", "5 0", "nan", "inf", "1e5", "½"])
def test_refuses_what_is_no_percentage(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        percent(typed)
    assert refused.value.code == "number"


def test_a_number_that_may_mean_two_is_refused_with_its_reading() -> None:
    for read in (whole, decimal):
        with pytest.raises(BadInput, match="100인지"):
            read("1,00")
