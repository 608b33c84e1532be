"""Objections: once, in time, in writing; decided by other people; a win is a new linked run."""

from datetime import datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from applications.models import Application, BonusClaim, Decision, DecisionChange, Objection
from applications.queries import application as application_queries
from applications.queries.objection import barred, clock
from applications.queries.selection.decisions import award_of, changes_in_force
from applications.services import objection
from applications.services.assessment import scoring, sheets
from applications.services.intake import filing
from applications.services.selection import changes
from applications.states import BonusState, ObjectionMoves, Remedy
from demo.samples import sample_pdf
from portal.core.clock import KST
from portal.core.errors import BadInput, Closed, MoveNotAllowed, RuleBroken
from portal.models import Notice
from portal.records.workflow import move
from programs.queries.ledger import balance
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
EACH = 50_000_000
LATER = NOW + timedelta(days=3)


@pytest.fixture
def program():
    return staff.program(money=4 * EACH)


@pytest.fixture
def judges():
    return staff.assessors(3)


@pytest.fixture
def boss():
    return staff.manager()


@pytest.fixture
def other():
    """A manager who had no part in the decision."""
    return staff.manager()


@pytest.fixture
def two(program, judges, boss) -> list[Application]:
    """A selected one and one in reserve, four points behind."""
    rows = [(26, 34, 26), (24, 34, 24)]
    made = [staff.judged(program, marks, judges=judges, support=EACH) for marks in rows]
    BonusClaim.objects.create(
        application=made[1],
        code="covid",
        label="코로나19 대응 제품",
        claim="마스크",
        points=5,
        state=BonusState.REFUSED,
        reason="허가증을 찾지 못함",
    )
    staff.released(program, by=boss, places=1)
    return [Application.objects.get(pk=row.pk) for row in made]


def filed(application: Application) -> Objection:
    return objection.file(
        application, text="허가증을 냈습니다.", by=application.created_by, now=NOW
    )


def test_the_clock_counts_from_the_next_day_to_the_end_of_a_working_day(two) -> None:
    running = clock(two[1], NOW)  # released on the 10th; the 20th is a Saturday
    assert running.due_at == datetime(2021, 2, 23, 0, 0, tzinfo=KST)
    assert running.open
    assert not clock(two[1], running.due_at).open


def test_an_objection_is_filed_once_in_writing_with_its_evidence(two) -> None:
    upload = ContentFile(sample_pdf("허가증"), name="허가증.pdf")
    by = two[1].created_by
    made = objection.file(two[1], text=" 허가증이 있습니다. ", uploads=[upload], by=by, now=NOW)
    assert (made.text, made.papers.count()) == ("허가증이 있습니다.", 1)
    assert Notice.objects.filter(key=f"objection_filed:{made.pk}").exists()
    with pytest.raises(MoveNotAllowed) as again:
        objection.file(two[1], text="또", by=by, now=NOW)
    assert again.value.code == "objected_before"
    assert not clock(two[1], NOW).open


def test_too_late_or_without_text_or_before_a_result_is_refused(two, program, judges) -> None:
    by = two[1].created_by
    due = clock(two[1], NOW).due_at
    with pytest.raises(Closed):
        objection.file(two[1], text="늦음", by=by, now=due)
    with pytest.raises(BadInput):
        objection.file(two[1], text=" ", by=by, now=NOW)
    undecided = staff.judged(program, judges=judges)
    with pytest.raises(MoveNotAllowed):
        objection.file(undecided, text="아직", by=undecided.created_by, now=NOW)
    assert objection.file(two[1], text="제때", by=by, now=due - timedelta(seconds=1))


def test_people_who_decided_or_assessed_the_case_are_barred(two, boss, other, judges) -> None:
    case = filed(two[1])
    selection = case.decision.selection
    people = {boss.pk, selection.confirmed_by_id, *[judge.pk for judge in judges]}
    assert barred(case) == people
    with pytest.raises(MoveNotAllowed) as refused:
        objection.dismiss(case, note="유지", by=boss, now=NOW)
    assert refused.value.code == "barred"
    for person in (boss, selection.confirmed_by, judges[0]):
        with pytest.raises(IntegrityError, match="objection_by_other_people"), transaction.atomic():
            Objection.objects.filter(pk=case.pk).update(
                state="dismissed", decided_by=person, decided_at=NOW, answer="x"
            )
    objection.dismiss(case, note="허가증의 품목이 다릅니다.", by=other, now=NOW)
    notice = Notice.objects.get(key=f"objection_decided:{case.pk}")
    assert "허가증의 품목이 다릅니다." in notice.body
    assert award_of(two[1]).outcome == "reserve"


def won_by_bonus(two, other) -> Objection:
    case = filed(two[1])
    claims = list(two[1].bonuses.all())
    objection.uphold(
        case, remedy=Remedy.BONUS, note="허가증을 확인함", bonuses=claims, by=other, now=NOW
    )
    run = objection.rescore(case, by=other, now=NOW)
    scoring.compute(run, now=NOW)
    objection.conclude(run, now=NOW)
    return case


