"""Endings of receipt numbers as people list them, and turns by load."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.rules.officers.distribution import endings, in_turn

OFFICERS = st.dictionaries(st.integers(1, 6), st.integers(0, 20), max_size=6)
FILES = st.lists(st.integers(1, 40), unique=True, max_size=40)
BARRED = st.dictionaries(st.integers(1, 6), st.frozensets(st.integers(1, 40)), max_size=6)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        (" 1, 3 ", ("1", "3")),
        ("05 25,5", ("05", "25", "5")),
        ("1,1", ("1",)),
        ("0000", None),
        ("1,x", None),
        ("-1", None),
        (", ".join(map(str, range(100, 130))), None),
    ],
)
def test_endings_are_read_as_listed(text: str, found: tuple[str, ...] | None) -> None:
    assert endings(text) == found


def test_who_has_the_fewest_is_next() -> None:
    assert in_turn([1, 2, 3, 4], {7: 2, 8: 0}, {}) == {8: [1, 2, 4], 7: [3]}


def test_a_file_passes_by_whom_it_is_barred_from_and_waits_when_it_is_from_all() -> None:
    barred = {7: frozenset({1, 2}), 8: frozenset({2})}
    assert in_turn([1, 2, 3], {7: 0, 8: 5}, barred) == {7: [3], 8: [1]}


@given(FILES, OFFICERS, BARRED)
def test_every_file_goes_to_one_who_may_have_it_and_loads_stay_even(files, loads, barred) -> None:
    given_out = in_turn(files, loads, barred)
    placed = [file for share in given_out.values() for file in share]
    assert sorted(placed) == sorted(set(placed))
    may = {file: [who for who in loads if file not in barred.get(who, ())] for file in files}
    assert set(placed) == {file for file in files if may[file]}
    assert all(
        file not in barred.get(who, ()) for who, share in given_out.items() for file in share
    )
    if not any(barred.values()) and placed:
        after = {who: load + len(given_out.get(who, [])) for who, load in loads.items()}
        most = max(after[who] for who in given_out)
        assert all(after[who] >= most - 1 for who in loads)
