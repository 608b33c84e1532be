"""The ranked list: weighted means, a minimum of each kind, the same result every time."""

import random

from hypothesis import given
from hypothesis import strategies as st

from vouchers.rules.selection import (
    RESERVE,
    SELECTED,
    Candidate,
    Criterion,
    Rules,
    next_in_reserve,
    score,
    select,
    shortages,
)

CRITERIA = (Criterion("expertise", "전문성", 50, 60), Criterion("interest", "관심도", 50, 40))
KINDS = ("sme", "expert", "student")


def candidate(id: int, kind: str = "sme", expertise: int = 30, interest: int = 30) -> Candidate:
    return Candidate(id, kind, ({"expertise": expertise, "interest": interest},), id)


def rules(places: int = 2, reserve: int = 1, **least: int) -> Rules:
    return Rules(CRITERIA, places, reserve, least)


def test_the_score_is_the_weighted_mean_in_hundredths() -> None:
    two = Candidate(
        1, "sme", ({"expertise": 40, "interest": 50}, {"expertise": 45, "interest": 50}), 1
    )
    assert score(two, CRITERIA) == {"expertise": 5_100, "interest": 4_000}


def test_rank_decides_then_expertise_then_who_filed_first() -> None:
    rows = [
        candidate(1, expertise=30, interest=45),
        candidate(2, expertise=40, interest=30),
        candidate(3, expertise=40, interest=30),
    ]
    assert [row.id for row in select(rows, rules())] == [2, 3, 1]


def test_the_best_of_a_kind_are_taken_before_the_rank() -> None:
    rows = [candidate(1, "sme", 50), candidate(2, "sme", 49), candidate(3, "student", 10)]
    found = {row.id: row.outcome for row in select(rows, rules(student=1))}
    assert found == {1: SELECTED, 2: RESERVE, 3: SELECTED}


def test_a_kind_that_too_few_applied_for_is_named() -> None:
    assert shortages([candidate(1)], rules(sme=1, expert=1)) == ["expert"]


def test_the_reserve_of_a_kind_below_its_minimum_moves_up_first() -> None:
    reserves = [(1, "sme"), (2, "student")]
    assert next_in_reserve(reserves, {"sme": 5}, {"student": 1}) == 2
    assert next_in_reserve(reserves, {"student": 1}, {"student": 1}) == 1
    assert next_in_reserve([], {}, {}) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.integers(0, 50), st.integers(0, 50)), max_size=25
    ),
    st.integers(1, 10),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_limits_hold_and_input_order_does_not_matter(
    drawn: list[tuple[str, int, int]], places: int, reserve: int, shuffle: random.Random
) -> None:
    rows = [candidate(id, *row) for id, row in enumerate(drawn)]
    ruled = rules(places, reserve, sme=1, student=1)
    found = select(rows, ruled)
    counts = {
        outcome: sum(row.outcome == outcome for row in found) for outcome in (SELECTED, RESERVE)
    }
    assert counts[SELECTED] == min(places, len(rows))
    assert counts[RESERVE] == min(reserve, len(rows) - counts[SELECTED])
    taken = {row.id for row in found if row.outcome == SELECTED}
    if places >= 2:
        for kind in ("sme", "student"):
            if any(row.kind == kind for row in rows):
                assert any(row.id in taken for row in rows if row.kind == kind)
    shuffle.shuffle(rows)
    assert select(rows, ruled) == found
