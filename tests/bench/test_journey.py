"""How many firms a machine bears, searched and worked out."""

import pytest

from bench.cpu import Cpu
from bench.parts import journey
from bench.walk import Visits, WalkResult


class Machine(journey.Search):
    """A machine that bears a certain rate, and notes which ones were tried."""

    bears: float
    tried: list[float]

    def walk(self, count: int, **more: float) -> WalkResult:
        self.firms = self.firms[count:]
        self.tried.append(more["rate"])
        slow = more["rate"] > self.bears
        return WalkResult(visits={"list": Visits([0.1]), "filing": Visits([2.0 if slow else 0.2])})


def search(bears: float, estimate: float, firms: int = 10_000) -> tuple[float, list[float]]:
    machine = Machine(None, None, "", list(range(firms)))
    machine.bears, machine.tried = bears, []
    rate, _ = machine.bearable(estimate, 10, lambda text: None)
    return rate, machine.tried


@pytest.mark.parametrize("bears", [0.3, 1, 4.9, 5, 8, 10, 23])
def test_finds_the_highest_rate_that_is_borne_to_within_a_step(bears: float) -> None:
    rate, tried = search(bears, 10)
    assert rate <= bears
    assert rate * max(journey.STEP, journey.SLOWER) > bears
    assert rate == max(one for one in tried if one <= bears)


def test_says_zero_when_no_rate_is_borne_and_stops_when_no_drafts_are_left() -> None:
    assert search(0, 10)[0] == 0
    rate, tried = search(1_000, 10, firms=120)
    assert tried == [5.0, 6.25]
    assert rate == 6.25


def test_a_rate_at_which_a_firm_gave_up_is_not_borne() -> None:
    machine = Machine(None, None, "", list(range(100)))
    machine.walk = lambda count, **more: WalkResult({"list": Visits([0.1])}, failed=["filing: 500"])
    assert machine.bearable(1, 10, lambda text: None) == (0.0, None)


def test_works_out_what_hosts_carry_from_what_a_firm_costs() -> None:
    rows = journey.sizing(Cpu(web=0.07, postgres=0.03))
    assert [row.measured for row in rows] == [
        "14.0 firms/s, 50,400 in the last hour",
        "80.0 firms/s, 288,000 in the last hour; PostgreSQL then needs 4",
        "400.0 firms/s, 1,440,000 in the last hour; PostgreSQL then needs 18",
    ]


def test_a_page_is_judged_by_its_own_limit() -> None:
    result = WalkResult({"autosave": Visits([0.1] * 10, web=0.07, postgres=0.01)}, filed=5)
    (row,) = journey.page_rows(result, Cpu(0.001, 0.0005))
    assert row.what == "autosave (2x), web + PostgreSQL"
    assert (row.measured, row.goal, row.passed) == ("7.0 + 1.0 ms", "≤ 6 + 2 ms", False)
    assert row.ratio == "5.33x"
