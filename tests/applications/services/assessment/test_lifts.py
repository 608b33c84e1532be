"""A tie recorded by mistake is lifted by two people, and its sheet comes back with its history."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from applications.admin.assessment import lifts as screen
from applications.models import Application, ConflictOfInterest, ScoreSheet, TieLift
from applications.services.assessment import conflicts, exclusions, lifts, scoring, sheets
from applications.visibility import listed_sheets
from portal.access.impartiality import Tied
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import Notice
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def program():
    return staff.program()


@pytest.fixture
def officer(program):
    return staff.officer(program)


@pytest.fixture
def boss():
    return staff.manager()


@pytest.fixture
def judge():
    return staff.assessors(1)[0]


@pytest.fixture
def case(program):
    return staff.judged(program, judges=[])


@pytest.fixture
def given_up(case, officer, judge) -> ScoreSheet:
    """A sheet given up by a statement that was a slip."""
    sheet = sheets.assign(case, assessor=judge, by=officer, now=NOW)
    return sheets.declare(sheet, tied=True, words="자문했습니다", by=judge, now=NOW)


def lifted(tie: ConflictOfInterest, officer, boss) -> TieLift:
    made = lifts.propose(tie, reason="잘못 눌렀다고 확인함", by=officer, now=LATER)
    return lifts.approve(made, by=boss, now=LATER)


def test_a_stated_tie_is_lifted_by_two_and_the_statement_is_made_again(
    case, officer, boss, judge, given_up
) -> None:
    tie = case.conflicts.get()
    made = lifts.propose(tie, reason="잘못 눌렀다고 확인함", by=officer, now=LATER)
    with pytest.raises(MoveNotAllowed) as alone:
        lifts.approve(made, by=officer, now=LATER)
    assert alone.value.code == "same_person"
    lifts.approve(made, by=boss, now=LATER)
    tie.refresh_from_db()
    given_up.refresh_from_db()
    assert (tie.cleared_at, given_up.abstained_at, given_up.declared_at) == (LATER, None, None)
    assert case.moves.filter(move="restore_sheet", by=boss).exists()
    assert case.conflict_statements.count() == 1  # the history stays
    assert Notice.objects.filter(key=f"sheet-restored:{given_up.pk}:{made.pk}").exists()
    conflicts.refresh(conflicts.watched(), now=LATER)
    assert not case.conflicts.filter(cleared_at=None).exists()
    again = sheets.declare(given_up, tied=False, words="", by=judge, now=LATER + timedelta(hours=1))
    assert again.declared_at is not None


def test_where_firms_are_hidden_no_sheet_comes_back_to_who_stated_the_tie(
    program, case, officer, boss, judge, given_up
) -> None:
    type(program).objects.filter(pk=program.pk).update(blind=True)
    made = lifted(case.conflicts.get(), officer, boss)
    given_up.refresh_from_db()
    assert (case.conflicts.get().cleared_at, given_up.abstained_at) == (LATER, NOW)
    assert not listed_sheets(judge).exists()
    assert not Notice.objects.filter(key=f"sheet-restored:{given_up.pk}:{made.pk}").exists()
    assert "되살리지 않습니다" in screen.approved(made)
    assert "되살리지 않습니다" in screen.words(made)
    # The seat is free for another assessor.
    other = staff.assessors(1)[0]
    assert sheets.assign(case, assessor=other, by=officer, now=LATER).assessor == other


def test_a_statement_after_the_lift_counts_again_in_the_same_words(
    case, officer, boss, judge, given_up
) -> None:
    lifted(case.conflicts.get(), officer, boss)
    given_up.refresh_from_db()
    at = LATER + timedelta(hours=1)
    sheets.declare(given_up, tied=True, words="자문했습니다", by=judge, now=at)
    conflicts.refresh(conflicts.watched(), now=at)
    assert case.conflicts.filter(cleared_at=None).count() == 1
    assert [row.code for row in conflicts.ties(case, judge)] == ["stated"]


def test_a_declared_tie_to_the_wrong_firm_is_lifted_with_the_excluded_sheet(
    case, officer, boss, judge
) -> None:
    sheet = staff.locked_sheet(case, judge, (20, 30, 20))
    conflicts.declare_tie(
        judge, kind="advice", firm_name=case.company.name, business_number="", note="",
        by=officer, now=NOW,
    )  # fmt: skip
    conflicts.refresh(conflicts.watched(), now=NOW)
    excluded = exclusions.propose(sheet, kind="exclude", reason="자문", by=officer, now=NOW)
    exclusions.approve(excluded, by=boss, now=NOW)
    tie = case.conflicts.get(code=conflicts.DECLARED)
    lifted(tie, officer, boss)
    sheet.refresh_from_db()
    assert (sheet.withdrawn_at, sheet.marks["need"]) == (None, 20)
    assert not sheet.excluded_at(LATER + timedelta(seconds=1))
    assert list(sheet.decisions.order_by("pk").values_list("kind", flat=True)) == [
        "exclude",
        "restore",
    ]
    conflicts.refresh(conflicts.watched(), now=LATER)
    assert not case.conflicts.filter(cleared_at=None).exists()
    assert conflicts.ties(case, judge) == []


def test_what_was_scored_without_the_sheet_is_not_lifted(
    program, case, officer, boss, given_up
) -> None:
    for other in staff.assessors(3):
        staff.locked_sheet(case, other, (20, 30, 20))
    tie = case.conflicts.get()
    scoring.start(program, by=officer, now=LATER, while_open=True)
    with pytest.raises(MoveNotAllowed) as refused:
        lifts.propose(tie, reason="실수", by=officer, now=LATER)
    assert refused.value.code == "scored"


def test_only_stated_ties_during_the_assessment_are_lifted(
    program, case, officer, boss, judge, given_up
) -> None:
    tie = case.conflicts.get()
    ConflictOfInterest.objects.filter(pk=tie.pk).update(code="same_address")
    with pytest.raises(MoveNotAllowed):
        lifts.propose(case.conflicts.get(), reason="실수", by=officer, now=LATER)
    ConflictOfInterest.objects.filter(pk=tie.pk).update(code="stated")
    Application.objects.filter(pk=case.pk).update(state="decided")
    with pytest.raises(MoveNotAllowed) as refused:
        lifts.propose(ConflictOfInterest.objects.get(), reason="실수", by=officer, now=LATER)
    assert refused.value.code == "not_liftable"


def test_who_may_lift_with_a_reason_one_proposal_at_a_time(
    case, officer, boss, judge, given_up
) -> None:
    tie = case.conflicts.get()
    for person in (staff.auditor(), staff.operator(), judge):
        with pytest.raises((MoveNotAllowed, Tied)):
            lifts.propose(tie, reason="실수", by=person, now=LATER)
    with pytest.raises(BadInput):
        lifts.propose(tie, reason=" ", by=officer, now=LATER)
    made = lifts.propose(tie, reason="실수", by=officer, now=LATER)
    with pytest.raises(MoveNotAllowed) as second:
        lifts.propose(tie, reason="실수", by=boss, now=LATER)
    assert second.value.code == "lift_open"
    lifts.discard(made, note="다시 확인", by=boss, now=LATER)
    with pytest.raises(MoveNotAllowed) as closed:
        lifts.approve(made, by=boss, now=LATER)
    assert closed.value.code == "lift_closed"


def two_people_are_asked_for_and_the_decision_is_kept(case, officer, boss, given_up) -> None:
    reopened = {"abstained_at": None, "declared_at": None, "end_reason": ""}
    with pytest.raises(IntegrityError, match="lifted by two"), transaction.atomic():
        ScoreSheet.objects.filter(pk=given_up.pk).update(**reopened)
    made = lifts.propose(case.conflicts.get(), reason="실수", by=officer, now=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        TieLift.objects.filter(pk=made.pk).update(approved_by=officer, approved_at=LATER)
    lifts.approve(made, by=boss, now=LATER)
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        TieLift.objects.filter(pk=made.pk).update(reason="다른 사유")
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        TieLift.objects.filter(pk=made.pk).delete()


def test_the_database_asks_for_two_people(case, officer, boss, given_up) -> None:
    two_people_are_asked_for_and_the_decision_is_kept(case, officer, boss, given_up)


@pytest.mark.postgres
def test_postgresql_asks_for_two_people(case, officer, boss, given_up) -> None:
    assert connection.vendor == "postgresql"
    two_people_are_asked_for_and_the_decision_is_kept(case, officer, boss, given_up)
