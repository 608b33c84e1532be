"""What one firm may hold: sums and counts, all together or each sub-programme by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.rules.grants.limits import Aid, Holdings, Limit, exceeded, parse

TOTAL = Limit("total", "합계", "won", "all", 100, exception=False)
ONCE = Limit("once", "건수", "awards", "program", 1, exception=True)


def codes(*limits: Limit, held: list[Aid], asked: Aid, excepted: tuple[str, ...] = ()) -> list[str]:
    return [row.code for row in exceeded(limits, held, asked, excepted=excepted)]


@pytest.mark.parametrize(
    ("before", "more", "over"),
    [(0, 100, False), (0, 101, True), (60, 40, False), (60, 41, True), (100, 0, False)],
)
def test_a_sum_may_be_reached_and_not_passed(before: int, more: int, over: bool) -> None:
    found = codes(TOTAL, held=[Aid(1, "robot", before)], asked=Aid(2, "build", more))
    assert found == (["aid_limit:total"] if over else [])


def test_a_count_of_one_programme_ignores_another() -> None:
    held = [Aid(1, "robot", 5)]
    assert codes(ONCE, held=held, asked=Aid(2, "build", 5)) == []
    assert codes(ONCE, held=held, asked=Aid(2, "robot", 5)) == ["aid_limit:once"]


def test_what_was_given_back_is_no_award() -> None:
    assert codes(ONCE, held=[Aid(1, "robot", 0)], asked=Aid(2, "robot", 5)) == []


def test_an_application_is_never_counted_against_itself() -> None:
    held = [Aid(1, "robot", 100)]
    assert codes(TOTAL, ONCE, held=held, asked=Aid(1, "robot", 90)) == []


def test_an_exception_lifts_its_own_limit_only() -> None:
    held, asked = [Aid(1, "robot", 100)], Aid(2, "robot", 5)
    assert codes(TOTAL, ONCE, held=held, asked=asked) == ["aid_limit:total", "aid_limit:once"]
    assert codes(TOTAL, ONCE, held=held, asked=asked, excepted=("once",)) == ["aid_limit:total"]


def test_the_reason_states_what_is_held_requested_and_allowed() -> None:
    (found,) = exceeded([TOTAL], [Aid(1, "robot", 60)], Aid(2, "build", 50))
    assert found.message == "합계: 이미 60원, 이번에 50원으로 한도 100원을 넘습니다."


def test_a_round_without_limits_refuses_nothing() -> None:
    assert codes(held=[Aid(1, "robot", 10**12)], asked=Aid(2, "robot", 10**12)) == []
    assert parse([]) == ()


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 60)), max_size=12))
def test_a_ranked_list_never_exceeds_the_limits(asked: list[tuple[int, int]]) -> None:
    book = Holdings([TOTAL, ONCE])
    taken: dict[int, list[int]] = {}
    for place, (firm, won) in enumerate(asked):
        aid = Aid(place, "robot", won)
        if not book.refusals(firm, aid):
            book.add(firm, aid)
            taken.setdefault(firm, []).append(won)
    for amounts in taken.values():
        assert sum(amounts) <= 100
        assert sum(amount > 0 for amount in amounts) <= 1
