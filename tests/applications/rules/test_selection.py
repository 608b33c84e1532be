"""Rank order, ties and the line drawn by budget or quota."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.rules.selection import TIE_RULE, Candidate, Cut, Proposed, cut, propose, rank
from portal.core.errors import BadInput, RuleBroken

START = datetime(2021, 2, 1, tzinfo=UTC)


def candidate(number: int, total: str = "80", **change: Any) -> Candidate:
    given = {
        "id": number,
        "total": Decimal(total),
        "raw": Decimal(total),
        "core": Decimal(30),
        "submitted_at": START + timedelta(minutes=number),
        "amount_won": 100,
        "passed_floor": Decimal(total) >= 60,
    }
    return Candidate(**{**given, **change})


def ids(candidates: list[Candidate]) -> list[int]:
    return [entry.candidate.id for entry in rank(candidates)]


def outcomes(rows: list[Proposed]) -> list[tuple[int, str]]:
    return [(row.id, row.outcome) for row in rows]


@st.composite
def pools(draw: st.DrawFn) -> list[Candidate]:
    size = draw(st.integers(0, 12))
    pool = []
    for number in range(size):
        raw = Decimal(draw(st.integers(55, 70)))
        bonus = draw(st.sampled_from([0, 5])) if raw >= 60 else 0
        pool.append(
            candidate(
                number,
                str(raw + bonus),
                raw=raw,
                core=Decimal(draw(st.integers(28, 30))),
                submitted_at=START + timedelta(minutes=draw(st.integers(0, 2))),
                amount_won=draw(st.integers(0, 50)),
                passed_floor=raw >= 60,
            )
        )
    return pool


budgets = st.integers(0, 400)
limits = st.none() | st.integers(0, 12)


def test_a_tie_goes_to_raw_score_then_core_then_earlier_submission_then_number() -> None:
    later = START + timedelta(days=1)
    pool = [
        candidate(1, "80", raw=Decimal(75)),
        candidate(2, "80", raw=Decimal(80), core=Decimal(20)),
        candidate(3, "80", raw=Decimal(80), core=Decimal(30), submitted_at=later),
        candidate(5, "80", raw=Decimal(80), core=Decimal(30), submitted_at=START),
        candidate(4, "80", raw=Decimal(80), core=Decimal(30), submitted_at=START),
        candidate(6, "81"),
    ]
    assert ids(pool) == [6, 4, 5, 3, 2, 1]


def test_the_printed_tie_rule_names_the_steps_in_their_order() -> None:
    places = [
        TIE_RULE.index(step) for step in ("총점", "평가점수", "핵심", "먼저 접수", "접수번호")
    ]
    assert places == sorted(places)
    assert "추첨은 하지 않습니다" in TIE_RULE


def test_the_line_is_drawn_at_the_first_that_does_not_fit_and_nobody_jumps_it() -> None:
    pool = [
        candidate(1, "90", amount_won=60),
        candidate(2, "80", amount_won=60),
        candidate(3, "70", amount_won=10),
        candidate(4, "50", amount_won=10),
    ]
    rows = propose(rank(pool), available_won=100, places=None)
    assert outcomes(rows) == [(1, "selected"), (2, "reserve"), (3, "reserve"), (4, "rejected")]
    assert [row.reason_code for row in rows] == [
        "within_line",
        "over_budget",
        "over_budget",
        "below_floor",
    ]
    assert "40원" in rows[1].reason
    assert cut(rank(pool), available_won=100, places=None) == Cut(1, Decimal(90), "budget", 60)


def test_s11_the_quota_draws_the_line_at_the_57th_robot() -> None:
    pool = [candidate(number, "80") for number in range(60)]
    rows = propose(rank(pool), available_won=10**10, places=57, reserve_places=2)
    assert [row.outcome for row in rows] == ["selected"] * 57 + ["reserve"] * 2 + ["rejected"]
    assert rows[57].reason_code == "over_quota"
    assert rows[59].reason_code == "beyond_reserve"
    assert cut(rank(pool), available_won=10**10, places=57).stopped_by == "quota"


def test_a_pot_that_fits_to_the_won_is_used_to_the_won() -> None:
    pool = [candidate(1, amount_won=40), candidate(2, amount_won=60)]
    assert cut(rank(pool), available_won=100, places=None).amount_won == 100
    assert cut(rank(pool), available_won=99, places=None).selected_count == 1


def test_everybody_above_the_floor_is_selected_when_money_and_places_suffice() -> None:
    line = cut(rank([candidate(1), candidate(2, "59")]), available_won=10**9, places=None)
    assert (line.selected_count, line.stopped_by) == (1, "end")


def test_nobody_is_selected_from_an_empty_pot_or_an_empty_list() -> None:
    assert cut(rank([candidate(1)]), available_won=0, places=None) == Cut(0, None, "budget", 0)
    assert cut([], available_won=100, places=None) == Cut(0, None, "end", 0)
    assert propose([], available_won=100, places=None) == []


@given(pools(), st.randoms())
def test_ranking_does_not_depend_on_the_order_given(pool: list[Candidate], chance: Any) -> None:
    shuffled = list(pool)
    chance.shuffle(shuffled)
    assert rank(pool) == rank(shuffled)
    assert [entry.rank for entry in rank(pool)] == list(range(1, len(pool) + 1))


@given(pools(), budgets, limits, limits)
def test_a_proposal_honours_budget_places_floor_and_rank(
    pool: list[Candidate], available: int, places: int | None, reserves: int | None
) -> None:
    ranked = rank(pool)
    rows = propose(ranked, available_won=available, places=places, reserve_places=reserves)
    by_id = {one.id: one for one in pool}
    selected = [row for row in rows if row.outcome == "selected"]
    reserve = [row for row in rows if row.outcome == "reserve"]
    assert [row.id for row in rows] == [entry.candidate.id for entry in ranked]
    assert sum(by_id[row.id].amount_won or 0 for row in selected) <= available
    assert places is None or len(selected) <= places
    assert reserves is None or len(reserve) <= reserves
    assert all(by_id[row.id].passed_floor for row in selected + reserve)
    order = {"selected": 0, "reserve": 1, "rejected": 2}
    assert [order[row.outcome] for row in rows] == sorted(order[row.outcome] for row in rows)


@given(pools(), budgets, limits)
def test_the_line_is_as_low_as_budget_and_places_allow(
    pool: list[Candidate], available: int, places: int | None
) -> None:
    ranked = rank(pool)
    line = cut(ranked, available_won=available, places=places)
    able = [entry.candidate for entry in ranked if entry.candidate.passed_floor]
    assert line.amount_won == sum(one.amount_won or 0 for one in able[: line.selected_count])
    if line.stopped_by == "end":
        assert line.selected_count == len(able)
    elif line.stopped_by == "quota":
        assert line.selected_count == places
    else:
        following = able[line.selected_count].amount_won or 0
        assert line.amount_won + following > available


def test_an_unknown_amount_stops_the_proposal_and_names_every_application() -> None:
    pool = [candidate(1), candidate(2, amount_won=None), candidate(3, amount_won=None)]
    with pytest.raises(RuleBroken) as refused:
        propose(rank(pool), available_won=100, places=None)
    assert [f.code for f in refused.value.findings] == ["amount_unknown:2", "amount_unknown:3"]


def test_an_unknown_amount_below_the_floor_does_not_matter() -> None:
    rows = propose(rank([candidate(1, "10", amount_won=None)]), available_won=1, places=None)
    assert outcomes(rows) == [(1, "rejected")]


@pytest.mark.parametrize(
    "limits",
    [
        {"available_won": -1, "places": None},
        {"available_won": 1, "places": -1},
        {"available_won": 1, "places": 1, "reserve_places": -1},
    ],
)
def test_refuses_negative_limits(limits: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        propose(rank([candidate(1)]), **limits)


def test_refuses_a_negative_amount() -> None:
    with pytest.raises(BadInput):
        cut(rank([candidate(1, amount_won=-1)]), available_won=1, places=None)
