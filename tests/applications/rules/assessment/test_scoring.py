"""Score arithmetic: trimmed mean, floor, bonus, and no dependence on order."""

import json
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.rules.assessment.scoring import (
    BonusItem,
    Criterion,
    Rubric,
    Score,
    breakdown,
    describe,
    fits,
    mean,
    opinions,
    score,
    weakest,
)
from portal.core.errors import BadInput
from portal.records import snapshot

RUBRIC = Rubric(
    criteria=(
        Criterion("need", "필요성", 30),
        Criterion("plan", "추진계획", 40, core=True),
        Criterion("effect", "기대효과", 30),
    ),
    floor=Decimal(60),
    bonus_cap=5,
    bonus_items=(
        BonusItem("covid", "코로나19 대응 제품", 5),
        BonusItem("reshoring", "유턴기업", 3),
    ),
)


def sheet(total: int) -> dict[str, int]:
    need = min(total, 30)
    plan = min(total - need, 40)
    return {"need": need, "plan": plan, "effect": total - need - plan}


def scored(totals: Sequence[int], *bonuses: tuple[str, int]) -> Score:
    return score(RUBRIC, [sheet(total) for total in totals], bonuses)


def codes(result: Score) -> list[str]:
    return [finding.code for finding in result.findings]


sheets_of = st.lists(
    st.fixed_dictionaries(
        {"need": st.integers(0, 30), "plan": st.integers(0, 40), "effect": st.integers(0, 30)}
    ),
    min_size=3,
    max_size=8,
)
bonus_sets = st.sampled_from(
    [(), (("covid", 5),), (("reshoring", 3),), (("covid", 5), ("reshoring", 3))]
)


def test_with_five_the_highest_and_lowest_are_dropped_and_the_rest_divided_by_three() -> None:
    result = scored([50, 70, 80, 90, 100])
    assert result.raw == Decimal("80.00")
    assert result.dropped_indexes == (0, 4)
    assert result.sheet_totals == (50, 70, 80, 90, 100)
    assert result.spread == 50


def test_six_sheets_are_divided_by_the_four_that_remain() -> None:
    assert scored([0, 70, 70, 70, 75, 100]).raw == Decimal("71.25")


def test_four_sheets_are_not_trimmed() -> None:
    result = scored([50, 70, 80, 100])
    assert (result.raw, result.dropped_indexes) == (Decimal("75.00"), ())


def test_only_one_of_two_equal_extremes_is_dropped() -> None:
    result = scored([60, 60, 80, 90, 90])
    assert result.raw == Decimal("76.67")
    assert len(result.dropped_indexes) == 2


def test_fewer_than_three_sheets_give_no_score() -> None:
    result = scored([100, 100], ("covid", 5))
    assert (result.raw, result.total, result.passed_floor) == (None, None, False)
    assert (result.bonus_claimed, result.bonus_counted) == (5, 0)
    assert [(f.code, f.blocking) for f in result.findings] == [("too_few_sheets", True)]
    assert scored([]).sheet_totals == ()


def test_rounds_half_up_and_not_to_even() -> None:
    assert mean(1, 8, 2) == Decimal("0.13")
    assert mean(3, 8, 2) == Decimal("0.38")
    assert mean(200, 3, 2) == Decimal("66.67")
    assert mean(5, 2, 0) == Decimal(3)


def test_s9_the_covid_bonus_adds_five_at_the_floor() -> None:
    result = scored([60, 60, 60, 60, 60], ("covid", 5))
    assert (result.raw, result.bonus_counted, result.total) == (Decimal(60), 5, Decimal(65))


def test_s9_the_bonus_does_not_lift_a_raw_score_over_the_floor() -> None:
    result = scored([59, 59, 59, 60, 60], ("covid", 5))
    assert result.raw == Decimal("59.33")
    assert (result.passed_floor, result.bonus_counted, result.total) == (False, 0, result.raw)
    assert codes(result) == ["below_floor", "bonus_not_counted"]


def test_all_bonuses_together_are_capped_at_five() -> None:
    result = scored([80] * 5, ("covid", 5), ("reshoring", 3))
    assert (result.bonus_claimed, result.bonus_counted, result.total) == (8, 5, Decimal(85))
    assert codes(result) == ["bonus_capped"]


