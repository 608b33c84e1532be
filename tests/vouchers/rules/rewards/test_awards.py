"""The pool is divided to the last won, the same way every time."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import BadInput
from vouchers.rules.rewards import awards
from vouchers.rules.rewards.awards import Candidate

POOL = 20_100_000
ROWS = [
    {"code": "grand", "label": "최우수", "places": 1, "weight": 30, "commended": True},
    {"code": "effort", "label": "노력", "places": 2, "weight": 3, "commended": False},
]


def candidate(pk: int, total: str, accepted: int = 4) -> Candidate:
    return Candidate(pk, Decimal(total), accepted, Decimal(0), Decimal(0))


@given(st.integers(0, 10**10), st.lists(st.integers(1, 1_000), min_size=1, max_size=60))
def test_the_shares_are_the_pool_to_the_last_won(pool: int, weights: list[int]) -> None:
    shares = awards.divide(pool, weights)
    assert sum(shares) == pool
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert pool * weight // whole <= share <= pool * weight // whole + 1


@given(st.integers(0, 10**9), st.lists(st.integers(1, 9), min_size=1, max_size=30))
def test_a_heavier_award_is_never_smaller(pool: int, weights: list[int]) -> None:
    shares = awards.divide(pool, weights)
    ordered = sorted(zip(weights, shares, strict=True))
    for (light, low), (heavy, high) in pairwise(ordered):
        assert light == heavy or low <= high


def test_equal_remainders_go_to_the_earlier_place() -> None:
    assert awards.divide(POOL, [1, 1, 1]) == [6_700_000, 6_700_000, 6_700_000]
    assert awards.divide(10, [1, 1, 1]) == [4, 3, 3]


def test_a_pool_needs_weights() -> None:
    with pytest.raises(BadInput):
        awards.divide(POOL, [])


def test_the_best_get_the_first_tiers_and_the_whole_pool() -> None:
    tiers = awards.parse(ROWS)
    found = awards.propose(
        POOL,
        tiers,
        [candidate(1, "70"), candidate(2, "90"), candidate(3, "90", 5), candidate(4, "50", 0)],
    )
    assert [(row.id, row.tier.code) for row in found] == [
        (3, "grand"),
        (2, "effort"),
        (1, "effort"),
    ]
    assert sum(row.amount for row in found) == POOL


def test_fewer_members_than_places_still_get_the_whole_pool() -> None:
    found = awards.propose(POOL, awards.parse(ROWS), [candidate(1, "70")])
    assert [row.amount for row in found] == [POOL]


def test_nobody_without_an_accepted_report_is_awarded() -> None:
    with pytest.raises(BadInput):
        awards.propose(POOL, awards.parse(ROWS), [candidate(1, "70", 0)])


@pytest.mark.parametrize("broken", [[], [{"code": "x"}], [{**ROWS[0], "weight": 0}]])
def test_unsound_tiers_are_refused(broken: list) -> None:
    with pytest.raises(BadInput):
        awards.parse(broken)
