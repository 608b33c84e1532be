"""What an agreement comes to: exact to the last won, whatever was spent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.rules import agreement as rules
from applications.rules.settlement import Spend, Terms, calculate, eligible, outcome
from portal.core.errors import BadInput

WON = st.integers(0, 10**10)
PLAN = [
    {"label": "선급금", "percent": 50, "after": "conclusion"},
    {"label": "중도금", "percent": 30, "after": "mid_check"},
    {"label": "잔금", "percent": 20, "after": "settlement"},
]


def terms(**changes: object) -> Terms:
    """Half of the cost up to 5천만원."""
    given = {
        "kind": "share",
        "grant_won": 50_000_000,
        "items": {"robot": 60_000_000, "labour": 40_000_000},
        "own_won": 50_000_000,
        "share_percent": 50,
        "cap_won": 300_000_000,
        "rounding_won": 1_000,
    }
    return Terms(**{**given, **changes})  # type: ignore[arg-type]


def test_half_of_what_was_spent_rounded_down() -> None:
    found = calculate(terms(), [Spend("robot", 41_234_567)])
    assert (found.eligible_won, found.settled_won) == (41_234_567, 20_617_000)


def test_an_item_counts_up_to_its_plan_and_the_allowed_overrun() -> None:
    line = eligible(terms(overrun_percent=20), [Spend("robot", 80_000_000)])[0]
    assert (line.claimed_won, line.eligible_won) == (80_000_000, 72_000_000)
    assert "72,000,000원" in line.reason


def test_labour_counts_up_to_its_part_of_the_own_share() -> None:
    limits = terms(labour=frozenset({"labour"}), labour_percent=20)
    line = eligible(limits, [Spend("labour", 40_000_000)])[1]
    assert line.eligible_won == 10_000_000
    assert "20%" in line.reason


def test_a_strange_item_is_refused() -> None:
    with pytest.raises(BadInput, match="비목"):
        calculate(terms(), [Spend("party", 1)])


@pytest.mark.parametrize(
    ("kind", "used", "percent", "settled"),
    [("flat", 0, 100, 800_000), ("flat", 0, 0, 0), ("in_kind", 500_000, 100, 500_000),
     ("in_kind", 900_000, 100, 800_000)],
)  # fmt: skip
def test_other_kinds_have_no_spending(kind: str, used: int, percent: int, settled: int) -> None:
    made = terms(kind=kind, grant_won=800_000, items={}, share_percent=None)
    assert calculate(made, used_won=used, outcome_percent=percent).settled_won == settled


@given(
    grant=WON,
    robot=WON,
    labour=WON,
    spent=WON,
    spent_labour=WON,
    share=st.none() | st.integers(0, 100),
    cap=st.none() | WON,
    unit=st.sampled_from([1, 10, 1_000, 1_000_000]),
    percent=st.integers(0, 100),
)
def test_never_more_than_any_limit_and_never_below_zero(
    grant: int,
    robot: int,
    labour: int,
    spent: int,
    spent_labour: int,
    share: int | None,
    cap: int | None,
    unit: int,
    percent: int,
) -> None:
    made = terms(
        grant_won=grant,
        items={"robot": robot, "labour": labour},
        share_percent=share,
        cap_won=cap,
        rounding_won=unit,
        labour=frozenset({"labour"}),
        labour_percent=20,
    )
    spends = [Spend("robot", spent), Spend("labour", spent_labour)]
    found = calculate(made, spends, outcome_percent=percent)
    whole = calculate(made, spends)
    assert 0 <= found.settled_won <= whole.settled_won <= min(grant, spent + spent_labour)
    assert cap is None or whole.settled_won <= cap
    assert share is None or whole.settled_won * 100 <= found.eligible_won * share
    assert whole.settled_won % unit == 0
    limit = min([grant, found.eligible_won, *([cap] if cap is not None else [])])
    if share is not None:
        limit = min(limit, found.eligible_won * share // 100)
    assert limit - whole.settled_won < unit  # and nothing is withheld beyond the rounding
    assert found.eligible_won == sum(line.eligible_won for line in found.lines)


@given(settled=WON, paid=WON, committed=WON, may_pay=st.booleans())
def test_afterwards_nothing_is_committed_and_paid_less_recovered_is_settled(
    settled: int, paid: int, committed: int, may_pay: bool
) -> None:
    try:
        found = outcome(
            settled_won=settled, paid_won=paid, committed_won=committed, may_pay=may_pay
        )
    except BadInput:
        assert may_pay
        assert settled - paid > committed
        return
    assert committed - found.balance_won - found.release_won == 0
    assert paid + found.balance_won - found.recover_won == found.settled_won
    assert not (found.balance_won and found.recover_won)
    assert min(found.balance_won, found.recover_won, found.release_won) >= 0
    assert may_pay or found.balance_won == 0


@given(grant=WON, unit=st.sampled_from([1, 1_000, 1_000_000]))
def test_the_parts_sum_to_the_grant(grant: int, unit: int) -> None:
    parts = rules.split(PLAN, grant, unit=unit)
    assert sum(part.won for part in parts) == grant
    assert all(part.won > 0 for part in parts)


@given(parts=st.lists(WON, min_size=1, max_size=5), left=WON, unit=st.sampled_from([1, 1_000]))
def test_what_is_left_is_shared_over_the_open_parts(parts: list[int], left: int, unit: int) -> None:
    shared = rules.resplit(parts, left, unit=unit)
    assert sum(shared) == left
    assert len(shared) == len(parts)
    assert min(shared) >= 0


def test_a_plan_that_is_not_whole_is_refused() -> None:
    with pytest.raises(BadInput, match="100"):
        rules.split(PLAN[:2], 1_000)
    with pytest.raises(BadInput):
        rules.resplit([], 1)


@pytest.mark.parametrize(
    ("state", "flags", "expected"),
    [
        ("preparing", {"papers_missing"}, ["papers", "sign"]),
        ("preparing", {"papers_pending", "signed_firm"}, ["check_papers"]),
        ("preparing", {"signed_firm"}, ["conclude"]),
        ("active", {"progress_due", "request_pay"}, ["request_pay", "progress"]),
        ("active", {"mid_check_due", "pay"}, ["pay", "mid_check"]),
        ("active", set(), ["final"]),
        ("active", {"ending"}, ["decide_end", "final"]),
        ("settling", {"final_check_due"}, ["final_check", "spending"]),
        ("settling", {"held", "spending_filed"}, ["refile"]),
        ("settling", {"spending_filed", "spending_claimed"}, ["check_spending"]),
        ("settling", {"spending_filed"}, ["settle"]),
        ("settling", {"proposed", "spending_filed"}, ["approve"]),
        ("settled", {"balance_planned"}, ["request_balance"]),
        ("settled", {"balance_requested"}, ["pay_balance"]),
        ("settled", {"recovery_due"}, ["recover"]),
        ("settled", set(), ["close"]),
        ("closed", set(), []),
        ("ended", set(), []),
    ],
)
def test_whose_turn_it_is(state: str, flags: set[str], expected: list[str]) -> None:
    now = rules.AgreementStatus(state, spends=True, flags=frozenset(flags))
    assert sorted(rules.pending_steps(now)) == sorted(expected)