def test_the_printed_score_is_the_one_held_against_the_floor() -> None:
    coarse = Rubric(RUBRIC.criteria, Decimal(60), decimals=0)
    assert score(coarse, [sheet(59), sheet(60), sheet(60)]).passed_floor
    assert not scored([59, 60, 60]).passed_floor


def test_the_core_score_is_the_mean_of_the_core_criteria_of_the_sheets_that_count() -> None:
    result = scored([30, 50, 60, 70, 100])
    assert result.core == Decimal("30.00")
    assert result.per_criterion == {
        "need": Decimal("30.00"),
        "plan": Decimal("30.00"),
        "effect": Decimal("0.00"),
    }


@given(sheets_of, bonus_sets)
def test_agrees_with_exact_fractions(
    sheets: list[dict[str, int]], bonuses: tuple[tuple[str, int], ...]
) -> None:
    result = score(RUBRIC, sheets, bonuses)
    totals = sorted(sum(one.values()) for one in sheets)
    kept = totals[1:-1] if len(totals) >= 5 else totals
    exact = Fraction(sum(kept), len(kept))
    expected = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(
        Decimal("0.01"), ROUND_HALF_UP
    )
    assert result.raw == expected
    assert result.total == expected + result.bonus_counted


@given(sheets_of)
def test_the_trimmed_mean_lies_between_the_sheets_that_count(sheets: list[dict[str, int]]) -> None:
    result = score(RUBRIC, sheets)
    kept = [t for i, t in enumerate(result.sheet_totals) if i not in result.dropped_indexes]
    assert result.raw is not None
    assert min(kept) <= result.raw <= max(kept)
    assert len(kept) == len(sheets) - (2 if len(sheets) >= 5 else 0)


@given(st.lists(sheets_of.flatmap(st.sampled_from), min_size=5, max_size=5), st.randoms())
def test_the_order_of_sheets_changes_nothing_that_decides(
    sheets: list[dict[str, int]], chance: object
) -> None:
    shuffled = list(sheets)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = score(RUBRIC, sheets), score(RUBRIC, shuffled)
    assert (one.raw, one.core, one.per_criterion) == (other.raw, other.core, other.per_criterion)


def test_equal_totals_with_unlike_points_drop_the_same_sheet_in_every_order() -> None:
    high = {"need": 0, "plan": 40, "effect": 30}
    twin = {"need": 30, "plan": 40, "effect": 0}
    low, lower = {"need": 10, "plan": 0, "effect": 0}, {"need": 0, "plan": 10, "effect": 0}
    sheets = [high, twin, low, lower, sheet(50)]
    results = [score(RUBRIC, order) for order in permutations(sheets)]
    assert len({(r.raw, r.core, tuple(r.per_criterion.items())) for r in results}) == 1


@given(sheets_of, bonus_sets)
def test_a_bonus_never_lifts_a_raw_score_below_the_floor(
    sheets: list[dict[str, int]], bonuses: tuple[tuple[str, int], ...]
) -> None:
    result = score(RUBRIC, sheets, bonuses)
    assert result.raw is not None
    assert result.total is not None
    assert result.passed_floor == (result.raw >= 60)
    assert 0 <= result.bonus_counted <= min(result.bonus_claimed, 5)
    if not result.passed_floor:
        assert result.total == result.raw < 60


@given(sheets_of, st.integers(0, 7), st.sampled_from(["need", "plan", "effect"]))
def test_one_point_more_never_lowers_the_score(
    sheets: list[dict[str, int]], place: int, code: str
) -> None:
    place %= len(sheets)
    if sheets[place][code] == {"need": 30, "plan": 40, "effect": 30}[code]:
        return
    raised = [dict(one) for one in sheets]
    raised[place][code] += 1
    before, after = score(RUBRIC, sheets).raw, score(RUBRIC, raised).raw
    assert before is not None
    assert after is not None
    assert before <= after


@given(sheets_of, bonus_sets)
def test_a_second_run_gives_the_identical_bytes(
    sheets: list[dict[str, int]], bonuses: tuple[tuple[str, int], ...]
) -> None:
    first, second = (
        snapshot.canonical(breakdown(score(rubric, sheets, bonuses), rubric))
        for rubric in (RUBRIC, Rubric.from_json(json.loads(json.dumps(RUBRIC.to_json()))))
    )
    assert first == second


