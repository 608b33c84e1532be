"""Ratings: what is summed up, what is left out, and what small numbers hide."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from vouchers.rules import ratings
from vouchers.rules.ratings import ALL, Summary, Vote

marks = st.lists(st.one_of(st.none(), st.integers(1, 5)), max_size=30)


def test_a_summary_tells_count_mean_spread_and_deviation() -> None:
    assert ratings.summarise([5, 4, None, 2, 5]) == Summary(
        4, Decimal("4.0"), 2, 5, Decimal("1.22")
    )
    assert ratings.summarise([5, 4, None, 2, 5]).spread == "2–5"
    assert ratings.summarise([3, 3]).spread == "3"


def test_nobody_judged_is_not_nought() -> None:
    assert ratings.summarise([None, None]) == Summary(0)
    assert ratings.summarise([]).mean is None


@given(marks)
def test_not_judged_counts_neither_above_nor_below_the_line(values: list[int | None]) -> None:
    whole = ratings.summarise(values)
    assert whole == ratings.summarise([value for value in values if value is not None])
    if whole.mean is not None:
        assert whole.lowest <= whole.mean <= whole.highest


def test_kinds_stand_apart_and_what_is_not_counted_is_left_out() -> None:
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


def test_a_small_group_is_hidden_and_cannot_be_worked_out() -> None:
    assert ratings.hidden({"sme": 5, "expert": 4, "student": 0}, least=3) == frozenset()
    assert ratings.hidden({"sme": 5, "expert": 4, "student": 1}, least=3) == {"expert", "student"}
    assert ratings.hidden({"sme": 5, "expert": 2, "student": 1}, least=3) == {"expert", "student"}
    assert ratings.hidden({"sme": 2}, least=3) == {"sme"}


@given(st.dictionaries(st.sampled_from("abcde"), st.integers(0, 9), min_size=1), st.integers(1, 5))
def test_what_is_hidden_is_never_one_small_group_alone(counts: dict[str, int], least: int) -> None:
    hidden = ratings.hidden(counts, least=least)
    shown = {name for name, count in counts.items() if count} - hidden
    assert all(counts[name] >= least for name in shown)
    if hidden and shown:
        assert sum(counts[name] for name in hidden) >= least
