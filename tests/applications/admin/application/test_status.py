"""Staff pages of applications, sheets, runs and selections: buttons call services, others see nothing."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.admin.application import content as content_admin
from applications.admin.application import tabs
from applications.models import (
    Application,
    BonusClaim,
    Check,
    DecisionChange,
    LateGrant,
    Objection,
    ScoreRun,
    ScoreSheet,
    Selection,
)
from applications.queries.selection.decisions import award_of
from applications.services import objection
from applications.services.assessment import sheets as sheets_services
from applications.services.screening import checks, supplements
from applications.services.selection import proposals
from portal.core.clock import now
from portal.jobs import queue
from portal.models import Notice
from tests.factories import programs, staff
from tests.factories.applications import (
    NOW,
    AttachmentFactory,
    CompanyFactory,
    MemberFactory,
    PartnerFactory,
    UserFactory,
)
from tests.factories.delivery import expert, under_way

pytestmark = pytest.mark.django_db


def page_of(thing, tab: str = "") -> str:
    page = reverse(f"admin:applications_{thing._meta.model_name}_change", args=[thing.pk])
    return f"{page}?tab={tab}" if tab else page


def act(thing, name: str) -> str:
    return reverse(f"admin:applications_{thing._meta.model_name}_act", args=[thing.pk, name])


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def messages_of(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def codes(answer) -> list[str]:
    return [message.extra_tags for message in answer.context["messages"]]


@pytest.fixture
def application(program, officer) -> Application:
    row = staff.filed(program)
    checks.take_up(row, by=officer, now=NOW)
    return row


# --- The application -----------------------------------------------------------------------------


def test_the_page_shows_what_was_filed_in_words(program) -> None:
    row = staff.filed(program)
    questions = [
        {"code": "kind", "kind": "choice", "label": "솔루션"}
        | {"choices": [{"code": "mes", "label": "생산관리(MES)"}]},
        {"code": "robots", "kind": "rows", "label": "로봇"}
        | {"columns": [{"code": "model", "kind": "text", "label": "모델"}]},
        {"code": "tax", "kind": "yes_no", "label": "체납", "section": "declarations"},
    ]
    form = staff.form(
        questions=questions, cost_items=[{"code": "sw", "label": "소프트웨어"}], consents=[]
    )
    answers = {"kind": "mes", "robots": [{"model": "<b>R-1</b>"}], "tax": False}
    content = {
        "facts": {},
        "answers": answers,
        "cost": {"sw": 70_000_000},
        "company": {"name": row.company.name, "business_number": "1248100998"},
        "profile": {},
    }
    submission = row.submission
    submission.content, submission.form = content, form
    parts = {part.title: part for part in content_admin.parts(submission)}
    assert ("솔루션", "생산관리(MES)") in parts["사업계획"].rows
    assert parts["사업계획"].tables[0]["lines"] == [["<b>R-1</b>"]]
    assert parts["확인 사항"].rows == [("체납", "아니요")]
    assert parts["사업비"].rows == [("소프트웨어", "70,000,000원")]
    assert ("사업자등록번호", "124-81-00998") in parts["신청기업"].rows


def test_papers_are_linked_with_their_hash(desk, program, officer, application) -> None:
    paper = AttachmentFactory(application=application, requirement="quote", name="견적서<1>.pdf")
    body = text(desk(officer).get(page_of(application, "papers")))
    assert reverse("attachment_download", args=[paper.pk]) in body
    assert paper.sha256 in body
    assert "견적서&lt;1&gt;.pdf" in body


def test_the_history_names_who_when_and_why(desk, officer, application) -> None:
    supplements.request(application, message="견적을 보완해 주세요.", by=officer, now=NOW)
    body = text(desk(officer).get(page_of(application, "history")))
    assert "견적을 보완해 주세요." in body
    assert str(officer) in body
    assert "접수 → 요건검토" in body
    assert "2021.\u00a02.\u00a010. 14:03:22\u00a0(KST)" in body


def test_buttons_stand_by_state_and_role(desk, program, officer, application) -> None:
    fresh = staff.filed(program)
    shown = {
        who: {name for name in ("take-up", "clear", "exclude", "reinstate", "assign")
              if act(row, name) in text(desk(user).get(page_of(row)))}
        for who, user, row in (
            ("officer, filed", officer, fresh),
            ("officer, screening", officer, application),
            ("auditor, screening", staff.auditor(), application),
        )
    }  # fmt: skip
    assert shown == {
        "officer, filed": {"take-up"},
        "officer, screening": {"clear", "exclude"},
        "auditor, screening": set(),
    }


def test_one_button_leads_the_page_and_it_is_what_comes_next(
    desk, program, officer, judges
) -> None:
    """No supplement, print or way back is blue, also where it is offered first."""
    screening, assessing = staff.filed(program), staff.judged(program, judges=judges)
    checks.take_up(screening, by=officer, now=NOW)
    screening.checks.update(decision="confirmed", decided_by=officer, decided_at=NOW)
    excluded = staff.filed(program)
    checks.take_up(excluded, by=officer, now=NOW)
    staff.excluded(excluded, failed=["other"], note="휴업", by=officer, now=NOW)
    for row, user, name in (
        (screening, officer, "qualify"),
        (assessing, officer, "assign"),
        (excluded, staff.manager(), ""),
    ):
        page = text(desk(user).get(page_of(row)))
        links = re.findall(r'class="act act--primary" href="([^"]+)"', page)
        presses = re.findall(r'action="([^"]+)">(?:(?!</form>).)*act--primary', page, re.DOTALL)
        assert [*links, *presses] == ([act(row, name)] if name else [])


def test_a_button_that_is_not_offered_does_nothing_when_pressed(desk, officer, application) -> None:
    auditor = staff.auditor()
    for user, name in ((auditor, "clear"), (officer, "assign"), (officer, "reinstate")):
        desk(user).post(act(application, name), {"note": "x"})
    assert Application.objects.get(pk=application.pk).state == "screening"
    assert desk(officer).post(act(application, "no-such-act")).status_code == 404


def test_an_officer_screens_by_the_buttons(desk, officer, application) -> None:
    client = desk(officer)
    BonusClaim.objects.create(
        application=application, code="covid", label="코로나19", claim="마스크", points=5
    )
    refused = client.post(act(application, "clear"))
    assert {"check_pending", "bonus_pending"} <= set(codes(refused))
    assert not Check.objects.filter(decision="confirmed").exists()  # all of it or nothing
    client.post(act(application, "confirm-met"))
    unknown = Check.objects.get(code="built")
    assert "사유" in text(client.get(act(unknown, "overrule")))
    client.post(act(unknown, "overrule"), {"reason": "건축물대장으로 확인"})
    advice = Check.objects.get(code="advice")
    client.post(act(advice, "confirm"), {"reason": "방문하지 않음"})
    claim = BonusClaim.objects.get()
    done = client.post(act(claim, "grant"), {"reason": "의약외품 허가증"}, follow=True)
    assert done.redirect_chain[-1][0] == f"{page_of(application)}#bonusclaim-{claim.pk}"
    done = client.post(act(application, "qualify"), follow=True)
    assert f"{application.number} 신청을 평가로 넘겼습니다." in messages_of(done)
    assert Application.objects.get(pk=application.pk).state == "assessing"


def test_a_request_for_more_is_sent_by_its_form(desk, officer, application) -> None:
    client = desk(officer)
    url = act(application, "ask")
    assert "견적서" in text(client.get(url))
    assert "필수" in text(client.post(url, {"message": "", "days": 7}))
    client.post(url, {"message": "다시", "days": 3, "requirements": ["quote"]})
    asked = application.supplements.get()
    assert asked.requirements == ["quote"]
    assert Notice.objects.filter(key__startswith=f"supplement:{asked.pk}").count() == 1


def test_a_tied_assessor_is_marked_and_refused_with_every_reason(
    desk, program, officer, judges
) -> None:
    row = staff.judged(program, judges=[])
    friend = UserFactory(email="x@hanbit.example", phone="010-9999-0000", roles=["assessor"])
    MemberFactory(company=row.company, user=friend)
    client = desk(officer)
    body = text(client.get(act(row, "assign")))
    assert "배정할 수 없음" in body
    refused = client.post(act(row, "assign"), {"assessors": [judges[0].pk, friend.pk]})
    assert "same_company" in codes(refused)
    assert not row.sheets.exists()
    client.post(act(row, "assign"), {"assessors": [judge.pk for judge in judges]})
    assert row.sheets.count() == 3


def queries(client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        text(client.get(url))
    return len(caught)


def test_each_tab_takes_as_many_queries_for_one_part_as_for_many(desk, program, officer) -> None:
    row = staff.judged(program, judges=staff.assessors(1))
    client = desk(officer)

    def counts() -> dict[str, int]:
        return {tab.code: queries(client, page_of(row, tab.code)) for tab in tabs.TABS}

    PartnerFactory(application=row, accepted=True)
    AttachmentFactory(application=row)
    MemberFactory(company=row.company)
    few = counts()
    for judge in staff.assessors(8):
        staff.locked_sheet(row, judge, (20, 20, 20))
    for _ in range(6):
        PartnerFactory(application=row, accepted=True)
        AttachmentFactory(application=row)
        MemberFactory(company=row.company)
        staff.filed(program, company=row.company)
    assert counts() == few
    assert max(few.values()) <= 24


def test_a_page_opens_with_the_tab_of_its_state_and_keeps_the_one_chosen(
    desk, program, officer, application, judges
) -> None:
    client = desk(officer)
    for row, first in ((application, "요건"), (staff.judged(program, judges=judges), "평가")):
        assert f'aria-current="page">{first}<' in text(client.get(page_of(row)))
    for tab in tabs.TABS:
        body = text(client.get(page_of(application, tab.code)))
        assert f'aria-current="page">{tab.label}<' in body
        assert f'href="{act(application, "exclude")}?tab={tab.code}"' in body
    assert 'aria-current="page">요건<' in text(client.get(page_of(application, "nowhere")))


def test_an_act_leads_back_to_the_tab_and_to_the_list_as_it_was(desk, officer, application) -> None:
    client, kept = desk(officer), "tab=papers&_changelist_filters=state%3Dscreening"
    done = client.post(f"{act(application, 'confirm-met')}?{kept}")
    assert done.url == f"{page_of(application)}?{kept}"
    assert "/applications/application/?state=screening" in text(client.get(done.url))


def test_the_head_names_people_of_the_firm_and_its_other_applications(
    desk, program, officer, application
) -> None:
    person = MemberFactory(company=application.company, role="owner").user
    person.phone = "010-2345-6789"
    person.save()
    other = staff.filed(program, company=application.company)
    foreign = staff.filed(staff.program(), company=application.company)
    body = text(desk(officer).get(page_of(application)))
    assert f'href="mailto:{person.email}"' in body
    assert 'href="tel:010-2345-6789"' in body
    assert other.number in body
    assert foreign.number not in body


# --- What is not yours ---------------------------------------------------------------------------


def objects(program, officer, judges) -> list[object]:
    screened = staff.filed(program)
    checks.take_up(screened, by=officer, now=NOW)
    claim = BonusClaim.objects.create(
        application=screened, code="covid", label="코로나19", claim="마스크", points=5
    )
    judged = staff.judged(program, judges=judges)
    made = staff.proposed(program, officer)
    return [screened, screened.checks.first(), claim, judged.sheets.first(), made.run, made]


def test_an_officer_of_another_programme_finds_nothing(desk, program, officer, judges) -> None:
    stranger = desk(staff.officer(staff.program()))
    for thing in objects(program, officer, judges):
        name = thing._meta.model_name
        urls = [page_of(thing), act(thing, "decide")]
        urls += [reverse(f"admin:applications_{name}_history", args=[thing.pk])]
        if name in ("scorerun", "selection"):
            urls.append(reverse(f"admin:applications_{name}_job", args=[thing.pk]))
        if name == "selection":
            urls.append(reverse("admin:applications_selection_export", args=[thing.pk]))
        for url in urls:
            for answer in (stranger.get(url), stranger.post(url)):
                assert answer.status_code in {302, 403, 404}, url
                assert str(thing) not in answer.content.decode()
        listed = stranger.get(reverse(f"admin:applications_{name}_changelist"))
        assert list(listed.context["cl"].result_list) == []
        assert stranger.get(page_of(thing)).status_code == 404


def test_an_auditor_reads_everything_and_changes_nothing(desk, program, officer, judges) -> None:
    client = desk(staff.auditor())
    made = objects(program, officer, judges)
    for thing in made:
        text(client.get(page_of(thing)))
    acts = {"application": ["qualify", "exclude"], "check": ["confirm", "overrule"]}
    acts |= {"bonusclaim": ["grant"], "scoresheet": ["unassign"], "scorerun": ["propose"]}
    acts |= {"selection": ["decide", "discard"]}
    for thing in made:
        for name in acts[thing._meta.model_name]:
            client.post(act(thing, name), {"note": "x", "reason": "x"})
    assert Application.objects.get(pk=made[0].pk).state == "screening"
    assert Selection.objects.get().state == "proposed"
    assert not Check.objects.exclude(decision="pending").exists()
    assert client.get(reverse("admin:applications_scorerun_start")).status_code == 404


# --- Sheets --------------------------------------------------------------------------------------


@pytest.fixture
def sheets(program, officer, judges) -> list[ScoreSheet]:
    row = staff.judged(program, judges=[])
    return sheets_services.assign_all(row, assessors=judges, by=officer, now=NOW)


@pytest.mark.parametrize("place", [0, 1])
def test_the_staff_site_is_no_place_for_an_assessor(desk, sheets, judges, place) -> None:
    client = desk(judges[0])
    for url in (
        reverse("admin:applications_scoresheet_changelist"),
        page_of(sheets[place]),
        page_of(sheets[place].application),
        act(sheets[place], "unassign"),
    ):
        for answer in (client.get(url), client.post(url, {"note": "x"})):
            assert answer.status_code in {302, 404}
            assert answer.status_code == 404 or answer["Location"].startswith("/admin/login/")
    assert ScoreSheet.objects.count() == len(sheets)


def test_an_officer_takes_an_unfinished_sheet_back(desk, officer, sheets) -> None:
    client = desk(officer)
    assert "배정 취소" in text(client.get(page_of(sheets[0])))
    client.post(act(sheets[0], "unassign"), {"note": "일정"})
    assert ScoreSheet.objects.count() == 2


# --- Runs and selections -------------------------------------------------------------------------


def test_from_the_start_of_scoring_to_the_release_by_the_buttons(
    desk, program, officer, boss, judges
) -> None:
    for marks in ((28, 36, 28), (24, 32, 24), (10, 20, 10)):
        staff.judged(program, marks, judges=judges, support=400_000_000)
    staffed, managing = desk(officer), desk(boss)
    started = staffed.post(
        reverse("admin:applications_scorerun_start"), {"sub_program": program.pk}, follow=True
    )
    run = ScoreRun.objects.get()
    assert started.redirect_chain[-1][0] == page_of(run)
    assert "data-job-url" in text(started)
    job = reverse("admin:applications_scorerun_job", args=[run.pk])
    assert json.loads(staffed.get(job).content)["state"] == "queued"
    queue.run(run.job_id)
    staffed.post(act(run, "propose"), {"places": "", "reserve_places": ""})
    made = Selection.objects.get()
    queue.run(made.job_id)
    body = text(staffed.get(page_of(made)))
    assert "선정선" in body
    assert act(made, "decide") not in body  # an officer proposes, a manager decides
    staffed.post(act(made, "confirm"))
    managing.post(act(made, "decide"))
    managing.post(act(made, "release"))
    made.refresh_from_db()
    queue.run(made.job_id)
    made.refresh_from_db()
    assert made.state == "released"
    assert Notice.objects.filter(key__startswith="result:").count() == 3


def test_a_long_list_is_decided_by_a_job(desk, program, officer, boss, judges, monkeypatch) -> None:
    monkeypatch.setattr("applications.admin.selection.proposals.AT_ONCE", 1)
    for _ in range(2):
        staff.judged(program, judges=judges)
    made, client = staff.confirmed(staff.proposed(program, officer)), desk(boss)
    for name, state in (("decide", "decided"), ("undecide", "proposed")):
        asked = client.post(act(made, name), {"note": "오류"}, follow=True)
        assert "data-job-url" in text(asked)
        made.refresh_from_db()
        queue.run(made.job_id)
        made.refresh_from_db()
        assert made.state == state


def test_the_line_is_drawn_where_and_why_it_stops(desk, program, officer, judges) -> None:
    for marks in ((28, 36, 28), (26, 34, 26), (24, 32, 24)):
        staff.judged(program, marks, judges=judges, support=450_000_000)
    body = text(desk(officer).get(page_of(staff.proposed(program, officer))))
    line = body.index('class="cut-line"')
    assert body.index("2위로 예산과 선정 수 안에") < line < body.index("3위로 예비 1번")
    assert "남은 예산으로는 다음 순위를 선정할 수 없어" in body
    assert "900,000,000원" in body


def test_a_number_of_places_of_ones_own_is_warned_of_on_the_page(
    desk, program, officer, judges
) -> None:
    program.quota_count, program.quota_kind = 57, "about"
    program.save()
    staff.judged(program, judges=judges)
    body = text(desk(officer).get(page_of(staff.proposed(program, officer, places=60))))
    assert "공고의 모집 규모(57개 내외)와 다르게 60개로 정했습니다." in body


def test_what_cannot_be_scored_is_told_with_every_reason(desk, program, officer, judges) -> None:
    staff.judged(program, judges=judges[:1])
    answer = desk(officer).post(
        reverse("admin:applications_scorerun_start"), {"sub_program": program.pk}
    )
    assert "too_few_sheets" in codes(answer)
    other = staff.program()
    refused = desk(officer).post(
        reverse("admin:applications_scorerun_start"), {"sub_program": other.pk}
    )
    assert refused.status_code == 200
    assert not ScoreRun.objects.exists()


def test_pages_of_a_long_list_take_the_same_queries_and_sum_on(
    desk, program, officer, judges, monkeypatch
) -> None:
    monkeypatch.setattr("applications.admin.selection.ranked.PAGE", 3)
    for place in range(8):
        staff.judged(program, (20 + place, 32, 24), judges=judges, support=100_000_000)
    made = staff.proposed(program, officer)
    client = desk(officer)
    second = text(client.get(page_of(made), {"p": 2}))
    assert "400,000,000원" in second
    assert "4–6위 / 모두 8건" in second
    assert queries(client, f"{page_of(made)}?p=1") <= queries(client, f"{page_of(made)}?p=3")
    assert text(client.get(page_of(made), {"p": "없음"}))
    assert "7–8위" in text(client.get(page_of(made), {"p": 99}))


def test_a_parked_job_says_so(desk, program, officer, judges) -> None:
    staff.judged(program, judges=judges, support=None)
    made = proposals.start(staff.scored(program, officer), by=officer, now=NOW)
    for _ in range(queue.ATTEMPTS):
        type(made.job).objects.filter(pk=made.job_id).update(run_after=None)
        queue.run(made.job_id)
    body = text(desk(officer).get(page_of(made)))
    assert "작업이 멈추었습니다" in body
    assert "지원금이 정해지지 않은 신청이 1건" in body


def test_letters_are_shown_and_searched_before_the_release(
    desk, program, officer, boss, judges
) -> None:
    for marks in ((28, 36, 28), (24, 32, 24)):
        staff.judged(program, marks, judges=judges)
    made = staff.decided(staff.proposed(program, officer), by=boss)
    address = reverse("admin:applications_selection_letters", args=[made.pk])
    body = text(desk(officer).get(address))
    assert "일치" in body
    assert body.count("선정 결과가 발표되었습니다") == 2
    number = made.decisions.get(rank=2).application.number
    found = text(desk(boss).get(address, {"q": number}))
    assert found.count("선정 결과가 발표되었습니다") == 1
    assert desk(staff.officer(staff.program())).get(address).status_code == 404


def test_a_manager_lets_one_firm_in_late_by_the_page(desk, program, officer, boss) -> None:
    company = CompanyFactory()
    address = reverse("admin:applications_lategrant_grant")
    sent = {"sub_program": program.pk, "number": company.business_number, "site": ""}
    until = now() + timedelta(days=program.round.extension_days - 1)
    sent |= {"until": f"{until:%Y-%m-%dT%H:%M:%S}", "reason": "장애"}
    assert desk(officer).post(address, sent).status_code == 404
    far = f"{until + timedelta(days=3):%Y-%m-%dT%H:%M:%S}"
    assert "기한 뒤 접수의 허용 기한" in text(desk(boss).post(address, {**sent, "until": far}))
    assert not LateGrant.objects.exists()
    desk(boss).post(address, sent)
    assert LateGrant.objects.get().company == company


def test_changes_and_objections_are_signed_at_the_desk(
    desk, program, officer, boss, judges
) -> None:
    for marks in ((28, 36, 28), (24, 32, 24)):
        staff.judged(program, marks, judges=judges)
    made = staff.decided(staff.proposed(program, officer), by=boss)
    proposals.release(made, by=boss, now=NOW)
    last = made.decisions.get(rank=2).application
    words = {"number": last.number, "kind": "reversal", "outcome": "rejected", "reason": "오류"}
    desk(officer).post(act(made, "change"), words)
    change = DecisionChange.objects.get()
    other = staff.manager()
    for client, name in ((desk(boss), "approve"), (desk(boss), "second"), (desk(boss), "approve")):
        client.post(act(change, name))
    change.refresh_from_db()
    assert change.state == "seconded"
    desk(other).post(act(change, "approve"))
    assert award_of(last).outcome == "rejected"
    assert "결정 번복" in text(desk(officer).get(page_of(change)))
    case = objection.file(last, text="이의", by=last.created_by, now=NOW)
    third = staff.manager()
    assert "다시 인정할 가점" not in text(desk(third).get(act(case, "uphold")))
    for client in (desk(boss), desk(other), desk(officer)):
        client.post(act(case, "dismiss"), {"note": "유지"})
    assert Objection.objects.get().state == "filed"
    desk(third).post(act(case, "dismiss"), {"note": "유지"})
    assert Objection.objects.get().state == "dismissed"


def test_objections_stand_by_their_due_date_with_the_days_left(
    desk, program, officer, boss, judges, monkeypatch
) -> None:
    for marks in ((28, 36, 28), (26, 34, 26), (24, 32, 24)):
        staff.judged(program, marks, judges=judges)
    made = staff.released(program, by=boss)
    later, sooner, done = (row.application for row in made.decisions.order_by("rank"))
    for application, days in ((sooner, 0), (done, 1), (later, 2)):
        at = NOW + timedelta(days=days)
        objection.file(application, text="이의", by=application.created_by, now=at)
    objection.dismiss(done.objection, note="유지", by=staff.manager(), now=NOW)
    first = sooner.objection.answer_due_at
    monkeypatch.setattr("applications.admin.objection.now", lambda: first - timedelta(days=3))
    page = text(desk(officer).get(reverse("admin:applications_objection_changelist")))
    places = [page.index(row.number) for row in (sooner, later, done)]
    assert places == sorted(places)
    assert "3일 남음" in page
    monkeypatch.setattr("applications.admin.objection.now", lambda: first)
    page = text(desk(officer).get(reverse("admin:applications_objection_changelist")))
    assert "1일 지남" in page


@pytest.mark.parametrize("role", ["officer", "boss"])
def test_a_locked_sheet_takes_no_post_of_staff(desk, program, judges, request, role) -> None:
    client = desk(request.getfixturevalue(role))
    sheet = ScoreSheet.objects.get(application=staff.judged(program, judges=judges[:1]))
    kept = ScoreSheet.objects.filter(pk=sheet.pk).values().get()
    sent = {"marks": '{"plan": 1}', "comment": "고침", "locked_at_0": "", "_save": "저장"}
    for address in (
        page_of(sheet),
        act(sheet, "unassign"),
        reverse("admin:applications_scoresheet_delete", args=[sheet.pk]),
        f"/assessor/sheets/{sheet.pk}/",
        f"/assessor/sheets/{sheet.pk}/autosave/",
    ):
        answer = client.post(address, {**sent, "note": "x"})
        assert answer.status_code in {302, 403, 404, 405}, address
        assert ScoreSheet.objects.filter(pk=sheet.pk).values().get() == kept, address
    chosen = {"action": "delete_selected", "_selected_action": [sheet.pk], "post": "yes"}
    client.post(reverse("admin:applications_scoresheet_changelist"), chosen)
    assert ScoreSheet.objects.filter(pk=sheet.pk).values().get() == kept


# --- Aid that the firm already has ----------------------------------------------------------------


def test_aid_of_all_programmes_stands_on_the_desks_and_a_manager_lifts_a_limit(
    desk, program, officer, boss, judges
) -> None:
    first = staff.judged(program, judges=judges, support=60_000_000)
    staff.released(program, by=boss)
    other = staff.program()
    second = staff.judged(other, judges=judges, support=50_000_000)
    Application.objects.filter(pk=second.pk).update(company=first.company_id)
    limit = {"code": "once", "label": "한 해 지원 건수", "counts": "awards", "scope": "all"}
    type(program.round).objects.update(limits=[{**limit, "most": 1, "exception": True}])

    made = staff.proposed(other, boss)
    ranked = text(desk(boss).get(page_of(made)))
    assert "다른 신청으로 받은 지원" in ranked
    assert "60,000,000원" in ranked
    assert "한 해 지원 건수: 이미 1건이 있어 한도 1건을 넘습니다." in ranked

    assert act(second, "allow-aid") not in text(
        desk(staff.officer(other)).get(page_of(second, "money"))
    )
    page = text(desk(boss).get(page_of(second, "money")))
    assert first.number in page
    assert 'data-code="aid_limit:once"' in page
    assert '1건 <span class="quiet">/ 한도 1건</span>' in page
    assert act(second, "allow-aid") in page
    answer = desk(boss).post(
        act(second, "allow-aid"), {"limit": "once", "reason": "다른 공장"}, follow=True
    )
    assert "지원 한도의 예외를 인정했습니다." in messages_of(answer)[0]
    page = text(desk(boss).get(page_of(second, "money")))
    assert 'data-code="aid_limit:once"' not in page
    assert "한 해 지원 건수: 다른 공장" in page


def test_the_page_of_one_application_reads_the_ledger_of_its_firm_once(
    desk, program, boss, judges
) -> None:
    first = staff.judged(program, judges=judges, support=60_000_000)
    staff.released(program, by=boss)
    second = staff.judged(staff.program(), judges=judges, support=50_000_000)
    Application.objects.filter(pk=second.pk).update(company=first.company_id)
    limit = {"code": "once", "label": "한 해 지원 건수", "counts": "awards", "scope": "all"}
    type(program.round).objects.update(limits=[{**limit, "most": 1, "exception": True}])
    client = desk(boss)
    client.get(page_of(second, "money"))  # the first request of a session writes that it was seen
    with CaptureQueriesContext(connection) as seen:
        page = text(client.get(page_of(second, "money")))
    assert act(second, "allow-aid") in page
    assert f'"{page_of(first)}"' in page
    assert len([row for row in seen if "programs_ledgerentry" in row["sql"]]) == 1
    another = staff.program()
    more = staff.judged(another, judges=judges, support=10_000_000)
    staff.released(another, by=boss)
    Application.objects.filter(pk=more.pk).update(company=first.company_id)
    client.get(
        page_of(second, "money")
    )  # the process reads the catalogue, which has one programme more
    with CaptureQueriesContext(connection) as again:
        assert more.number in text(client.get(page_of(second, "money")))
    assert len(again) == len(seen)


def test_applications_of_other_officers_are_named_without_a_link(
    desk, program, boss, judges
) -> None:
    first = staff.judged(program, judges=judges, support=60_000_000)
    staff.released(program, by=boss)
    other = staff.program()
    second = staff.judged(other, judges=judges, support=50_000_000)
    Application.objects.filter(pk=second.pk).update(company=first.company_id)
    page = text(desk(staff.officer(other)).get(page_of(second, "money")))
    assert first.number in page
    assert page_of(first) not in page


def test_who_decides_an_objection_reads_it_first(desk, program, boss, judges) -> None:
    row = staff.judged(program, judges=judges)
    staff.released(program, by=boss)
    row.refresh_from_db()
    case = objection.file(row, text="실적이 빠졌습니다.", by=row.created_by, now=NOW)
    for name in ("uphold", "dismiss"):
        page = text(desk(staff.manager()).get(act(case, name)))
        assert "이의 내용: 실적이 빠졌습니다." in page
        assert row.decisions.get().reason in page


# --- The way on -----------------------------------------------------------------------------------


def test_an_application_leads_to_what_was_decided_and_to_what_follows(
    desk, program, officer, boss, judges
) -> None:
    row = staff.judged(program, judges=judges)
    assert "결정과 그 뒤" not in text(desk(officer).get(page_of(row)))
    made = staff.released(program, by=boss)
    row.refresh_from_db()
    page = text(desk(officer).get(page_of(row)))
    assert "결정과 그 뒤" in page
    assert row.decisions.get().reason in page
    assert page_of(made) in page


def test_an_application_leads_to_its_agreement(desk, boss) -> None:
    programs.load()
    agreement = under_way("meister")
    assert page_of(agreement) in text(desk(boss).get(page_of(agreement.application)))


def test_people_are_named_without_a_link_to_accounts_that_the_reader_may_not_open(
    desk, program, boss
) -> None:
    company = CompanyFactory()
    grant = LateGrant.objects.create(
        sub_program=program, company=company, reason="통신 장애", until=NOW + timedelta(days=1),
        granted_by=boss, granted_at=NOW,
    )  # fmt: skip
    account = reverse("admin:portal_user_change", args=[boss.pk])
    page = text(desk(staff.officer(program)).get(page_of(grant)))
    assert str(boss) in page
    assert account not in page
    assert account in text(desk(staff.auditor()).get(page_of(grant)))


def test_no_page_leads_to_a_history_that_holds_nothing(desk, program, boss) -> None:
    grant = LateGrant.objects.create(
        sub_program=program, company=CompanyFactory(), reason="통신 장애",
        until=NOW + timedelta(days=1), granted_by=boss, granted_at=NOW,
    )  # fmt: skip
    assert "/history/" not in text(desk(boss).get(page_of(grant)))


def test_an_expert_is_described_in_the_words_of_the_catalogue(desk, boss) -> None:
    programs.load()
    row = expert()
    listed = text(desk(boss).get(reverse("admin:applications_expert_changelist")))
    page = text(desk(boss).get(page_of(row)))
    for words in ("스마트 마이스터", "대기업 제조현장 근무"):
        assert words in listed
        assert words in page
    assert "large_plant" not in listed + page
    assert "품질" in page
    assert "경기" in page
    none = desk(boss).get(f"{reverse('admin:applications_expert_changelist')}?pool=consultant")
    assert list(none.context["cl"].result_list) == []