def test_the_breakdown_explains_every_figure_without_naming_assessors() -> None:
    shown = breakdown(scored([50, 70, 80, 90, 100], ("covid", 5)), RUBRIC)
    assert (shown["raw"], shown["total"], shown["floor"]) == ("80.00", "85.00", "60")
    assert shown["sheets"][0] == {"label": "평가위원 1", "total": 50, "dropped": True}
    assert [row["mean"] for row in shown["criteria"]] == ["30.00", "40.00", "10.00"]
    assert shown["bonus"]["counted"] == 5
    assert shown["bonus"]["items"] == [
        {"code": "covid", "label": "코로나19 대응 제품", "max_points": 5, "points": 5}
    ]
    assert shown["rule"] == describe(RUBRIC)
    assert "60점" in shown["rule"]


def test_a_breakdown_without_score_shows_no_figures() -> None:
    shown = breakdown(scored([90]), RUBRIC)
    assert (shown["raw"], shown["total"]) == (None, None)
    assert {row["mean"] for row in shown["criteria"]} == {None}
    assert shown["findings"][0]["code"] == "too_few_sheets"


def test_a_rubric_survives_freezing_and_any_change_changes_its_hash() -> None:
    again = Rubric.from_json(RUBRIC.to_json())
    assert again == RUBRIC
    assert again.sha256 == RUBRIC.sha256
    assert (
        Rubric(RUBRIC.criteria, Decimal(61)).sha256 != Rubric(RUBRIC.criteria, Decimal(60)).sha256
    )


@pytest.mark.parametrize(
    "bad",
    [
        {"need": 30, "plan": 40},
        {"need": 30, "plan": 40, "effect": 30, "style": 1},
        {"need": 31, "plan": 40, "effect": 30},
        {"need": -1, "plan": 40, "effect": 30},
        {"need": 1.5, "plan": 40, "effect": 30},
        {"need": True, "plan": 40, "effect": 30},
    ],
)
def test_refuses_a_sheet_the_rubric_does_not_allow(bad: dict[str, int]) -> None:
    with pytest.raises(BadInput) as refused:
        score(RUBRIC, [sheet(80), sheet(80), bad])
    assert refused.value.code == "sheet"


@pytest.mark.parametrize(
    "bonuses", [[("gift", 1)], [("covid", 6)], [("covid", -1)], [("covid", 2), ("covid", 3)]]
)
def test_refuses_a_bonus_the_rubric_does_not_allow(bonuses: list[tuple[str, int]]) -> None:
    with pytest.raises(BadInput) as refused:
        score(RUBRIC, [sheet(80)] * 3, bonuses)
    assert refused.value.code == "bonus"


@pytest.mark.parametrize(
    "change",
    [
        {"criteria": []},
        {"criteria": [{"code": "a", "label": "a", "max_points": 0}]},
        {"criteria": [{"code": "a", "label": "a", "max_points": 50}] * 2},
        {"criteria": [{"code": "a"}]},
        {"floor": "101"},
        {"floor": "sixty"},
        {"trim_from": 2},
        {"minimum_sheets": 0},
        {"bonus_cap": -1},
        {"bonus_items": [{"code": "a", "label": "a", "max_points": 1}] * 2},
        {"surprise": 1},
    ],
)
def test_refuses_a_rubric_that_contradicts_itself(change: dict[str, object]) -> None:
    with pytest.raises(BadInput) as refused:
        Rubric.from_json({**RUBRIC.to_json(), **change})
    assert refused.value.code == "rubric"


# --- Not applicable ------------------------------------------------------------------------------

OPEN = Rubric(
    criteria=(
        Criterion("need", "필요성", 30, skippable=True),
        Criterion("plan", "추진계획", 40, core=True),
        Criterion("effect", "기대효과", 30, skippable=True),
    ),
    floor=Decimal(60),
)
open_sheets = st.lists(
    st.fixed_dictionaries(
        {
            "need": st.none() | st.integers(0, 30),
            "plan": st.integers(0, 40),
            "effect": st.none() | st.integers(0, 30),
        }
    ),
    min_size=3,
    max_size=8,
)


def scaled(one: dict[str, int | None]) -> Fraction:
    limits = {"need": 30, "plan": 40, "effect": 30}
    given = {code: points for code, points in one.items() if points is not None}
    return Fraction(100 * sum(given.values()), sum(limits[code] for code in given))


