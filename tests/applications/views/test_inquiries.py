"""Inquiries by page: the firm's thread, the assessor's form, the officer's list, and who finds nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Inquiry, ScoreResult, ScoreRun, ScoreSheet
from applications.services import inquiries
from applications.states import InquiryState, MemberRole
from portal.core.clock import now
from portal.models import User
from tests.factories import agreements, staff
from tests.factories import inquiries as made
from tests.factories.applications import PartnerFactory, UserFactory, member_of

pytestmark = pytest.mark.django_db
LIST = reverse("admin:applications_inquiry_changelist")


@pytest.fixture
def judges(monkeypatch) -> list[User]:
    monkeypatch.setattr(staff, "NOW", now())
    return staff.assessors(2)


@pytest.fixture
def sheets(judges) -> list[ScoreSheet]:
    return made.assessed(judges)[1]


@pytest.fixture
def officer(sheets) -> User:
    return staff.officer(sheets[0].application.sub_program)


@pytest.fixture
def enter() -> Callable[[User], Client]:
    return lambda user: staff.enter(Client(), user)


def thread(sheet: ScoreSheet) -> str:
    return reverse("inquiry_thread", args=[sheet.application_id])


def sheet_page(sheet: ScoreSheet) -> str:
    return reverse("assessor_sheet", args=[sheet.pk])


def act(client: Client, inquiry: Inquiry, name: str, **sent: object):
    url = reverse("admin:applications_inquiry_act", args=[inquiry.pk, name])
    seen = client.get(url).context["seen"]
    return client.post(url, {"seen": seen, **sent})


def text(answer) -> str:
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_a_question_of_an_assessor_makes_its_way_and_names_nobody(
    enter, sheets, judges, officer
) -> None:
    judge, firm = enter(judges[0]), enter(sheets[0].application.created_by)
    assert judge.post(reverse("assessor_inquiry", args=[sheets[0].pk]), {"text": made.ASKED}).url
    asked = Inquiry.objects.get()
    assert made.ASKED in text(judge.get(sheet_page(sheets[0])))
    assert made.ASKED not in text(enter(judges[1]).get(sheet_page(sheets[1])))
    desk = enter(officer)
    assert str(judges[0].name) in text(
        desk.get(reverse("admin:applications_inquiry_change", args=[asked.pk]))
    )
    named = act(desk, asked, "pass-on", text=f"{judges[0].name}: 일정은?", days=3)
    assert "일정은?" in text(named)  # refused, and what was typed is still there
    assert act(desk, asked, "pass-on", text="일정은 어떻습니까?", days=3).status_code == 302
    detail = text(firm.get(reverse("application_detail", args=[asked.application_id])))
    assert "답변할 질의가 있습니다" in detail
    seen = [detail, text(firm.get(thread(sheets[0])))]
    answer = reverse("inquiry_answer", args=[asked.pk])
    seen.append(text(firm.get(answer)))
    assert firm.post(answer, {"text": " "}).status_code == 400
    assert firm.post(answer, {"text": made.ANSWER}).url == thread(sheets[0])
    seen.append(text(firm.get(thread(sheets[0]))))
    assert firm.post(answer, {"text": "또"}).status_code == 409
    api = reverse("api_application", args=[asked.application_id])
    seen.append(firm.get(api).content.decode())
    for page in seen:
        for secret in (judges[0].name, judges[0].email, judges[0].phone, made.ASKED):
            assert secret not in page
    other = text(enter(judges[1]).get(sheet_page(sheets[1])))
    assert made.ANSWER in other
    assert judges[0].name not in other
    assert "내 질의" not in other


def test_firm_and_staff_talk_in_one_thread(enter, sheets, officer) -> None:
    firm, desk = enter(sheets[0].application.created_by), enter(officer)
    empty = firm.post(thread(sheets[0]), {"text": ""})
    assert empty.status_code == 400
    assert firm.post(thread(sheets[0]), {"text": "언제 끝납니까?"}).status_code == 302
    asked = Inquiry.objects.get()
    assert "언제 끝납니까?" in text(desk.get(LIST, {"waits": "officer"}))
    assert "언제 끝납니까?" not in text(desk.get(LIST, {"waits": "firm"}))
    page = reverse("admin:applications_application_change", args=[asked.application_id])
    page += "?tab=inquiries"
    assert "언제 끝납니까?" in text(desk.get(page))
    assert act(desk, asked, "reply", text="이번 달입니다.").status_code == 302
    assert "이번 달입니다." in text(firm.get(thread(sheets[0])))
    assert "언제 끝납니까?" in text(desk.get(LIST, {"waits": "nobody"}))
    ask = reverse("admin:applications_application_act", args=[asked.application_id, "inquire"])
    sent = {"seen": desk.get(ask).context["seen"], "text": "주소를 알려 주세요.", "days": ""}
    assert desk.post(ask, sent).status_code == 302
    assert "주소를 알려 주세요." in text(firm.get(thread(sheets[0])))
    assert "주소를 알려 주세요." in text(desk.get(LIST, {"waits": "firm"}))


def test_only_who_may_write_for_the_firm_has_the_thread(enter, sheets) -> None:
    application = sheets[0].application
    asked = made.passed(sheets[0], now=now())
    answer = reverse("inquiry_answer", args=[asked.pk])
    partner = PartnerFactory(application=application, accepted=True).company
    outside = [member_of(application.company, MemberRole.VIEWER), member_of(partner), UserFactory()]
    for user in outside:
        client = enter(user)
        for url in (thread(sheets[0]), answer):
            assert client.get(url).status_code == 404
            assert client.post(url, {"text": "x"}).status_code == 404
    editor = enter(member_of(application.company, MemberRole.EDITOR))
    assert [editor.get(url).status_code for url in (thread(sheets[0]), answer)] == [200, 200]


def test_what_was_not_passed_on_is_no_question_to_the_firm(enter, sheets) -> None:
    asked = made.from_assessor(sheets[0], now=now())
    firm = enter(sheets[0].application.created_by)
    answer = reverse("inquiry_answer", args=[asked.pk])
    assert [firm.get(answer).status_code, firm.post(answer, {"text": "x"}).status_code] == [404] * 2
    assert made.ASKED not in text(firm.get(thread(sheets[0])))


def test_assessors_and_officers_of_others_find_nothing(enter, sheets, judges) -> None:
    asked = made.from_assessor(sheets[0], now=now())
    url = reverse("assessor_inquiry", args=[sheets[0].pk])
    assert enter(judges[1]).post(url, {"text": "x"}).status_code == 404
    other = enter(staff.officer(staff.program()))
    change = reverse("admin:applications_inquiry_change", args=[asked.pk])
    assert other.get(change).status_code == 404
    assert made.ASKED not in text(other.get(LIST))
    assert enter(judges[0]).get(LIST).status_code != 200


def test_a_refused_question_of_an_assessor_keeps_its_text(enter, sheets, judges) -> None:
    client, url = enter(judges[0]), reverse("assessor_inquiry", args=[sheets[0].pk])
    ScoreSheet.objects.filter(pk=sheets[0].pk).update(due_at=now() - timedelta(minutes=1))
    answer = client.post(url, {"text": "늦은 질의"})
    assert (answer.status_code, "늦은 질의" in answer.content.decode()) == (409, True)
    assert "assessment_late" in answer.content.decode()
    assert client.get(url).url == sheet_page(sheets[0])


def test_a_tied_officer_is_told_so_and_has_no_button(enter, sheets, officer) -> None:
    asked = made.from_assessor(sheets[0], now=now())
    officer.declared_ties.create(
        kind="shares",
        firm_name=asked.application.company.name,
        business_number=asked.application.company.business_number,
        declared_at=now(),
    )
    page = text(enter(officer).get(reverse("admin:applications_inquiry_change", args=[asked.pk])))
    assert "이해관계가 있는" in page
    assert "act/pass-on" not in page


def test_in_a_blind_stage_the_release_form_comes_masked(enter, judges) -> None:
    application, sheets = made.assessed(judges, blind=True)
    desk = enter(staff.officer(application.sub_program))
    asked = made.passed(sheets[0], now=now())
    words = f"{application.company.name} 공장에 둡니다."
    inquiries.answer(asked, text=words, by=application.created_by, now=now())
    url = reverse("admin:applications_inquiry_act", args=[asked.pk, "release"])
    form = desk.get(url).context["form"]
    assert form["text"].value() == "(가림) 공장에 둡니다."
    assert act(desk, asked, "release", text=words).status_code == 302
    assert Inquiry.objects.get().state == InquiryState.ANSWERED
    page = text(enter(judges[1]).get(sheet_page(sheets[1])))
    assert "(가림) 공장에 둡니다." in page
    assert application.company.name not in page


def test_the_pages_ask_as_much_for_many_questions_as_for_few(
    enter, sheets, judges, officer
) -> None:
    application, firm = sheets[0].application, enter(sheets[0].application.created_by)
    desk, judge = enter(officer), enter(judges[1])
    page = reverse("admin:applications_application_change", args=[application.pk])
    page += "?tab=inquiries"
    pages = [(firm, thread(sheets[0])), (judge, sheet_page(sheets[1])), (desk, LIST), (desk, page)]

    def counted(count: int) -> list[int]:
        for _ in range(count):
            asked = made.passed(sheets[0], now=now())
            inquiries.answer(asked, text=made.ANSWER, by=application.created_by, now=now())
        found = []
        for client, url in pages:
            text(client.get(url))
            with CaptureQueriesContext(connection) as asked_of_it:
                text(client.get(url))
            found.append(len(asked_of_it))
        return found

    few = counted(1)
    assert counted(6) == few
    assert max(few[:3]) < 25


def test_the_result_of_a_refused_firm_says_what_to_improve_and_leads_to_one_question(
    client: Client,
) -> None:
    row = agreements.awarded(outcome="rejected", grant_won=0)
    criteria = [{"code": "plan", "label": "계획", "max_points": 40, "core": True, "mean": "12.00"}]
    ScoreResult.objects.create(
        run=ScoreRun.objects.get(), application=row, breakdown={"criteria": criteria, "sheets": []}
    )
    client.force_login(row.created_by)
    page = text(client.get(reverse("application_result", args=[row.pk])))
    assert "다음에 보완하면 좋은 항목" in page
    assert "40점 가운데 12.00점" in page
    url = reverse("inquiry_thread", args=[row.pk])
    assert url in page
    assert 'name="about"' in text(client.get(url))
    client.post(url, {"text": "왜입니까?", "about": "result"})
    assert Inquiry.objects.get().kind == "result"
    assert 'name="about"' not in text(client.get(url))
    again = client.post(url, {"text": "다시 묻습니다.", "about": "result"})
    assert again.status_code == 409
    assert Inquiry.objects.count() == 1
