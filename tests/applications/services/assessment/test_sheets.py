"""Assessors: nobody with a tie judges, nobody else's sheet is written, a locked one stays."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from applications.models import ApplicationMove, ScoreSheet
from applications.services.assessment import conflicts
from applications.services.assessment import sheets as sheets_services
from applications.states import PartnerState
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, RuleBroken, StaleVersion
from portal.models import News
from tests.factories import staff
from tests.factories.applications import (
    NOW,
    CompanyFactory,
    MemberFactory,
    PartnerFactory,
    UserFactory,
    member_of,
)

pytestmark = pytest.mark.django_db
FULL = {"marks": {"need": 20, "plan": 30, "team": 25}, "comment": "좋음"}
REASONS = {"need": "필요함", "plan": "구체적임", "team": "인력 충분"}


@pytest.fixture
def program():
    return staff.program()


@pytest.fixture
def officer(program):
    return staff.officer(program)


@pytest.fixture
def application(program):
    return staff.judged(program, judges=[])


@pytest.fixture
def judge():
    return staff.assessors(1)[0]


@pytest.fixture
def sheet(application, judge, officer) -> ScoreSheet:
    return staff.opened(application, judge, officer)


def codes(error: pytest.ExceptionInfo) -> set[str]:
    return {finding.code for finding in error.value.findings}


def kept(sheet, judge, **changes) -> ScoreSheet:
    sent = {**FULL, "reasons": REASONS, "version": sheet.version, **changes}
    return sheets_services.save(sheet, by=judge, now=NOW, **sent)


def test_several_assessors_are_assigned_at_once_and_notified(application, officer) -> None:
    judges = staff.assessors(3)
    sheets = sheets_services.assign_all(application, assessors=judges, by=officer, now=NOW)
    assert [sheet.assessor for sheet in sheets] == judges
    assert News.objects.filter(key__startswith="assigned:").count() == 3
    row = ApplicationMove.objects.get(thing=application, move="assign")
    assert all(str(judge) in row.note for judge in judges)


def test_one_tie_stops_all_and_every_reason_is_given(application, officer, judge) -> None:
    supplier = CompanyFactory(name="로봇공급", phone="02-555-7777")
    PartnerFactory(application=application, state=PartnerState.ACCEPTED, company=supplier)
    tied = UserFactory(email="kim@robot.example", phone="02-555-7777", roles=["assessor"])
    MemberFactory(company=supplier, user=tied)
    with pytest.raises(RuleBroken) as refused:
        sheets_services.assign_all(application, assessors=[judge, tied], by=officer, now=NOW)
    assert {"same_company", "member", "same_business_number", "same_phone"} <= codes(refused)
    assert all("로봇공급" in finding.message for finding in refused.value.findings)
    assert not application.sheets.exists()


def test_a_co_worker_of_the_applicant_is_tied_by_the_domain_of_the_address(
    application, officer
) -> None:
    MemberFactory(company=application.company, user=UserFactory(email="boss@hanbit.example"))
    cousin = UserFactory(email="cousin@hanbit.example", phone="", roles=["assessor"])
    with pytest.raises(RuleBroken) as refused:
        sheets_services.assign(application, assessor=cousin, by=officer, now=NOW)
    assert codes(refused) == {"same_email_domain"}


def test_a_partner_who_was_only_invited_ties_by_the_invited_address(application, officer) -> None:
    PartnerFactory(application=application, email="sales@maker.example", company_name="메이커")
    friend = UserFactory(email="ceo@maker.example", phone="", roles=["assessor"])
    assert {tie.code for tie in conflicts.ties(application, friend)} == {"same_email_domain"}


def test_a_partner_whose_invitation_was_withdrawn_ties_nobody(application) -> None:
    PartnerFactory(
        application=application, email="sales@maker.example", state=PartnerState.CANCELLED
    )
    friend = UserFactory(email="ceo@maker.example", phone="", roles=["assessor"])
    assert conflicts.ties(application, friend) == []


def test_the_ties_of_many_cost_no_more_queries_than_those_of_few(
    application, django_assert_max_num_queries
) -> None:
    few, many = staff.assessors(1), staff.assessors(12)
    with CaptureQueriesContext(connection) as queries:
        conflicts.ties_of(application, few)
    with django_assert_max_num_queries(len(queries)):
        assert set(conflicts.ties_of(application, many)) == {judge.pk for judge in many}


def test_only_assessors_assess(application, officer) -> None:
    with pytest.raises(BadInput):
        sheets_services.assign(application, assessor=officer, by=officer, now=NOW)


def test_nobody_is_assigned_twice_and_the_assigned_are_no_candidates(
    application, officer, sheet, judge
) -> None:
    with pytest.raises(MoveNotAllowed):
        sheets_services.assign(application, assessor=judge, by=officer, now=NOW)
    assert judge not in sheets_services.candidates(application)


@pytest.mark.parametrize("role", ["assessor", "auditor", "operator"])
def test_only_officers_and_managers_assign(application, judge, role) -> None:
    with pytest.raises(MoveNotAllowed):
        sheets_services.assign(application, assessor=judge, by=staff.staff(role), now=NOW)


def test_gaps_are_kept_until_the_lock_names_them(sheet, judge) -> None:
    kept(sheet, judge, marks={"need": 20, "plan": None}, reasons={"need": "필요함"})
    assert sheet.marks == {"need": 20}
    with pytest.raises(RuleBroken) as refused:
        sheets_services.lock(sheet, by=judge, now=NOW)
    assert codes(refused) == {
        "mark_missing:plan", "reason_missing:plan", "mark_missing:team", "reason_missing:team",
    }  # fmt: skip


@pytest.mark.parametrize("points", [-1, 31, 1.5, "20", True])
def test_a_mark_out_of_range_is_refused(sheet, judge, points) -> None:
    with pytest.raises(BadInput):
        kept(sheet, judge, marks={"need": points})
    sheet.refresh_from_db()
    assert sheet.marks == {}


def test_a_mark_for_nothing_is_refused(sheet, judge) -> None:
    with pytest.raises(BadInput):
        kept(sheet, judge, marks={"beauty": 3})


def test_a_save_based_on_an_older_version_overwrites_nothing(sheet, judge) -> None:
    kept(sheet, judge, version=1)
    with pytest.raises(StaleVersion):
        kept(sheet, judge, version=1, marks={"need": 1})
    sheet.refresh_from_db()
    assert sheet.marks["need"] == 20


def test_nobody_writes_or_locks_the_sheet_of_another(sheet, officer) -> None:
    other = staff.assessors(1)[0]
    for stranger in (other, officer):
        with pytest.raises(NotFound):
            kept(sheet, stranger)
        with pytest.raises(NotFound):
            sheets_services.lock(sheet, by=stranger, now=NOW)


def test_a_locked_sheet_is_hashed_and_never_changes_again(sheet, judge, officer) -> None:
    kept(sheet, judge)
    sheets_services.lock(sheet, by=judge, now=NOW)
    assert sheet.sha256 == sheets_services.digest(sheet)
    with pytest.raises(MoveNotAllowed) as refused:
        kept(sheet, judge, marks={"need": 1})
    assert refused.value.code == "sheet_locked"
    with pytest.raises(MoveNotAllowed):
        sheets_services.lock(sheet, by=judge, now=NOW)
    with pytest.raises(MoveNotAllowed):
        sheets_services.unassign(sheet, note="실수", by=officer, now=NOW)
    assert ScoreSheet.objects.get(pk=sheet.pk).marks["need"] == 20


def tampered(sheet: ScoreSheet) -> list[str]:
    """Try to change a locked sheet past the services; name what got by."""
    table = ScoreSheet._meta.db_table
    rows = ScoreSheet.objects.filter(pk=sheet.pk)
    ways = {
        "orm update": lambda: rows.update(comment="고침"),
        "unlock": lambda: rows.update(locked_at=None, sha256=""),
        "orm delete": lambda: rows.delete(),
        "sql": lambda: connection.cursor().execute(f"UPDATE {table} SET comment = 'x'"),
    }
    got_by = []
    for name, way in ways.items():
        try:
            with transaction.atomic():
                way()
        except DatabaseError:
            continue
        got_by.append(name)
    return got_by


def test_the_database_itself_keeps_a_locked_sheet(sheet, judge) -> None:
    kept(sheet, judge)
    assert len(tampered(sheet)) > 0  # open sheets may change: the attempt is a real one
    fresh = staff.locked_sheet(sheet.application, staff.assessors(1)[0], (1, 2, 3))
    assert tampered(fresh) == []


@pytest.mark.postgres
def test_the_database_itself_keeps_a_locked_sheet_on_postgresql(application) -> None:
    assert connection.vendor == "postgresql"
    assert tampered(staff.locked_sheet(application, staff.assessors(1)[0], (1, 2, 3))) == []


def test_a_tie_that_comes_up_later_stops_the_lock(sheet, judge, application) -> None:
    kept(sheet, judge)
    MemberFactory(company=application.company, user=judge)
    with pytest.raises(RuleBroken) as refused:
        sheets_services.lock(sheet, by=judge, now=NOW)
    assert "member" in codes(refused)


def test_an_unfinished_sheet_is_taken_back_with_a_reason(sheet, judge, officer) -> None:
    with pytest.raises(MoveNotAllowed):
        sheets_services.unassign(sheet, note=" ", by=officer, now=NOW)
    sheets_services.unassign(sheet, note="일정이 맞지 않음", by=officer, now=NOW)
    assert not ScoreSheet.objects.exists()
    assert "일정이 맞지 않음" in ApplicationMove.objects.get(move="unassign").note
    with pytest.raises(MoveNotAllowed) as refused:
        kept(sheet, judge)
    assert refused.value.code == "unassigned"


def test_an_owner_of_the_applicant_is_tied_even_with_no_contact_in_common(application) -> None:
    insider = member_of(application.company)
    insider.groups.add(*staff.assessors(1)[0].groups.all())
    found = {tie.code for tie in conflicts.ties(application, insider)}
    assert {"same_company", "member", "same_business_number"} <= found
