"""The pages of late assessors, their reminders, and the sheets of an application: "1/3"."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import AssessmentReminder, ScoreSheet
from applications.services.assessment import sheets
from portal.forms.people import told_apart
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
LATE = reverse("admin:applications_assessmentreminder_late")


@pytest.fixture
def program():
    return staff.program()


@pytest.fixture
def officer(program):
    return staff.officer(program)


@pytest.fixture
def judges():
    return staff.assessors(2)


@pytest.fixture
def case(program, officer, judges):
    made = staff.judged(program, judges=staff.assessors(1))
    sheets.assign_all(made, assessors=judges, by=officer, now=NOW)
    ScoreSheet.objects.filter(locked_at=None).update(due_at=NOW + timedelta(days=1))
    return made


@pytest.fixture
def desk(officer) -> Client:
    return staff.enter(Client(), officer)


def test_the_list_and_the_page_of_an_application_say_how_many_are_in(desk, case) -> None:
    listed = desk.get(reverse("admin:applications_application_changelist")).content.decode()
    assert "1/3 (최소 3)" in listed
    page = desk.get(reverse("admin:applications_application_change", args=[case.pk]))
    text = page.content.decode()
    assert "<strong>1/3</strong> (최소 3부)" in text
    assert text.count("기한 지남") == 2


def test_an_officer_reminds_one_and_then_the_rest(desk, case, judges) -> None:
    page = desk.get(LATE, {"assessor": judges[1].pk}).content.decode()
    assert told_apart(judges[0]) in page
    assert page.count(" checked") == 1
    assert desk.post(LATE, {"to": "chosen"}).status_code == 200
    assert not AssessmentReminder.objects.exists()
    desk.post(LATE, {"to": "chosen", "assessors": judges[1].pk})
    first = AssessmentReminder.objects.get()
    assert first.assessors.get().assessor == judges[1]
    assert "오늘 알림" in desk.get(LATE).content.decode()
    answer = desk.post(LATE, {"to": "all"}, follow=True)
    assert told_apart(judges[0]) in answer.content.decode()
    assert "1명" in desk.get("/admin/applications/assessmentreminder/").content.decode()


def test_an_auditor_reads_and_reminds_nobody(case) -> None:
    client = staff.enter(Client(), staff.auditor())
    page = client.get(LATE).content.decode()
    assert "기한이 지난 평가위원" in page
    assert "알리기</button>" not in page
    assert client.post(LATE, {"to": "all"}).status_code == 404


def test_others_find_no_page(case, judges) -> None:
    assert staff.enter(Client(), judges[0]).get(LATE).status_code in {302, 403, 404}
    other = staff.enter(Client(), staff.officer(staff.program()))
    assert "기한이 지난 평가표가 없습니다" in other.get(LATE).content.decode()
