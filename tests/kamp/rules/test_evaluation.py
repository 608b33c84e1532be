"""Counts, rates and costs at a threshold."""

import pytest

from kamp.rules.evaluation import Costs, Rate, cheapest, count, evaluate

ROWS = [(-0.5, False), (-0.3, False), (0.1, False), (0.8, True), (-0.1, True)]


def test_counts_at_the_models_own_threshold() -> None:
    counts = count(ROWS, 0.0)
    assert (counts.caught, counts.missed, counts.passed, counts.rejected) == (1, 1, 2, 1)
    assert (counts.miss.value, counts.accuracy.value) == (0.5, 0.6)


def test_the_interval_is_wilsons() -> None:
    low, high = Rate(394, 400).interval
    assert (round(low, 3), round(high, 3)) == (0.968, 0.993)
    assert Rate(0, 0).value is None
    assert Rate(0, 0).interval == (0.0, 1.0)


def test_costs_and_predictive_values_follow_the_share_of_defects() -> None:
    rows = [(1.0, True)] * 99 + [(-1.0, True)] + [(-1.0, False)] * 98 + [(1.0, False)] * 2
    point = evaluate(rows, 0.0, Costs(miss_won=1_000_000, check_won=5_000, prevalence=0.05))
    assert point.positive == pytest.approx(0.722, abs=0.001)
    assert point.negative == pytest.approx(0.9995, abs=0.0001)
    assert point.won == pytest.approx(0.05 * 0.01 * 1_000_000 + 0.95 * 0.02 * 5_000)


def test_costly_misses_lower_the_threshold_and_costly_checks_raise_it() -> None:
    strict = cheapest(ROWS, Costs(1_000_000, 1, 0.5))
    lax = cheapest(ROWS, Costs(1, 1_000_000, 0.5))
    assert strict.counts.missed == 0
    assert lax.counts.rejected == 0
    assert strict.threshold < lax.threshold


@pytest.mark.parametrize("rows", [[], [(0.1, False)], [(0.1, True)]])
def test_without_both_kinds_nothing_is_claimed(rows: list[tuple[float, bool]]) -> None:
    point = cheapest(rows, Costs(1, 1, 0.1))
    assert (point.won, point.positive) == (None, None)
