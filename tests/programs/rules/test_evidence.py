"""A fact is confirmed by a source alone: what a firm states and what was not answered confirm nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from portal.core.clock import KST
from portal.core.errors import BadInput
from programs.rules import evidence
from programs.rules.evidence import Evidence, Source, combine, parse_sources, standing

NOW = datetime(2021, 2, 10, 14, tzinfo=KST)
TAX = Source("registry", ("national", "local"))
PAPER = Source("paper", ("clearance",))
OWN = Source("record", ("overdue",))


def said(code: str, value: Any, *, kind: str = "registry", **more: Any) -> Evidence:
    return Evidence(kind, code, code, "답", value=value, awaited=True, **more)


def known(*rows: Evidence) -> dict[tuple[str, str], Evidence]:
    return {(row.source, row.code): row for row in rows}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([False], False),
        ([False, False], False),
        ([False, None], None),
        ([None, True], True),
        ([False, True], True),
        (["small"], "small"),
        (["small", "medium"], None),
        ([None], None),
    ],
)
def test_sources_that_belong_together_tell_one_fact(values: list[Any], expected: Any) -> None:
    assert combine(values) == expected


@pytest.mark.parametrize(
    ("stated", "rows", "expected"),
    [
        (False, [], "stated"),
        (None, [], "stated"),
        (False, [said("national", False), said("local", False)], "confirmed"),
        (True, [said("national", True)], "confirmed"),
        (False, [said("national", False)], "unanswered"),
        (False, [said("national", False), said("local", None)], "unanswered"),
        (False, [said("national", False), said("local", True)], "differs"),
        (True, [said("national", False), said("local", False)], "differs"),
        (False, [said("national", None), said("clearance", None, kind="paper")], "paper"),
        (False, [said("clearance", None, kind="paper")], "paper"),
        (False, [said("overdue", True, kind="record")], "differs"),
        (False, [said("overdue", None, kind="record")], "stated"),
    ],
)
def test_only_an_answer_confirms(stated: Any, rows: list[Evidence], expected: str) -> None:
    found = standing(stated, known(*rows), sources=[TAX, PAPER], against=[OWN], now=NOW)
    assert found == expected


def test_what_knows_a_part_never_confirms() -> None:
    nothing = known(said("overdue", False, kind="record"))
    assert standing(False, nothing, sources=[], against=[OWN], now=NOW) == "stated"


def test_an_answer_that_is_out_of_date_is_none() -> None:
    rows = [said(code, False, until=NOW) for code in ("national", "local")]
    assert standing(False, known(*rows), sources=[TAX], now=NOW) == "unanswered"
    before = NOW - timedelta(seconds=1)
    assert standing(False, known(*rows), sources=[TAX], now=before) == "confirmed"


def test_a_registry_that_was_not_asked_leaves_what_the_firm_states() -> None:
    row = Evidence("registry", "national", "국세", "동의하지 않음")
    assert standing(False, known(row), sources=[TAX], now=NOW) == "stated"


def test_what_the_portal_computes_is_confirmed() -> None:
    assert standing("basic", {}, sources=[], computed=True, now=NOW) == "confirmed"


def test_every_standing_and_source_has_words() -> None:
    assert set(evidence.DECLARED.values()) | {evidence.STATED} == set(evidence.SOURCES)
    assert len(set(evidence.STANDINGS.values())) == len(evidence.STANDINGS)


@pytest.mark.parametrize(
    "raw", ["registry", [{"registry": []}], [{"guess": ["a"]}], [{"registry": "a"}], [["a"]], [{}]]
)
def test_sources_of_a_data_file_are_read_strictly(raw: Any) -> None:
    with pytest.raises(BadInput) as refused:
        parse_sources(raw)
    assert refused.value.code == "sources"


def test_sources_of_a_data_file_are_alternatives_of_codes_together() -> None:
    raw = [{"registry": ["national", "local"]}, {"document": ["clearance"]}]
    assert parse_sources(raw) == (TAX, PAPER)
    assert evidence.sources_in(raw) == "기관 조회, 서류"
