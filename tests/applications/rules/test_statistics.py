"""Small numbers: what is left out, and that nothing left out can be worked out."""

from hypothesis import given
from hypothesis import strategies as some

from applications.rules.statistics import percentile, suppress


def test_one_to_four_are_left_out_and_nought_stays() -> None:
    cells = {"a": 0, "b": 1, "c": 4, "d": 5, "e": 90}
    assert suppress(cells, 5) == {"a": 0, "b": None, "c": None, "d": 5, "e": 90}


def test_a_single_one_takes_the_next_smallest_along() -> None:
    assert suppress({"a": 3, "b": 9, "c": 7}, 5) == {"a": None, "b": 9, "c": None}


def test_a_table_of_one_cell_loses_it() -> None:
    assert suppress({"a": 3, "b": 0}, 5) == {"a": None, "b": 0}


def test_empty_cells_of_fewer_than_five_together_take_the_next_smallest_along() -> None:
    cells = {"a": 1, "b": 1, "c": 9, "d": 30}  # the sum would say that both are one
    assert suppress(cells, 5) == {"a": None, "b": None, "c": None, "d": 30}
    assert suppress({"a": 1, "b": 4, "c": 9}, 5) == {"a": None, "b": None, "c": 9}


def test_cells_do_not_tell_a_sum_that_is_left_out_elsewhere() -> None:
    assert suppress({"a": 20, "b": 30}, 5, sum_published=False) == {"a": None, "b": 30}
    assert suppress({"a": 20}, 5, sum_published=False) == {"a": None}
    assert suppress({"a": 0, "b": 0}, 5, sum_published=False) == {"a": 0, "b": 0}


@given(some.dictionaries(some.text(), some.integers(0, 12)), some.integers(1, 8))
def test_no_small_number_is_left_and_none_is_hidden_alone(
    cells: dict[str, int], least: int
) -> None:
    shown = suppress(cells, least)
    assert all(value in (None, 0) or value >= least for value in shown.values())
    hidden = [name for name, value in shown.items() if value is None]
    if len(hidden) == 1:
        assert not any(value for name, value in shown.items() if name not in hidden)
    if hidden and sum(cells[name] for name in hidden) < least:
        assert not any(shown.values())
    assert all(shown[name] in (None, count) for name, count in cells.items())


def test_the_middle_and_the_tail_of_days() -> None:
    assert percentile({1: 1, 2: 1, 3: 1, 4: 1, 30: 1}, 50) == 3
    assert percentile({1: 9, 30: 1}, 90) == 1
    assert percentile({1: 8, 30: 2}, 90) == 30
    assert percentile({}, 50) is None


@given(some.lists(some.integers(0, 40), min_size=1), some.integers(1, 100))
def test_a_percentile_is_the_day_by_which_so_many_were_done(days: list[int], part: int) -> None:
    counts = {day: days.count(day) for day in days}
    found = percentile(counts, part)
    assert sum(day <= found for day in days) * 100 >= part * len(days)
    assert sum(day < found for day in days) * 100 < part * len(days)
