"""Whole won: shares, rounding down and how an amount is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import BadInput
from portal.core.money import MAX_WON, checked_won, eok, floor_to, share_of, won

amounts = st.integers(0, MAX_WON)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (400_200_000_000, "4,002억원"),
        (437_600_000_000, "4,376억원"),
        (4_410_000_000, "44.1억원"),
        (150_000_000, "1.5억원"),
        (70_000_000, "0.7억원"),
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
