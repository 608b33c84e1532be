"""Whole won: shares, rounding down and how an amount is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import BadInput
from portal.core.money import MAX_WON, checked_won, eok, floor_to, read, share_of, won

amounts = st.integers(0, MAX_WON)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (400_200_000_000, "4,002억원"),
        (437_600_000_000, "4,376억원"),
        (4_410_000_000, "44억 1,000만원"),
        (150_000_000, "1억 5,000만원"),
        (70_000_000, "7,000만원"),
        (20_000_000, "2,000만원"),
        (5_000_000, "500만원"),
        (800_000, "80만원"),
        (20_100_000, "2,010만원"),
        (123_450_000, "1억 2,345만원"),
        (123_456_789, "123,456,789원"),
        (0, "0원"),
        (None, "미정"),
        (-5_000_000, "-500만원"),
    ],
)
def test_writes_amounts_short_and_unrounded(amount: int | None, text: str) -> None:
    assert eok(amount) == text


def test_writes_exact_won_and_says_when_it_is_unknown() -> None:
    assert won(70_000_000) == "70,000,000원"
    assert won(0) == "0원"
    assert won(None) == "미정"


def test_a_share_is_rounded_down_to_the_won() -> None:
    assert share_of(333_333_333, 50) == 166_666_666
    assert share_of(999, 0) == 0


def test_floors_to_a_thousand_won() -> None:
    assert floor_to(166_666_666, 1_000) == 166_666_000


@given(amounts, st.integers(0, 100))
def test_a_share_and_its_rest_differ_by_less_than_two_won(amount: int, percent: int) -> None:
    assert 0 <= amount - share_of(amount, percent) - share_of(amount, 100 - percent) <= 1


@given(amounts, st.integers(1, 10**7))
def test_a_floor_is_the_largest_multiple_not_above(amount: int, unit: int) -> None:
    floored = floor_to(amount, unit)
    assert floored % unit == 0
    assert floored <= amount < floored + unit


@pytest.mark.parametrize("amount", [-1, MAX_WON + 1, 1.5, True, "1000", None])
def test_refuses_what_is_no_amount(amount: object) -> None:
    with pytest.raises(BadInput) as refused:
        checked_won(amount)
    assert refused.value.code == "amount"


def test_accepts_both_ends_of_the_range() -> None:
    assert checked_won(0) == 0
    assert checked_won(MAX_WON) == MAX_WON


@pytest.mark.parametrize(("amount", "percent"), [(-1, 50), (1, 101), (1, -1)])
def test_refuses_an_impossible_share(amount: int, percent: int) -> None:
    with pytest.raises(BadInput):
        share_of(amount, percent)


@pytest.mark.parametrize(("amount", "unit"), [(-1, 10), (1, 0)])
def test_refuses_an_impossible_floor(amount: int, unit: int) -> None:
    with pytest.raises(BadInput):
        floor_to(amount, unit)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("70000000", 70_000_000),
        ("70,000,000", 70_000_000),
        ("70,000,000원", 70_000_000),
        ("70,000,000 원", 70_000_000),
        ("７０，０００，０００원", 70_000_000),
        ("70、000、000", 70_000_000),
        ("70 000 000", 70_000_000),
        ("70\u00a0000\u00a0000", 70_000_000),
        ("₩70,000,000", 70_000_000),
        ("￦ 70,000,000", 70_000_000),
        ("금 70,000,000원정", 70_000_000),
        ("KRW 70,000,000", 70_000_000),
        ("\u200b70,000,000\u202c", 70_000_000),
        ("1억 2,000만원", 120_000_000),
        ("1억2천만원", 120_000_000),
        ("1억 2,000만 5,000원", 120_005_000),
        ("0.7억", 70_000_000),
        ("０．７억원", 70_000_000),
        ("1.5만", 15_000),
        ("1,234.5억", 123_450_000_000),
        ("4,002억원", 400_200_000_000),
        ("3천만원", 30_000_000),
        ("2천5백만원", 25_000_000),
        ("70,000천원", 70_000_000),
        ("1,200백만원", 1_200_000_000),
        ("만원", None),
        ("천만원", 10_000_000),
        ("0", 0),
        ("0원", 0),
        ("1조", 10**12),
    ],
)
def test_reads_amounts_as_people_write_them(typed: str, amount: int | None) -> None:
    if amount is None:
        with pytest.raises(BadInput):
            read(typed)
    else:
        assert read(typed) == amount


@pytest.mark.parametrize(
    ("typed", "reading"),
    [
        ("1,00", "100원"),
        ("12,34", "1,234원"),
        ("1,0000", "10,000원"),
        ("1 00", "100원"),
        ("1.5", "1.5원"),
        ("1.000", "1.000원"),
        ("1.000.000", "1.000.000원"),
        ("1,000.00", "1,000.00원"),
        ("1억 2000", "1억 2000만원"),
        ("1억2,000", "1억 2,000만원"),
    ],
)
def test_what_may_mean_two_amounts_is_refused_with_its_reading(typed: str, reading: str) -> None:
    with pytest.raises(BadInput, match=reading) as refused:
        read(typed)
    assert refused.value.code == "amount"


@pytest.mark.parametrize(
    "typed",
    ["", "원", "억", "-1", "△1,000", "(1,000)", "1e6", "1²", "٣", "½", "약 100만원", "100만원 이상", "100~200만원",
     "1만 2억", "1억 1억", "1억 20,000만", "2천3천만", "1.234567891억", "12천5백만", "1,00만원", "9" * 14, "9" * 70,
     "1,000달러", "$100", "0x10"],
)  # fmt: skip
def test_refuses_what_is_no_typed_amount(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(typed)
    assert refused.value.code == "amount"


@given(amounts)
def test_reads_every_amount_that_is_written(amount: int) -> None:
    assert read(won(amount)) == amount
    assert read(eok(amount)) == amount