@given(open_sheets)
def test_not_applicable_counts_neither_in_the_points_nor_in_what_they_are_out_of(
    sheets: list[dict[str, int | None]],
) -> None:
    result = score(OPEN, sheets)
    totals = sorted(map(scaled, sheets))
    kept = totals[1:-1] if len(totals) >= 5 else totals
    exact = sum(kept) / len(kept)
    assert result.raw == mean(exact.numerator, exact.denominator, 2)
    assert json.loads(json.dumps(breakdown(result, OPEN)))


@given(sheets_of, bonus_sets)
def test_without_any_the_figures_are_those_of_a_rubric_that_knows_none(
    sheets: list[dict[str, int]], bonuses: tuple[tuple[str, int], ...]
) -> None:
    known = Rubric(OPEN.criteria, RUBRIC.floor, bonus_items=RUBRIC.bonus_items)
    one, other = (breakdown(score(rubric, sheets, bonuses), rubric) for rubric in (RUBRIC, known))
    for name in ("raw", "total", "core", "criteria", "sheets", "spread", "findings"):
        assert one[name] == other[name]


def test_a_full_sheet_of_what_was_judged_is_a_full_sheet() -> None:
    full = {"need": None, "plan": 40, "effect": 30}
    result = score(OPEN, [full] * 3)
    assert (result.raw, result.sheet_totals) == (Decimal("100.00"), (Decimal("100.00"),) * 3)
    shown = breakdown(result, OPEN)
    assert shown["sheets"][0] == {
        "label": "평가위원 1", "total": "100.00", "dropped": False, "skipped": ["need"],
    }  # fmt: skip
    assert shown["criteria"][0]["mean"] is None
    assert "해당 없음" in shown["rule"]
    assert "해당 없음" not in describe(RUBRIC)


def test_what_must_be_judged_cannot_be_left_out() -> None:
    assert not fits(OPEN, {"need": 1, "plan": None, "effect": 1})
    assert not fits(RUBRIC, {"need": None, "plan": 1, "effect": 1})
    assert fits(OPEN, {"need": None, "plan": 0, "effect": None})
    with pytest.raises(BadInput):
        Rubric((Criterion("a", "a", 100, core=True, skippable=True),), Decimal(60))


def test_a_rubric_that_lets_nothing_out_has_the_hash_it_always_had() -> None:
    assert "skippable" not in json.dumps(RUBRIC.to_json())
    assert Rubric.from_json(OPEN.to_json()) == OPEN


@given(open_sheets)
def test_every_middle_lies_between_the_lowest_and_the_highest(
    sheets: list[dict[str, int | None]],
) -> None:
    found = opinions(OPEN, sheets)
    for middle in (found.mean, found.trimmed, found.median):
        assert middle is not None
        assert Decimal(found.lowest) <= middle <= Decimal(found.highest)
    assert abs(Decimal(found.highest) - Decimal(found.lowest) - found.spread) <= Decimal("0.01")
    widths = [width for _, width in found.widest]
    assert widths == sorted(widths, reverse=True)


def test_opinions_are_set_side_by_side() -> None:
    found = opinions(RUBRIC, [sheet(total) for total in (50, 70, 80, 90, 100)])
    assert (found.mean, found.trimmed, found.median) == (
        Decimal("78.00"), Decimal("80.00"), Decimal("80.00"),
    )  # fmt: skip
    assert (found.lowest, found.highest, found.spread) == (50, 100, 50)
    assert found.widest[0] == ("기대효과", 30)
    assert opinions(RUBRIC, []).mean is None


def test_withdrawn_sheets_are_reported_and_only_then() -> None:
    result = scored([70, 80, 90])
    assert breakdown(result, RUBRIC)["findings"] == []
    findings = breakdown(result, RUBRIC, 2)["findings"]
    assert [row["code"] for row in findings] == ["sheets_withdrawn"]
    assert "2부" in findings[0]["message"]


def test_the_weakest_criteria_are_those_that_cost_the_most_points() -> None:
    rows = [
        {"code": "a", "max_points": 30, "mean": "29.50"},
        {"code": "b", "max_points": 40, "mean": "20.00"},
        {"code": "c", "max_points": 20, "mean": "20.00"},
        {"code": "d", "max_points": 10, "mean": None},
        {"code": "e", "max_points": 30, "mean": "29.50"},
    ]
    assert [row["code"] for row in weakest(rows)] == ["b", "a", "e"]
    assert [row["code"] for row in weakest(rows, most=1)] == ["b"]
    assert weakest([]) == []
