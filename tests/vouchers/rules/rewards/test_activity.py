"""The activity score, part by part."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.clock import KST
from portal.core.errors import BadInput
from vouchers.rules.rewards import activity
from vouchers.rules.rewards.activity import Work

DUE = datetime(2021, 4, 30, 18, tzinfo=KST)
CONTENT = {
    "punctuality": 30,
    "completeness": 40,
    "usefulness": 30,
    "late_day": 10,
    "return_cost": 15,
    "letters_full": 600,
    "evidence_full": 3,
    "issue_gain": 30,
    "comment_gain": 10,
    "good_case_gain": 30,
    "useful_base": 40,
}
FORMULA = activity.parse(CONTENT)


def work(**changes: object) -> Work:
    whole = {
        "due_at": DUE,
        "submitted_at": DUE - timedelta(hours=1),
        "accepted": True,
        "returns": 0,
        "letters": 600,
        "evidence": 3,
        "issues_confirmed": 1,
        "supplier_answered": True,
        "good_case": True,
    }
    return Work(**{**whole, **changes})


def parts(*works: Work) -> dict[str, Decimal]:
    return {line.code: line.points for line in activity.score(FORMULA, works).lines}


def test_perfect_work_scores_a_hundred() -> None:
    assert activity.score(FORMULA, [work()]).total == 100


def test_the_due_instant_itself_is_late_and_each_begun_day_costs() -> None:
    assert parts(work(submitted_at=DUE - timedelta(microseconds=1)))["punctuality"] == 100
    assert parts(work(submitted_at=DUE))["punctuality"] == 90
    assert parts(work(submitted_at=DUE + timedelta(days=1)))["punctuality"] == 80
    assert parts(work(submitted_at=DUE + timedelta(days=60)))["punctuality"] == 0
    assert parts(work(due_at=None))["punctuality"] == 100


def test_a_missing_report_earns_nothing() -> None:
    nothing = work(submitted_at=None, accepted=False, letters=0, evidence=0)
    assert parts(work(), nothing) == {
        "punctuality": Decimal("50.00"),
        "completeness": Decimal("50.00"),
        "usefulness": Decimal("50.00"),
    }
    assert activity.score(FORMULA, []).total == 0


def test_a_return_costs_and_short_work_earns_its_share() -> None:
    assert parts(work(returns=2))["completeness"] == 70
    assert parts(work(letters=300, evidence=0))["completeness"] == 25


@given(
    st.lists(
        st.builds(
            work,
            returns=st.integers(0, 9),
            letters=st.integers(0, 9_000),
            evidence=st.integers(0, 20),
            issues_confirmed=st.integers(0, 9),
            accepted=st.booleans(),
        ),
        max_size=12,
    )
)
def test_a_score_is_between_0_and_100_and_the_sum_of_its_lines(
    works: list[Work],
) -> None:
    score = activity.score(FORMULA, works)
    assert 0 <= score.total <= 100
    assert score.total == sum(line.adds for line in score.lines)


@pytest.mark.parametrize("change", [{"usefulness": 31}, {"punctuality": -1}, {"late_day": "많이"}])
def test_an_unsound_formula_is_refused(change: dict) -> None:
    with pytest.raises(BadInput):
        activity.parse({**CONTENT, **change})


def test_the_formula_is_described_with_its_own_figures() -> None:
    said = dict(activity.describe(FORMULA))
    assert list(said) == [line.label for line in activity.score(FORMULA, [work()]).lines]
    assert "하루 늦을 때마다 10점" in said["기한 준수"]
    assert "600자면 100점" in said["충실도"]
    assert "15점을 뺍니다" in said["충실도"]
    assert "채택되면 40점" in said["활용도"]
    changed = activity.describe(activity.parse({**CONTENT, "late_day": 25}))
    assert "하루 늦을 때마다 25점" in dict(changed)["기한 준수"]
