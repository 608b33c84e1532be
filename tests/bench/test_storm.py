"""What a storm must not do is a goal that is missed."""

import pytest

from bench.load import LoadResult
from bench.parts import storm
from bench.walk import AUTOSAVE, FILING, Visits, WalkResult


def result(**changed: object) -> WalkResult:
    visits = {
        "my applications": Visits([0.1] * 9),
        AUTOSAVE: Visits([0.2] * 3),
        FILING: Visits([0.3, 0.4]),
    }
    whole = {"visits": visits, "filed": 2, "tickets": {7: 0.0}, "redeemed": 1}
    return WalkResult(**{**whole, "shed": {"my applications": 1, AUTOSAVE: 1}, **changed})


def read(statuses: list[int], failed: list[str] | None = None) -> LoadResult:
    return LoadResult(statuses=statuses, seconds=[0.1] * len(statuses), failed=failed or [])


def verdicts(rows: list) -> list[bool | None]:
    return [row.passed for row in rows]


def test_counts_what_is_shed_by_class() -> None:
    rows = storm.class_rows(result(), read([200, 503, 503, 503]))
    assert [row.measured for row in rows[:3]] == [
        "75% of 4, 100 ms",
        "10% of 10, 100 ms",
        "25% of 4, 200 ms",
    ]
    assert rows[3].passed


@pytest.mark.parametrize(
    ("changed", "reading"),
    [
        ({}, read([200, 500])),
        ({}, read([200], ["ConnectionResetError: "])),
        ({"failed": ["filing: 500: "]}, read([200])),
    ],
)
def test_any_other_answer_is_missed(changed, reading) -> None:
    assert storm.class_rows(result(**changed), reading)[3].passed is False


@pytest.mark.parametrize(
    ("changed", "late", "expected"),
    [
        ({}, 0, [True, True, True]),
        ({}, 1, [True, True, False]),
        ({"redeemed": 0}, 0, [True, True, False]),
        ({"shed": {FILING: 1}}, 0, [True, False, True]),
        ({"visits": {FILING: Visits([1.2])}}, 0, [False, True, True]),
        ({"visits": {}}, 0, [False, True, True]),
    ],
)
def test_a_filing_that_is_late_lost_or_slow_is_missed(changed, late, expected) -> None:
    assert verdicts(storm.filing_rows(result(**changed), late)) == expected


@pytest.mark.parametrize(("stored", "told"), [(1, 2), (2, 1)])
def test_a_receipt_that_nobody_was_told_of_is_missed_and_the_other_way_round(stored, told) -> None:
    assert storm.receipt_row(2, 2).passed
    assert storm.receipt_row(stored, told).passed is False
