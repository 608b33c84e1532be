"""Business numbers by the tax office's check digit, and Korean telephone numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import BadInput
from portal.core.validators import (
    business_number,
    check_digit,
    format_business_number,
    phone,
    row_number,
)


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
