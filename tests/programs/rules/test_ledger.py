"""The arithmetic of a budget pot."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import BadInput
from programs.rules.ledger import DELTAS, Balance, after, check, fold

entries = st.lists(st.tuples(st.sampled_from(sorted(DELTAS)), st.integers(1, 10**12)), max_size=30)


def test_money_goes_from_appropriation_to_payment_and_back() -> None:
    walk = [
        ("appropriate", 18_100_000_000),
        ("reserve", 300_000_000),
        ("commit", 300_000_000),
        ("pay", 200_000_000),
        ("decommit", 100_000_000),
        ("recover", 50_000_000),
    ]
    balance = fold(walk)
    assert balance == Balance(18_100_000_000, 0, 0, 150_000_000)
    assert balance.available == 17_950_000_000
    assert check(balance)


def test_a_released_reservation_is_available_again() -> None:
    before = fold([("appropriate", 100)])
    assert fold([("appropriate", 100), ("reserve", 60), ("release", 60)]) == before


def test_the_last_won_may_be_reserved_and_not_one_more() -> None:
    full = fold([("appropriate", 100), ("reserve", 100)])
    assert full.available == 0
    assert check(full)
    assert not check(after(full, "reserve", 1))


@pytest.mark.parametrize(
    "kind", ["reduce", "reserve", "release", "commit", "decommit", "pay", "recover"]
)
def test_nothing_moves_in_an_empty_pot(kind: str) -> None:
    assert not check(fold([(kind, 1)]))


def test_money_that_is_promised_cannot_be_taken_from_the_appropriation() -> None:
    assert not check(fold([("appropriate", 100), ("reserve", 60), ("reduce", 41)]))
    assert check(fold([("appropriate", 100), ("reserve", 60), ("reduce", 40)]))


@given(entries)
def test_the_order_of_entries_does_not_change_the_balance(rows: list[tuple[str, int]]) -> None:
    assert fold(rows) == fold(sorted(rows)) == fold(reversed(rows))


@given(entries, entries)
def test_folding_in_two_parts_adds_up(
    first: list[tuple[str, int]], second: list[tuple[str, int]]
) -> None:
    one, two, both = fold(first), fold(second), fold(first + second)
    assert both.available == one.available + two.available
    assert both.paid == one.paid + two.paid


@given(entries)
def test_a_guarded_pot_never_promises_more_than_it_holds(rows: list[tuple[str, int]]) -> None:
    steps = [Balance()]
    for kind, amount in rows:
        moved = after(steps[-1], kind, amount)
        if check(moved):
            steps.append(moved)
    for earlier, later in pairwise(steps):
        assert later != earlier
        assert 0 <= later.reserved + later.committed + later.paid <= later.appropriated


@pytest.mark.parametrize(("kind", "amount"), [("reserve", 0), ("reserve", -5), ("gift", 5)])
def test_refuses_an_entry_without_amount_or_name(kind: str, amount: int) -> None:
    with pytest.raises(BadInput) as refused:
        fold([(kind, amount)])
    assert refused.value.code == "ledger"
