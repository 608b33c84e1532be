"""Inquiries: whose turn it is, until when, who is told, and that nobody is named to another side."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Model

from applications.models import Inquiry, InquiryAnswer, InquiryMove, ScoreSheet
from applications.queries import inquiries as queries
from applications.services import inquiries
from applications.services.assessment import sheets as sheets_services
from applications.states import ApplicationState, InquiryKind, InquiryState, WaitsFor
from portal.access.impartiality import Tied
from portal.core.errors import MoveNotAllowed, NotFound, PortalError
from portal.models import News, Notice, User
from tests.factories import agreements, staff
from tests.factories import inquiries as made
from tests.factories.applications import NOW, ApplicationFactory, UserFactory, member_of

pytestmark = pytest.mark.django_db
S = InquiryState
LATER = NOW + timedelta(hours=1)
LONG = "가" * (inquiries.TEXT_LENGTH + 1)


@pytest.fixture
def judges() -> list[User]:
    return staff.assessors(3)


@pytest.fixture
def sheets(judges) -> list[ScoreSheet]:
    return made.assessed(judges)[1]


@pytest.fixture
def officer(sheets) -> User:
    return staff.officer(sheets[0].application.sub_program)


def mails(user: User, start: str = "inquiry") -> list[str]:
    named = {"user": user, "key__startswith": start}
    rows = [kind.objects.filter(**named).order_by("pk") for kind in (Notice, News)]
    return [f"{row.subject}\n{row.body}" for part in rows for row in part]


def refused(code: str, act: Callable[[], object]) -> PortalError:
    with pytest.raises(PortalError) as found:
        act()
    assert found.value.code == code
    return found.value


# --- Firm and staff -------------------------------------------------------------------------------


def test_a_firm_asks_and_the_officers_answer_and_each_is_told() -> None:
    application = ApplicationFactory(filed=True)
    officer, firm = staff.officer(application.sub_program), application.created_by
    asked = inquiries.ask_staff(application, text="언제 검토합니까?", by=firm, now=NOW)
    assert (asked.state, asked.waits_for, asked.words) == (
        S.ASKED,
        WaitsFor.OFFICER,
        "담당자 답변 대기",
    )
    assert len(mails(officer)) == 1
    inquiries.reply(asked, text="이번 주입니다.", by=officer, now=LATER)
    assert (asked.state, asked.waits_for) == (S.ANSWERED, None)
    assert "이번 주입니다." in mails(firm)[0]
    assert queries.thread_of_firm(application)[0].answer == "이번 주입니다."
    inquiries.ask_staff(application, text="그럼 결과는요?", by=firm, now=LATER)
    assert [row.status for row in queries.thread_of_firm(application)] == [
        "담당자 답변 대기",
        "답변 완료",
    ]


def test_staff_ask_with_or_without_a_day_and_take_a_late_answer() -> None:
    application = ApplicationFactory(filed=True)
    officer = staff.officer(application.sub_program)
    asked = inquiries.ask_firm(application, text="주소가 맞습니까?", days=2, by=officer, now=NOW)
    assert asked.due_at is not None
    assert asked.waits_for == WaitsFor.FIRM
    assert queries.waiting_for_firm(application) == 1
    assert "답변 기한" in mails(application.created_by)[0]
    inquiries.answer(
        asked, text="맞습니다.", by=application.created_by, now=asked.due_at + timedelta(days=1)
    )
    assert len(mails(officer)) == 1
    free = inquiries.ask_firm(application, text="확인 부탁드립니다.", by=officer, now=NOW)
    assert free.due_at is None


@pytest.mark.parametrize("text", [" ", LONG], ids=["empty", "long"])
def test_texts_are_written_and_not_too_long(sheets, officer, text: str) -> None:
    application, firm = sheets[0].application, sheets[0].application.created_by
    refused("inquiry_text", lambda: inquiries.ask_staff(application, text=text, by=firm, now=NOW))
    refused("inquiry_text", lambda: inquiries.ask_firm(application, text=text, by=officer, now=NOW))
    refused("inquiry_text", lambda: made.from_assessor(sheets[0], text=text))
    assert not Inquiry.objects.exists()


@pytest.mark.parametrize("state", ["draft", "withdrawn"])
def test_a_draft_and_a_withdrawn_application_have_no_thread(state: str) -> None:
    application = ApplicationFactory(state=state)
    officer, firm = staff.officer(application.sub_program), application.created_by
    refused("no_thread", lambda: inquiries.ask_staff(application, text="x", by=firm, now=NOW))
    refused("no_thread", lambda: inquiries.ask_firm(application, text="x", by=officer, now=NOW))


def test_who_has_five_open_questions_waits_for_an_answer() -> None:
    application = ApplicationFactory(filed=True)
    officer, firm = staff.officer(application.sub_program), application.created_by
    asked = [
        inquiries.ask_staff(application, text="x", by=firm, now=NOW)
        for _ in range(inquiries.MOST_OPEN)
    ]
    refused("inquiries_many", lambda: inquiries.ask_staff(application, text="x", by=firm, now=NOW))
    inquiries.reply(asked[0], text="답", by=officer, now=NOW)
    inquiries.ask_staff(application, text="x", by=firm, now=NOW)


# --- Assessor, officer, firm, panel ---------------------------------------------------------------


def test_a_question_goes_through_an_officer_and_its_answer_to_the_whole_panel(
    sheets, judges, officer
) -> None:
    application = sheets[0].application
    asked = made.from_assessor(sheets[0])
    assert asked.waits_for == WaitsFor.OFFICER
    assert queries.thread_of_firm(application) == []
    assert queries.thread_of_panel(sheets[1]) == []
    assert queries.thread_of_panel(sheets[0])[0].mine
    inquiries.pass_on(asked, text="언제 설치합니까?", days=3, by=officer, now=NOW)
    assert asked.text == made.ASKED
    assert queries.thread_of_firm(application)[0].text == "언제 설치합니까?"
    inquiries.answer(asked, text=made.ANSWER, by=application.created_by, now=LATER)
    assert asked.state == S.ANSWERED
    for sheet, judge in zip(sheets, judges, strict=True):
        entry = queries.thread_of_panel(sheet)[0]
        assert (entry.answer, entry.mine) == (made.ANSWER, judge == judges[0])
        assert len(mails(judge)) == 1


def test_in_a_blind_stage_an_officer_passes_the_answer_on_masked(judges) -> None:
    application, sheets = made.assessed(judges, blind=True)
    company, officer = application.company, staff.officer(application.sub_program)
    asked = made.passed(sheets[0])
    answer = f"{company.name} 공장({company.address})에 둡니다. 문의 {company.phone}"
    inquiries.answer(asked, text=answer, by=application.created_by, now=LATER)
    assert (asked.state, asked.waits_for) == (S.GIVEN, WaitsFor.OFFICER)
    assert all(queries.thread_of_panel(sheet)[0].answer == "" for sheet in sheets)
    assert queries.thread_of_firm(application)[0].status == "답변 완료"
    inquiries.release(asked, text=answer, by=officer, now=LATER)
    shown = queries.thread_of_panel(sheets[1])[0].answer
    assert "(가림)" in shown
    for secret in (company.name, company.address, company.phone):
        assert secret not in shown
    assert asked.answers.get(for_panel=False).text == answer


def test_a_question_that_is_kept_back_is_told_to_its_author_alone(sheets, judges, officer) -> None:
    asked = made.from_assessor(sheets[0])
    refused("note_required", lambda: inquiries.decline(asked, reason=" ", by=officer, now=NOW))
    inquiries.decline(asked, reason="신청서 3쪽에 있습니다.", by=officer, now=NOW)
    assert queries.thread_of_panel(sheets[0])[0].reason == "신청서 3쪽에 있습니다."
    assert queries.thread_of_panel(sheets[1]) == []
    assert queries.thread_of_firm(sheets[0].application) == []
    assert ["신청서 3쪽에 있습니다." in row for row in mails(judges[0])] == [True]
    assert mails(judges[1]) == []


@pytest.mark.parametrize("field", ["name", "email", "phone"])
def test_nothing_that_names_an_assessor_is_passed_on(sheets, judges, officer, field: str) -> None:
    asked = made.from_assessor(sheets[0])
    secret = " ".join(getattr(judges[1], field))
    text = f"언제 설치합니까? {secret}"
    refused(
        "names_assessor", lambda: inquiries.pass_on(asked, text=text, days=3, by=officer, now=NOW)
    )
    assert Inquiry.objects.get().state == S.ASKED


def test_the_answer_is_due_on_a_working_day_and_not_after_the_assessment(sheets, officer) -> None:
    friday = NOW.replace(day=19, hour=10)
    asked = made.from_assessor(sheets[0])
    inquiries.pass_on(asked, text="x", days=1, by=officer, now=friday)
    assert asked.due_at == friday.replace(day=22, hour=18, minute=0, second=0)
    end = NOW + timedelta(hours=5)
    ScoreSheet.objects.update(due_at=end)
    short = made.from_assessor(sheets[1])
    inquiries.pass_on(short, text="x", days=3, by=officer, now=NOW)
    assert short.due_at == end
    late = made.from_assessor(sheets[2])
    refused(
        "assessment_late", lambda: inquiries.pass_on(late, text="x", days=3, by=officer, now=end)
    )
    refused("assessment_late", lambda: made.from_assessor(sheets[2], now=end))


@pytest.mark.parametrize("days", [0, 31])
def test_an_answer_is_given_one_to_thirty_days(sheets, officer, days: int) -> None:
    asked = made.from_assessor(sheets[0])
    refused("days", lambda: inquiries.pass_on(asked, text="x", days=days, by=officer, now=NOW))


def test_at_the_due_instant_it_is_closed_without_an_answer_and_all_are_told(sheets, judges) -> None:
    asked, firm = made.passed(sheets[0]), sheets[0].application.created_by
    assert asked.due_at is not None
    assert inquiries.sweep(asked.due_at - timedelta(seconds=1)) == 0
    refused("inquiry_late", lambda: inquiries.answer(asked, text="x", by=firm, now=asked.due_at))
    assert [inquiries.sweep(asked.due_at), inquiries.sweep(asked.due_at)] == [1, 0]
    assert Inquiry.objects.get().state == S.UNANSWERED
    assert "답변 없이 닫았습니다" in mails(firm)[-1]
    assert all("답변하지 않았습니다" in mails(judge)[0] for judge in judges)
    assert queries.thread_of_panel(sheets[1])[0].status == "답변 없음"


def test_who_may_not_mark_may_not_ask(sheets, judges) -> None:
    with pytest.raises(NotFound):
        inquiries.ask_as_assessor(sheets[0], text="x", by=judges[1], now=NOW)
    ScoreSheet.objects.filter(pk=sheets[0].pk).update(locked_at=NOW, sha256="0" * 64)
    refused("sheet_closed", lambda: made.from_assessor(sheets[0]))
    sheets_services.abstain(sheets[1], reason="바쁨", by=judges[1], now=NOW)
    refused("sheet_closed", lambda: made.from_assessor(sheets[1]))
    assert queries.thread_of_panel(ScoreSheet.objects.get(pk=sheets[1].pk)) == []


def test_a_decision_is_not_hinted_at_by_closing_the_question(sheets) -> None:
    asked, kept = made.passed(sheets[0]), made.from_assessor(sheets[1])
    application = asked.application
    type(application).objects.update(state=ApplicationState.DECIDED)
    assert inquiries.sweep(LATER) == 1
    assert Inquiry.objects.get(pk=kept.pk).state == S.CLOSED
    asked.refresh_from_db()
    inquiries.answer(asked, text="x", by=application.created_by, now=LATER)
    assert asked.state == S.ANSWERED


@pytest.mark.parametrize(
    ("state", "closed"), [("withdrawn", 3), ("released", 1), ("assessing", 0), ("closed", 1)]
)
def test_what_nobody_waits_for_any_more_is_closed(sheets, officer, state: str, closed: int) -> None:
    application = sheets[0].application
    made.passed(sheets[0], days=30)
    inquiries.ask_staff(application, text="x", by=application.created_by, now=NOW)
    inquiries.ask_firm(application, text="x", by=officer, now=NOW)
    type(application).objects.update(state=state)
    assert inquiries.sweep(LATER) == closed


# --- Who may not ----------------------------------------------------------------------------------


def test_a_tied_officer_handles_nothing(sheets, officer) -> None:
    application = sheets[0].application
    mine = member_of(application.company)
    mine.groups.add(*officer.groups.all())
    asked = inquiries.ask_staff(application, text="x", by=application.created_by, now=NOW)
    theirs = made.from_assessor(sheets[0])
    acts = [
        lambda: inquiries.ask_firm(application, text="x", by=mine, now=NOW),
        lambda: inquiries.reply(asked, text="x", by=mine, now=NOW),
        lambda: inquiries.pass_on(theirs, text="x", days=3, by=mine, now=NOW),
        lambda: inquiries.decline(theirs, reason="x", by=mine, now=NOW),
    ]
    for act in acts:
        with pytest.raises(Tied):
            act()


def test_nobody_passes_on_a_question_of_their_own(sheets, judges, officer) -> None:
    judges[0].groups.add(*officer.groups.all())
    asked = made.from_assessor(sheets[0])
    with pytest.raises(Tied):
        inquiries.pass_on(asked, text="x", days=3, by=User.objects.get(pk=judges[0].pk), now=NOW)


def test_each_act_belongs_to_a_kind(sheets, officer) -> None:
    application = sheets[0].application
    firm = application.created_by
    asked = inquiries.ask_staff(application, text="x", by=firm, now=NOW)
    theirs = made.from_assessor(sheets[0])
    ours = inquiries.ask_firm(application, text="x", by=officer, now=NOW)
    words = {"text": "x", "now": NOW}
    wrong = [
        lambda: inquiries.reply(theirs, by=officer, **words),
        lambda: inquiries.reply(ours, by=officer, **words),
        lambda: inquiries.answer(asked, by=firm, **words),
        lambda: inquiries.answer(theirs, by=firm, **words),
        lambda: inquiries.pass_on(asked, days=3, by=officer, **words),
        lambda: inquiries.decline(ours, reason="x", by=officer, now=NOW),
        lambda: inquiries.release(asked, by=officer, **words),
        lambda: inquiries.reply(asked, by=UserFactory(), **words),
        lambda: inquiries.ask_firm(application, by=staff.auditor(), **words),
    ]
    for act in wrong:
        with pytest.raises(MoveNotAllowed):
            act()
    assert not InquiryAnswer.objects.exists()


@pytest.mark.parametrize("change", ["text", "passed_text", "kind"])
def test_the_database_keeps_what_was_asked_and_answered(sheets, change: str) -> None:
    asked = made.answered(sheets[0])
    value = InquiryKind.FIRM if change == "kind" else "anders"
    with transaction.atomic(), pytest.raises(IntegrityError):
        Inquiry.objects.filter(pk=asked.pk).update(**{change: value})
    rows: list[type[Model]] = [InquiryAnswer, InquiryMove, Inquiry]
    for model in rows:
        with transaction.atomic(), pytest.raises(IntegrityError):
            model._default_manager.all().delete()


# --- Nobody is named ------------------------------------------------------------------------------


def test_no_mail_to_the_firm_names_an_assessor_and_none_to_the_panel_who_asked(
    sheets, judges
) -> None:
    made.answered(sheets[0])
    firm = mails(sheets[0].application.created_by)
    assert firm
    panel = [row for judge in judges[1:] for row in mails(judge)]
    assert panel
    for text in (*firm, *panel):
        assert not any(word in text for word in (judges[0].name, judges[0].email, judges[0].phone))
    assert made.ANSWER not in "".join(panel)


def test_assessors_see_nothing_of_the_thread_of_firm_and_staff(sheets, officer) -> None:
    application = sheets[0].application
    inquiries.ask_staff(application, text="x", by=application.created_by, now=NOW)
    inquiries.ask_firm(application, text="y", by=officer, now=NOW)
    assert [queries.thread_of_panel(sheet) for sheet in sheets] == [[], [], []]


# --- About a result --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "may"),
    [("rejected", True), ("cancelled", True), ("reserve", False), ("selected", False)],
)
def test_who_was_not_selected_asks_about_the_result_once(outcome: str, may: bool) -> None:
    won = agreements.GRANT if outcome == "selected" else 0
    row = agreements.awarded(outcome=outcome, grant_won=won)
    words = {"text": "무엇이 모자랐습니까?", "by": row.created_by, "now": NOW}
    if not may:
        with pytest.raises(MoveNotAllowed) as refused:
            inquiries.ask_about_result(row, **words)
        assert refused.value.code == "no_refusal"
        return
    asked = inquiries.ask_about_result(row, **words)
    assert asked.waits_for == WaitsFor.OFFICER
    with pytest.raises(MoveNotAllowed) as again:
        inquiries.ask_about_result(row, **words)
    assert again.value.code == "result_asked"
    inquiries.reply(asked, text="실현 가능성입니다.", by=staff.officer(row.sub_program), now=NOW)
    asked.refresh_from_db()
    assert asked.state == InquiryState.ANSWERED
    with pytest.raises(MoveNotAllowed):
        inquiries.ask_about_result(row, **words)


def test_an_excluded_firm_asks_about_its_exclusion_and_nobody_before_a_result() -> None:
    words = {"text": "어떤 요건입니까?", "now": NOW}
    excluded = ApplicationFactory(filed=True, state="ineligible")
    inquiries.ask_about_result(excluded, by=excluded.created_by, **words)
    for state in ("screening", "assessing", "decided"):
        row = ApplicationFactory(filed=True, state=state)
        with pytest.raises(MoveNotAllowed):
            inquiries.ask_about_result(row, by=row.created_by, **words)