def test_an_objection_that_wins_is_a_new_linked_run_and_a_new_decision(
    program, two, boss, other
) -> None:
    case = won_by_bonus(two, other)
    case.refresh_from_db()
    assert case.run.previous == case.decision.selection.run
    assert case.run.rubric_sha256 == case.run.previous.rubric_sha256
    assert [row.application for row in case.run.results.all()] == [two[1]]
    draft = DecisionChange.objects.get(kind="objection")
    assert objection.conclude(case.run, now=NOW) == draft  # a job done twice drafts once
    first = case.decision.selection.confirmed_by
    with pytest.raises(MoveNotAllowed):
        changes.take_up(draft, by=first, now=NOW)
    changes.take_up(draft, by=staff.officer(program), now=NOW)
    with pytest.raises(MoveNotAllowed):
        changes.approve(draft, by=boss, now=NOW)
    made = changes.approve(draft, by=other, now=NOW)
    assert (made.outcome, made.rank, made.grant_won) == ("selected", 1, EACH)
    assert Decision.objects.get(pk=case.decision_id).outcome == "reserve"
    assert award_of(two[0]).outcome == "selected"  # nobody loses by another's objection
    assert balance(program.pot).reserved == 2 * EACH
    case.refresh_from_db()
    assert case.state == "closed"
    assert changes_in_force(program) == {"objection": 1}
    shown = application_queries.result(Application.objects.get(pk=two[1].pk))
    assert (shown["bonus"], len(shown["history"])) == (5, 2)


def test_a_new_assessment_counts_the_new_sheets_alone(program, two, other, judges) -> None:
    case, officer = filed(two[1]), staff.officer(program)
    objection.uphold(case, remedy=Remedy.SHEETS, note="평가 근거 없음", by=other, now=LATER)
    again = Application.objects.get(pk=two[1].pk)
    assert again.state == "assessing"
    assert award_of(again).outcome == "reserve"  # the old decision is in force until the new one
    with pytest.raises(RuleBroken):
        objection.rescore(case, by=officer, now=LATER)
    with pytest.raises(RuleBroken):
        scoring.start(program, by=officer, now=LATER)  # no case of the next whole run
    with pytest.raises(MoveNotAllowed):
        filing.withdraw(again, by=again.created_by, now=LATER, note="취하")
    for judge in staff.assessors(3):
        staff.locked_sheet(again, judge, (30, 38, 30), at=LATER)
    assert not sheets.candidates(again).filter(pk__in=[judge.pk for judge in judges]).exists()
    run = objection.rescore(case, by=officer, now=LATER)
    scoring.compute(run, now=LATER)
    assert str(run.results.get().total) == "98.00"
    draft = objection.conclude(run, now=LATER)
    changes.take_up(draft, by=officer, now=LATER)
    changes.approve(draft, by=other, now=LATER)
    again.refresh_from_db()
    assert (again.state, award_of(again).outcome) == ("released", "selected")


@pytest.mark.parametrize(
    ("places", "outcome"), [(None, "selected"), (2, "selected"), (1, "reserve")]
)
def test_an_application_that_reaches_the_floor_is_selected_where_all_above_it_were(
    program, judges, boss, other, places, outcome
) -> None:
    staff.judged(program, (28, 38, 28), judges=judges, support=EACH)
    low = staff.judged(program, (3, 4, 3), judges=judges, support=EACH)
    chosen = staff.released(program, by=boss, places=places)
    assert (chosen.cut["stopped_by"], award_of(low).outcome) == ("end", "rejected")
    case = filed(Application.objects.get(pk=low.pk))
    objection.uphold(case, remedy=Remedy.SHEETS, note="증빙 누락", by=other, now=LATER)
    for judge in staff.assessors(3):
        staff.locked_sheet(low, judge, (24, 32, 24), at=LATER)
    run = objection.rescore(case, by=staff.officer(program), now=LATER)
    scoring.compute(run, now=LATER)
    assert objection.conclude(run, now=LATER).outcome == outcome


@pytest.mark.parametrize("role", ["assessor", "officer", "auditor", "operator", "applicant"])
def test_only_a_manager_decides_an_objection(program, two, role) -> None:
    case = filed(two[1])
    who = two[1].created_by if role == "applicant" else staff.staff(role)
    with pytest.raises(MoveNotAllowed):
        objection.dismiss(case, note="유지", by=who, now=NOW)
    with pytest.raises(MoveNotAllowed):
        objection.uphold(case, remedy=Remedy.SHEETS, note="인용", by=who, now=NOW)


def test_a_decided_objection_moves_no_more(two, other) -> None:
    case = filed(two[1])
    objection.dismiss(case, note="유지", by=other, now=NOW)
    for name in ObjectionMoves.by_name():
        with pytest.raises(MoveNotAllowed):
            move(case, case.MOVES[name], by=other, now=NOW, note="x")
