"""Summaries of ratings and what they leave out."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from vouchers.rules.reports import ratings
from vouchers.rules.reports.ratings import ALL, Summary, Vote

marks = st.lists(st.one_of(st.none(), st.integers(1, 5)), max_size=30)


def test_a_summary_has_count_mean_spread_and_deviation() -> None:
    assert ratings.summarise([5, 4, None, 2, 5]) == Summary(
        4, Decimal("4.0"), 2, 5, Decimal("1.22")
    )
    assert ratings.summarise([5, 4, None, 2, 5]).spread == "2–5"
    assert ratings.summarise([3, 3]).spread == "3"


def test_a_scale_without_ratings_has_no_mean() -> None:
    assert ratings.summarise([None, None]) == Summary(0)
    assert ratings.summarise([]).mean is None


@given(marks)
def test_not_judged_is_left_out_of_mean_and_count(values: list[int | None]) -> None:
    whole = ratings.summarise(values)
    assert whole == ratings.summarise([value for value in values if value is not None])
    if whole.mean is not None:
        assert whole.lowest <= whole.mean <= whole.highest


def test_kinds_are_separate_and_uncounted_votes_are_left_out() -> None:
    votes = [
        Vote("sme", {"s": 5}),
        Vote("sme", {"s": 3}),
        Vote("expert", {"s": 1}),
        Vote("student", {"s": 1}, counted=False),
    ]
    found = ratings.table(votes, scales=["s"], kinds=["sme", "expert", "student"])["s"]
    assert (found[ALL].count, found[ALL].mean) == (3, Decimal("3.0"))
    assert (found["sme"].count, found["sme"].mean) == (2, Decimal("4.0"))
    assert found["student"].count == 0
