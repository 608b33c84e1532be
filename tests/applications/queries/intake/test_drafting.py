"""A loaded draft: typed answers, facts, grant, and everything that is missing."""

from datetime import timedelta

import pytest

from applications.models import Application
from applications.queries.intake import drafting
from programs.models import SubProgram
from tests.factories import drafts, programs
from tests.factories.applications import NOW, PartnerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def robot() -> SubProgram:
    programs.load()
    return programs.program("robot")


def codes(application: Application) -> list[str]:
    return [row.code for row in drafting.missing(drafting.load(application), now=NOW)]


def test_nothing_is_missing_from_a_complete_draft(robot: SubProgram) -> None:
    assert codes(drafts.complete(robot)) == []


def test_every_gap_is_named_once_and_in_words(robot: SubProgram) -> None:
    found = drafting.missing(drafting.load(drafts.empty(robot)), now=NOW)
    named = [row.code for row in found]
    assert len(named) == len(set(named))
    assert all(row.message.strip() for row in found)
    for kind in ("missing:document:", "missing:consent:", "partner_missing:", "missing:cost_items"):
        assert any(code.startswith(kind) for code in named), kind


def test_gaps_disappear_one_by_one_as_they_are_filled(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    whole = {row.pk for row in draft.attachments.all()}
    draft.attachments.update(removed_at=NOW)
    gaps = len(codes(draft))
    assert gaps == len(whole)
    for done, pk in enumerate(sorted(whole), start=1):
        draft.attachments.filter(pk=pk).update(removed_at=None)
        assert len(codes(draft)) == gaps - done


def test_a_condition_that_fails_is_told_with_its_reason(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    section = draft.sections.get(name="company")
    section.data["company_kind"] = "association"
    section.save()
    condition = next(row for row in robot.conditions if row["fact"] == "company_kind")
    found = {row.code: row.message for row in drafting.missing(drafting.load(draft), now=NOW)}
    assert found == {condition["code"]: condition["message"]}


def test_a_missing_answer_is_not_told_twice_as_a_failed_condition(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    implied = {row["code"] for row in robot.questions if "implied" in row}  # never asked
    asked = [row for row in robot.conditions if row["fact"] not in implied]
    fact = next(row["fact"] for row in asked if row["kind"] in {"is_true", "is_false"})
    for section in draft.sections.all():
        section.data.pop(fact, None)
        section.save()
    conditions = {row["code"] for row in robot.conditions if row["fact"] == fact}
    found = codes(draft)
    assert f"missing:{fact}" in found
    assert not conditions & set(found)


def test_a_removed_file_and_a_cancelled_partner_do_not_count(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    draft.partners.update(state="cancelled", company=None)
    draft.attachments.filter(pk=draft.attachments.first().pk).update(removed_at=NOW)
    read = drafting.load(draft)
    assert read.partners == []
    assert len(read.attachments) == draft.attachments.count() - 1


def test_a_supplier_that_is_the_applicant_is_refused(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    draft.partners.update(company=draft.company)
    assert any(code.startswith("partner_is_applicant:") for code in codes(draft))


def test_a_second_invitation_that_nobody_answered_holds_up_the_filing(robot: SubProgram) -> None:
    draft = drafts.complete(robot)
    role = draft.partners.get().role
    PartnerFactory(application=draft, role=role)
    assert any(code.startswith("partner_pending:") for code in codes(draft))


def test_the_grant_shown_is_the_rule_s(robot: SubProgram) -> None:
    read = drafting.load(drafts.complete(robot))
    grant = drafting.preview(read)
    assert grant.support_won + grant.own_won == read.total_cost_won
    read.application.track = None
    assert drafting.preview(read) is None


def test_facts_are_typed_and_rows_count_as_their_number(robot: SubProgram) -> None:
    read = drafting.load(drafts.complete(robot))
    kinds = {question.code: question.kind for question in read.questions}
    for code, value in read.facts.items():
        if kinds.get(code) == "rows":
            assert isinstance(value, int)
        if kinds.get(code) == "yes_no":
            assert isinstance(value, bool)
    assert read.facts["track"] == read.application.track.code
    assert read.facts["employees"] == 30


def test_age_is_judged_on_the_day_of_filing_in_korea(robot: SubProgram) -> None:
    read = drafting.load(drafts.complete(robot))
    evening = NOW.replace(hour=23, minute=59)
    assert drafting.verdict(read, evening) == drafting.verdict(read, NOW)
    assert drafting.verdict(read, evening + timedelta(days=1)).eligible is True


def test_reading_costs_the_same_however_much_there_is(
    robot: SubProgram, django_assert_num_queries
) -> None:
    draft = drafts.complete(robot)
    with django_assert_num_queries(4):
        drafting.load(draft)
    for _ in range(5):
        PartnerFactory(application=draft)
    with django_assert_num_queries(4):
        drafting.load(draft)
