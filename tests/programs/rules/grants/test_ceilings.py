"""What one firm may get, to the won."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import BadInput
from portal.core.money import MAX_WON
from programs.rules.grants.ceilings import Grant, Terms, preview

ROBOT = Terms("share", cap_won=300_000_000, share_percent=50)


def pays(grant: Grant) -> tuple[int | None, int | None]:
    return grant.support_won, grant.own_won


@pytest.mark.parametrize(
    ("total", "support"),
    [
        (500_000_000, 250_000_000),
        (600_000_000, 300_000_000),
        (600_001_999, 300_000_000),
        (599_999_999, 299_999_000),
        (1_000_000_000, 300_000_000),
        (0, 0),
    ],
)
def test_s12_a_robot_gets_half_and_at_most_300_million(total: int, support: int) -> None:
    assert pays(preview(ROBOT, total_cost_won=total)) == (support, total - support)


@pytest.mark.parametrize("cap", [70_000_000, 200_000_000, 400_000_000])
def test_s7_each_build_track_stops_at_its_own_cap(cap: int) -> None:
    terms = Terms("share", cap_won=cap, share_percent=50)
    assert preview(terms, total_cost_won=2 * cap).support_won == cap
    assert preview(terms, total_cost_won=2 * cap + 2_000).support_won == cap
    assert preview(terms, total_cost_won=2 * cap - 2_000).support_won == cap - 1_000


def test_a_cap_that_was_not_published_is_no_cap_and_shown_so() -> None:
    grant = preview(Terms("share", share_percent=50), total_cost_won=10_000_000_000)
    assert pays(grant) == (5_000_000_000, 5_000_000_000)
    assert "한도가 정해지지 않았습니다" in " ".join(row.reason for row in grant.rows)


def test_the_lines_lead_from_the_total_to_the_result() -> None:
    grant = preview(ROBOT, total_cost_won=700_001_999)
    assert [(row.label, row.won) for row in grant.rows] == [
        ("총사업비", 700_001_999),
        ("지원비율 적용", 350_000_999),
        ("천원 미만 절사", 350_000_000),
        ("한도 적용", 300_000_000),
        ("정부지원금", 300_000_000),
        ("기업부담금", 400_001_999),
    ]
    assert "50%" in grant.rows[1].reason
    assert "300,000,000원" in grant.rows[3].reason


def test_an_unknown_total_gives_no_figure_but_names_what_to_enter() -> None:
    grant = preview(ROBOT, total_cost_won=None)
    assert pays(grant) == (None, None)
    assert grant.rows[0].reason == "총사업비를 입력하면 계산할 수 있습니다."


def test_a_firm_may_ask_for_less_than_the_share() -> None:
    grant = preview(ROBOT, total_cost_won=500_000_000, requested_won=100_000_000)
    assert pays(grant) == (100_000_000, 400_000_000)


def test_s21_level_check_pays_a_flat_800_000_won() -> None:
    terms = Terms("flat", flat_won=800_000)
    assert pays(preview(terms, total_cost_won=None)) == (800_000, None)
    assert pays(preview(terms, total_cost_won=3_000_000)) == (800_000, 2_200_000)
    assert pays(preview(terms, total_cost_won=500_000)) == (800_000, 0)


def test_a_service_in_kind_has_a_planned_value_and_an_unknown_own_share() -> None:
    grant = preview(Terms("in_kind", planning_won=8_750_000), total_cost_won=None)
    assert pays(grant) == (8_750_000, None)
    assert "현금이 아니라" in grant.rows[0].reason


def test_s18_a_service_without_a_planned_value_stays_unknown() -> None:
    assert pays(preview(Terms("in_kind"), total_cost_won=None)) == (None, None)


def test_cloud_gets_what_it_asks_for_when_neither_cap_nor_share_is_stated() -> None:
    terms = Terms("requested")
    asked = preview(terms, total_cost_won=90_000_000, requested_won=50_000_500)
    assert pays(asked) == (50_000_000, 40_000_000)
    assert pays(preview(terms, total_cost_won=30_000_000, requested_won=50_000_000)) == (
        30_000_000,
        0,
    )
    assert pays(preview(terms, total_cost_won=None, requested_won=50_000_000)) == (50_000_000, None)
    assert pays(preview(terms, total_cost_won=90_000_000)) == (None, None)


def test_a_request_is_held_by_cap_and_share() -> None:
    terms = Terms("requested", cap_won=20_000_000, share_percent=50)
    assert preview(terms, total_cost_won=60_000_000, requested_won=50_000_000).support_won == (
        20_000_000
    )
    assert preview(terms, total_cost_won=30_000_000, requested_won=50_000_000).support_won == (
        15_000_000
    )
    assert preview(terms, total_cost_won=None, requested_won=50_000_000).support_won is None


totals = st.integers(0, MAX_WON)
caps = st.none() | st.integers(0, 500_000_000)


@given(totals, caps, st.integers(0, 100), st.sampled_from([1, 10, 1_000, 1_000_000]))
def test_a_share_never_passes_total_cap_or_percentage(
    total: int, cap: int | None, percent: int, rounding: int
) -> None:
    terms = Terms("share", cap_won=cap, share_percent=percent, rounding_won=rounding)
    grant = preview(terms, total_cost_won=total)
    assert grant.support_won is not None
    assert grant.own_won is not None
    assert grant.support_won + grant.own_won == total
    assert 0 <= grant.support_won <= total
    assert grant.support_won * 100 <= total * percent
    if cap is not None:
        assert grant.support_won <= cap
    if cap is None or grant.support_won < cap:
        assert total * percent // 100 - grant.support_won < rounding


@given(totals, totals, st.integers(0, 100))
def test_more_cost_never_means_less_support(one: int, other: int, percent: int) -> None:
    terms = Terms("share", cap_won=300_000_000, share_percent=percent)
    less, more = sorted((one, other))
    first = preview(terms, total_cost_won=less).support_won
    second = preview(terms, total_cost_won=more).support_won
    assert first is not None
    assert second is not None
    assert first <= second


@given(totals, totals, caps, st.none() | st.integers(0, 100))
def test_a_request_never_passes_any_limit(
    total: int, requested: int, cap: int | None, percent: int | None
) -> None:
    terms = Terms("requested", cap_won=cap, share_percent=percent)
    grant = preview(terms, total_cost_won=total, requested_won=requested)
    assert grant.support_won is not None
    assert grant.own_won == total - grant.support_won
    assert grant.support_won <= min(total, requested, total if cap is None else cap)
    assert grant.support_won * 100 <= total * (100 if percent is None else percent)


@given(totals, caps, st.integers(0, 100))
def test_the_last_two_lines_are_the_result(total: int, cap: int | None, percent: int) -> None:
    grant = preview(Terms("share", cap_won=cap, share_percent=percent), total_cost_won=total)
    assert [row.won for row in grant.rows[-2:]] == [grant.support_won, grant.own_won]
    assert all(row.reason for row in grant.rows)


@pytest.mark.parametrize("number", [-1, MAX_WON + 1, 1.5, "100", True])
def test_refuses_a_negative_or_absurd_cost(number: int) -> None:
    for terms in (ROBOT, Terms("flat", flat_won=1), Terms("in_kind"), Terms("requested")):
        with pytest.raises(BadInput):
            preview(terms, total_cost_won=number)
        with pytest.raises(BadInput):
            preview(terms, total_cost_won=1, requested_won=number)


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": "gift"},
        {"kind": "share"},
        {"kind": "share", "share_percent": 101},
        {"kind": "share", "share_percent": -1},
        {"kind": "flat"},
        {"kind": "requested", "cap_won": -1},
        {"kind": "requested", "rounding_won": 0},
    ],
)
def test_refuses_terms_that_contradict_themselves(terms: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        Terms(**terms)  # type: ignore[arg-type]
