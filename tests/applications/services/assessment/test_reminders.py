"""Late assessors are reminded once a day, one of them or all, and every reminder is kept."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from applications.models import AssessmentReminder, RemindedAssessor, ScoreSheet
from applications.queries.assessment import progress
from applications.services import objection
from applications.services.assessment import reminders, sheets
from applications.states import Remedy
from applications.visibility import reminders_of, sheets_of
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import Notice
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
DUE = NOW + timedelta(days=7)
LATE = DUE + timedelta(hours=1)


@pytest.fixture
def program():
    return staff.program()


@pytest.fixture
def officer(program):
    return staff.officer(program)


@pytest.fixture
def judges():
    return staff.assessors(3)


@pytest.fixture
def case(program, officer, judges):
    made = staff.judged(program, judges=[])
    sheets.assign_all(made, assessors=judges, by=officer, now=NOW)
    ScoreSheet.objects.update(due_at=DUE)
    return made


def test_who_is_late_is_listed_with_sheets_since_and_due(case, program, officer, judges) -> None:
    other = staff.judged(program, judges=[])
    sheets.assign(other, assessor=judges[0], by=officer, now=NOW + timedelta(days=1))
    ScoreSheet.objects.filter(application=other).update(due_at=LATE + timedelta(days=3))
    ScoreSheet.objects.filter(assessor=judges[2]).update(locked_at=NOW, sha256="0" * 64)
    found = progress.late(sheets_of(officer), now=LATE)
    assert [(row.assessor.pk, row.waiting, row.overdue) for row in found] == [
        (judges[0].pk, 2, 1),
        (judges[1].pk, 1, 1),
    ]
    assert {(row.assigned_at, row.due_at, row.reminded_at) for row in found} == {(NOW, DUE, None)}
    assert progress.late(sheets_of(officer), now=DUE) == []


def test_one_or_all_are_reminded_and_each_once_a_day(case, officer, judges) -> None:
    made, count = reminders.remind([judges[0]], by=officer, now=LATE)
    assert count == 1
    row = made.assessors.get()
    assert (row.assessor, row.overdue, row.due_at) == (judges[0], 1, DUE)
    mail = Notice.objects.get(key=f"sheets-late:{judges[0].pk}:{row.day}")
    assert mail.to_email == judges[0].email
    assert "평가표가 1부" in mail.subject
    with pytest.raises(MoveNotAllowed) as again:
        reminders.remind([judges[0]], by=officer, now=LATE)
    assert again.value.code == "reminded_today"
    assert reminders.remind(None, by=officer, now=LATE)[1] == 2
    assert reminders.remind(None, by=officer, now=LATE + timedelta(days=1))[1] == 3
    assert AssessmentReminder.objects.count() == 3


def test_the_database_keeps_one_reminder_a_day_and_never_changes_one(case, officer, judges) -> None:
    made, _ = reminders.remind([judges[0]], by=officer, now=LATE)
    row = made.assessors.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        RemindedAssessor.objects.create(
            reminder=made, assessor=judges[0], day=row.day, overdue=1, due_at=DUE
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        RemindedAssessor.objects.filter(pk=row.pk).update(overdue=2)


def test_only_officers_and_managers_remind_and_only_who_is_late(case, officer, judges) -> None:
    for person in (staff.auditor(), staff.operator(), judges[0]):
        with pytest.raises(MoveNotAllowed) as refused:
            reminders.remind(None, by=person, now=LATE)
        assert refused.value.code == "role"
    with pytest.raises(BadInput):
        reminders.remind([], by=officer, now=LATE)
    for by, at in ((officer, DUE), (staff.officer(staff.program()), LATE)):
        with pytest.raises(MoveNotAllowed) as refused:
            reminders.remind(None, by=by, now=at)
        assert refused.value.code == "nobody_late"


def test_other_sub_programmes_do_not_see_the_reminder(case, officer, judges) -> None:
    made, _ = reminders.remind([judges[0]], by=officer, now=LATE)
    assert list(reminders_of(officer)) == [made]
    assert not reminders_of(staff.officer(staff.program())).exists()
    assert not reminders_of(judges[0]).exists()


@pytest.mark.parametrize("count", [2, 6])
def test_the_figures_take_as_many_queries_for_many_as_for_few(
    program, officer, judges, count, django_assert_num_queries
) -> None:
    rows = [staff.judged(program, judges=judges[: 1 + place % 3]) for place in range(count)]
    for row in rows:
        late = staff.assessors(1)
        sheets.assign(row, assessor=late[0], by=officer, now=NOW)
    ScoreSheet.objects.filter(locked_at=None).update(due_at=DUE)
    with django_assert_num_queries(2):
        progress.put_on(rows)
    assert [str(row.panel) for row in rows[:2]] == ["1/2", "2/3"]
    with django_assert_num_queries(3):
        assert len(progress.late(ScoreSheet.objects.all(), now=LATE)) == count


def test_sheets_of_the_panel_before_a_new_assessment_do_not_count(program, judges) -> None:
    case = staff.judged(program, judges=judges)
    staff.released(program, by=staff.manager(), places=1)
    case.refresh_from_db()
    filed = objection.file(case, text="다시", by=case.created_by, now=NOW)
    later = NOW + timedelta(days=1)
    objection.uphold(filed, remedy=Remedy.SHEETS, note="인용", by=staff.manager(), now=later)
    staff.locked_sheet(case, staff.assessors(1)[0], (20, 20, 20), at=later)
    case.refresh_from_db()
    progress.put_on([case])
    assert (str(case.panel), case.sheets.count()) == ("1/1", 4)
    assert progress.panel_of(case, case.sheets.all()) == case.panel
