"""The self-check asks what the conditions need and answers with every reason at once."""

from datetime import date, timedelta

import pytest

from portal.core.errors import BadInput
from programs.models import SubProgram
from programs.queries import eligibility as eligibility_queries
from tests.factories.programs import program

pytestmark = pytest.mark.usefixtures("round_2021")

ON = date(2021, 2, 10)
CLEAN = dict.fromkeys(
    [
        "closed_business",
        "tax_arrears",
        "credit_default",
        "insolvency",
        "banned",
        "unsettled",
        "duplicate_support",
        "excluded_industry",
    ],
    False,
)
FIRM = {**CLEAN, "company_kind": "company", "company_size": "small"}
FITTING = {
    "build": {
        **FIRM,
        "track": "upgrade1",
        "manufacturer": True,
        "current_level": "basic",
        "target_level": "middle1",
    },
    "robot": {**FIRM, "track": "cobot", "uses_cobot": True, "partner_supplier": True},
    "meister": {**FIRM, "track": "dispatch", "company_size": "mid"},
    "aftercare": {**FIRM, "track": "emergency", "built_on": "2020-02-10"},
    "capability": {**FIRM, "track": "one-point"},
    "cloud": {
        **CLEAN,
        "track": "shared-solution",
        "company_kind": "association",
        "lead_kind": "association",
        "members_are_sme": True,
        "members": 12,
        "partner_ict": True,
    },
    "level-check": {**FIRM, "track": "self-built", "unaided": True, "declaration": True},
}


def codes(program: SubProgram, facts: dict) -> set[str]:
    verdict = eligibility_queries.check_self(program, facts, on=ON)
    return {finding.code for finding in verdict.findings if finding.blocking}


@pytest.mark.parametrize("code", sorted(FITTING))
def test_a_fitting_firm_may_apply_to_each_of_the_seven(code: str) -> None:
    verdict = eligibility_queries.check_self(program(code), FITTING[code], on=ON)
    assert verdict.eligible is True
    assert verdict.findings == ()


@pytest.mark.parametrize("code", sorted(FITTING))
def test_the_questions_are_exactly_the_facts_that_matter(code: str) -> None:
    row = program(code)
    for track in row.tracks.all():
        asked = {question.fact for question in eligibility_queries.questions(row, track=track.code)}
        empty = eligibility_queries.check_self(row, {"track": track.code}, on=ON)
        assert set(empty.unknown) - {"track"} <= asked
        assert empty.eligible is None


@pytest.mark.parametrize(
    ("code", "change", "finding"),
    [
        ("build", {"company_size": "none"}, "sme_or_mid"),
        ("build", {"target_level": "basic"}, "higher_level"),
        ("build", {"target_level": "middle2"}, "level_of_upgrade1"),
        ("build", {"manufacturer": False}, "makes_things"),
        ("robot", {"partner_supplier": False}, "partner_supplier"),
        ("robot", {"uses_cobot": False}, "collaborative"),
        ("meister", {"company_kind": "association"}, "is_company"),
        ("aftercare", {"company_size": "medium"}, "small_only"),
        ("aftercare", {"built_on": "2020-02-11"}, "one_year_old"),
        ("capability", {"company_size": "mid"}, "sme_only"),
        ("cloud", {"partner_ict": False}, "partner_ict"),
        ("cloud", {"members": 1}, "enough_members"),
        ("cloud", {"lead_kind": "group"}, "lead_company"),
        ("cloud", {"members_are_sme": False}, "members_are_sme"),
        ("level-check", {"unaided": False}, "unaided"),
        ("level-check", {"track": "upgraded-unaided", "past_participant": False}, "took_part"),
        ("build", {"banned": True}, "not_banned"),
    ],
)
def test_each_condition_refuses_on_its_own(code: str, change: dict, finding: str) -> None:
    assert finding in codes(program(code), {**FITTING[code], **change})


def test_one_year_is_counted_to_the_day__S16() -> None:
    row = program("aftercare")
    facts = FITTING["aftercare"]
    assert not codes(row, {**facts, "built_on": ON.replace(year=2020)})
    late = ON.replace(year=2020) + timedelta(days=1)
    assert codes(row, {**facts, "built_on": late.isoformat()}) == {"one_year_old"}


def test_all_reasons_come_at_once() -> None:
    facts = {**FITTING["robot"], "company_size": "none", "uses_cobot": False, "banned": True}
    assert codes(program("robot"), facts) == {"sme_or_mid", "collaborative", "not_banned"}


def test_arrears_can_still_be_settled_and_only_warn() -> None:
    verdict = eligibility_queries.check_self(
        program("robot"), {**FITTING["robot"], "tax_arrears": True}, on=ON
    )
    assert verdict.eligible is True
    assert [finding.code for finding in verdict.findings] == ["no_tax_arrears"]


def test_answers_may_come_as_text() -> None:
    as_text = {name: str(value).lower() for name, value in FITTING["cloud"].items()}
    assert eligibility_queries.check_self(program("cloud"), as_text, on=ON).eligible is True


@pytest.mark.parametrize(
    "facts",
    [
        {"track": "premium"},
        {"company_size": "giant"},
        {"uses_cobot": "perhaps"},
        {"company_size": {"a": 1}},
    ],
)
def test_unreadable_answers_are_refused(facts: dict) -> None:
    with pytest.raises(BadInput):
        eligibility_queries.check_self(program("robot"), {**FITTING["robot"], **facts}, on=ON)


def test_only_questions_for_the_chosen_track_are_shown() -> None:
    row = program("build")
    upgrade = {question.fact for question in eligibility_queries.questions(row, track="upgrade1")}
    cluster = {
        question.fact for question in eligibility_queries.questions(row, track="digital-cluster")
    }
    assert "current_level" in upgrade - cluster
    assert {"cluster_members", "cluster_led_by_venture"} <= cluster - upgrade


def test_a_table_is_questioned_by_its_number_of_rows() -> None:
    asked = {
        question.fact: question for question in eligibility_queries.questions(program("cloud"))
    }
    assert asked["members"].kind == "integer"
