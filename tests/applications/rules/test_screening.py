"""Rules of screening over plain values."""

from datetime import date

import pytest

from applications.rules.screening import (
    Check,
    Screened,
    advisory_codes,
    left_to_people,
    open_findings,
    verdicts,
)
from portal.core.errors import BadInput
from programs.rules import eligibility

ON = date(2021, 2, 10)


def codes(screened: Screened) -> list[str]:
    return [row.code for row in open_findings(screened)]


@pytest.mark.parametrize(
    ("met", "decision", "expected"),
    [
        (True, "pending", ["check_pending"]),
        (True, "confirmed", []),
        (True, "overruled", ["check_failed"]),
        (False, "pending", ["check_pending"]),
        (False, "confirmed", ["check_failed"]),
        (False, "overruled", []),
        (None, "pending", ["check_pending"]),
        (None, "confirmed", ["check_failed"]),
        (None, "overruled", []),
    ],
)
def test_a_check_stands_as_staff_decided_it(met, decision, expected) -> None:
    assert codes(Screened([Check("a", "요건", met, decision)])) == expected


def test_an_advised_check_found_unmet_stops_a_set_alone() -> None:
    screened = Screened([Check("a", "요건", False, "confirmed")], advisory={"a"})
    assert codes(screened) == []
    assert [row.code for row in left_to_people(screened)] == ["check_advised"]
    assert left_to_people(Screened([Check("a", "요건", True, "confirmed")], advisory={"a"})) == []


def test_an_open_flag_stops_a_set_alone() -> None:
    screened = Screened(flags=["현장 확인"])
    assert codes(screened) == []
    assert [row.message for row in left_to_people(screened)] == ["떼지 않은 표시: 현장 확인"]


def test_an_open_supplement_and_every_pending_bonus_are_named() -> None:
    assert codes(Screened(supplement_open=True, bonuses_pending=["하나", "둘"])) == [
        "supplement_open",
        "bonus_pending",
        "bonus_pending",
    ]


def test_conditions_are_judged_by_the_facts_that_concern_them() -> None:
    rows = [
        {"code": "small", "kind": "one_of", "fact": "size", "values": ["small"], "message": "크기"},
        {"code": "old", "kind": "years_since", "fact": "built", "number": 1, "message": "1년"},
        {"code": "b", "kind": "given", "fact": "x", "message": "유형", "when": {"track": ["b"]}},
    ]
    conditions = eligibility.parse(rows)
    found = verdicts(conditions, {"size": "small", "track": "a"}, on=ON)
    assert [(row.code, met) for row, met in found] == [("small", True), ("old", None)]
    with pytest.raises(BadInput):
        verdicts(conditions, {"built": "어제"}, on=ON)


def test_advice_is_what_does_not_block() -> None:
    assert advisory_codes([{"code": "a"}, {"code": "b", "blocking": False}]) == {"b"}


def test_a_condition_says_on_what_it_rests_or_rests_on_the_answer() -> None:
    row = {"code": "a", "kind": "given", "fact": "x", "message": "내용"}
    assert eligibility.parse([row])[0].basis == eligibility.ANSWER
    assert eligibility.parse([{**row, "basis": "record"}])[0].basis == eligibility.RECORD
    with pytest.raises(BadInput, match="basis"):
        eligibility.parse([{**row, "basis": "guess"}])
