"""Which rules cases under way hold fixed, and whom a change concerns."""

from datetime import timedelta

import pytest

from applications.models import ScoreSheet, Supplement
from applications.queries.rule_changes import concerned, locks
from applications.services import objection
from portal.access.impartiality import Tied
from portal.core.errors import RuleBroken
from portal.models import DeclaredTie
from programs.models import ProgramRound, RuleProposal, SubProgram
from programs.queries import rule_changes as queries
from programs.rules import rule_changes as rules
from programs.services import rule_changes
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory, ExclusionFactory

pytestmark = pytest.mark.django_db


def locked(program: SubProgram) -> set[str]:
    found = locks(program, now=NOW)
    assert all("없습니다" in reason for reason in found.values())
    return set(found)


def test_a_draft_locks_nothing_and_a_filed_application_the_grant() -> None:
    program = staff.program()
    ApplicationFactory(sub_program=program)
    assert locked(program) == set()
    staff.filed(program)
    assert locked(program) == {rules.GRANT, rules.INTAKE}


def test_a_sheet_locks_the_criteria_once_it_is_begun() -> None:
    program = staff.program()
    by, judge = staff.officer(program), staff.assessors(1)[0]
    case = ApplicationFactory(sub_program=program, assessing=True)
    ScoreSheet.objects.create(application=case, assessor=judge, assigned_by=by, assigned_at=NOW)
    assert rules.SCORING not in locked(program)
    ScoreSheet.objects.update(declared_at=NOW)
    assert rules.SCORING in locked(program)
    assert rules.SCORING not in locked(staff.program())


def test_a_running_supplement_locks_its_days_and_an_exclusion_those_of_the_objection() -> None:
    program = staff.program()
    by = staff.officer(program)
    case = staff.filed(program)
    Supplement.objects.create(
        application=case, message="x", requested_by=by, requested_at=NOW, due_at=NOW
    )
    assert rules.SUPPLEMENT in locked(program)
    Supplement.objects.update(state="answered")
    assert rules.SUPPLEMENT not in locked(program)
    ExclusionFactory(application=case)
    assert rules.OBJECTION in locked(program)


def test_a_release_locks_places_and_an_objection_the_days_of_its_answer() -> None:
    program, by = staff.program(), staff.manager()
    judges = staff.assessors(3)
    case = staff.judged(program, judges=judges)
    assert concerned(program) == [("작성 중", 0), ("제출", 1), ("평가", 1), ("결정", 0)]
    staff.released(program, by=by)
    assert {rules.PLACES, rules.OBJECTION, rules.SCORING} <= locked(program)
    assert rules.ANSWER not in locked(program)
    case.refresh_from_db()
    objection.file(case, text="다툽니다.", by=case.created_by, now=NOW + timedelta(hours=1))
    assert rules.ANSWER in locked(program)
    assert concerned(program)[-1] == ("결정", 1)


def test_the_floor_is_not_lowered_after_the_release() -> None:
    program, by = staff.program(), staff.manager()
    staff.judged(program, judges=staff.assessors(3))
    staff.released(program, by=by)
    ProgramRound.objects.update(announced=True)
    change = queries.change(program, rules.CHANGE, {"floor": ["60.00", "10.00"]})
    with pytest.raises(RuleBroken, match="평가위원이 이 기준으로 평가를 시작해"):
        rule_changes.propose(program, [change], reason="x", by=by, now=NOW)


def test_who_is_tied_to_a_firm_that_filed_neither_proposes_nor_approves() -> None:
    program, tied, other = staff.program(), staff.manager(), staff.manager()
    DeclaredTie.objects.create(
        user=tied,
        kind="shares",
        firm_name="신청기업",
        business_number=staff.filed(program).company.business_number,
        declared_at=NOW,
    )
    change = [queries.change(program, rules.CHANGE, {"floor": ["60.00", "65.00"]})]
    with pytest.raises(Tied):
        rule_changes.propose(program, change, reason="x", by=tied, now=NOW)
    assert not RuleProposal.objects.exists()
    proposal = rule_changes.propose(program, change, reason="x", by=other, now=NOW)
    for act in (rule_changes.approve, rule_changes.drop):
        with pytest.raises(Tied):
            act(proposal, by=tied, now=NOW)
    rule_changes.approve(proposal, by=staff.manager(), now=NOW)
