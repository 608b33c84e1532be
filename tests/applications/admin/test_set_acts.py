"""Acting on all that a list selects: choose, confirm the count, follow, read the results."""

import csv
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Application, SetAct, Supplement
from applications.services.agreement import contracts, instalments
from applications.services.screening import checks
from applications.services.set_acts import running
from portal.jobs import queue
from tests.factories import staff
from tests.factories.agreements import World
from tests.factories.applications import NOW, CompanyFactory

pytestmark = pytest.mark.django_db
START = reverse("admin:applications_setact_start")
LIST = reverse("admin:applications_application_changelist")
FACTS = {"company_size": "small", "tax_debt": False, "built_on": "2020-02-10", "visited": True}


def start(client: Client, act: str, query: str = "", name: str = "applications") -> str:
    return f"{START}?_list={name}&_act={act}{query}"


def shown_on(page: Any) -> dict[str, Any]:
    """Return the hidden fields of a page of confirmation."""
    confirmed = page.context["confirmed"]
    return {
        "seen": page.context["seen"],
        "confirmed": confirmed.count,
        "chosen": confirmed.digest,
    }


def send(client: Client, address: str, **sent: Any) -> Any:
    """Press the button of the page as it was shown."""
    page = client.get(address)
    return client.post(address, {**shown_on(page), "reason": "한꺼번에", **sent}, follow=True)


def works(made: SetAct) -> SetAct:
    assert queue.run(made.job.pk) == "done"
    made.refresh_from_db()
    return made


def page_of(made: SetAct) -> str:
    return reverse("admin:applications_setact_change", args=[made.pk])


def lines(client: Client, made: SetAct, show: str = "") -> list[list[str]]:
    answer = client.get(
        reverse("admin:applications_setact_results", args=[made.pk]), {"show": show}
    )
    return list(csv.reader(answer.getvalue().decode("utf-8-sig").splitlines()))


def test_the_list_leads_with_its_filter_to_the_choice_of_an_act(desk, program, officer) -> None:
    staff.filed(program)
    client = desk(officer)
    page = client.get(LIST, {"state": "submitted"}).content.decode()
    link = unescape(page.split("함께 처리</a>")[0].rsplit('href="', 1)[1].split('"')[0])
    assert parse_qs(urlsplit(link).query) == {"state": ["submitted"], "_list": ["applications"]}
    shown = client.get(link)
    rows = {row["label"]: row["estimate"] for row in shown.context["rows"]}
    assert (rows["요건검토 시작"].count, rows["요건검토 시작"].fitting) == (1, 1)
    assert rows["요건 충족(평가로)"].fitting == 0
    assert shown.context["selection"] == ["상태: 접수"]


def test_everything_that_a_filter_selects_is_acted_on_and_nothing_else(
    desk, program, officer, monkeypatch
) -> None:
    monkeypatch.setattr("portal.staff.lists.ReadOnlyAdmin.list_per_page", 2)
    chosen = [staff.filed(program, region="jeju") for _ in range(5)]
    other, foreign = staff.filed(program), staff.filed(staff.program(), region="jeju")
    client = desk(officer)
    address = start(client, "take_up", "&region=jeju")
    page = client.get(address).content.decode()
    assert "5건 처리 시작" in page
    answer = send(client, address)
    made = works(SetAct.objects.get())
    assert answer.redirect_chain[-1][0] == page_of(made)
    assert (made.count, made.done, made.skipped) == (5, 5, 0)
    assert made.selection["query"] == "region=jeju"
    assert made.selection["words"] == ["지역: 제주"]
    states = dict(Application.objects.values_list("pk", "state"))
    assert {states[row.pk] for row in chosen} == {"screening"}
    assert (states[other.pk], states[foreign.pk]) == ("submitted", "submitted")


def test_a_search_is_acted_on_whole(desk, program, officer) -> None:
    row = staff.filed(program)
    staff.filed(program)
    client = desk(officer)
    send(client, start(client, "take_up", f"&q={row.number}"))
    made = SetAct.objects.get()
    assert (made.count, made.selection["words"]) == (1, [f"검색어: {row.number}"])


def test_ticked_rows_are_acted_on_alone(desk, program, officer) -> None:
    rows = [staff.filed(program) for _ in range(3)]
    client = desk(officer)
    picked = {"action": "act_together", "_selected_action": [row.pk for row in rows[:2]]}
    answer = client.post(f"{LIST}?state=submitted", picked)
    assert answer.status_code == 302
    send(client, f"{answer.url}&_act=take_up")
    made = works(SetAct.objects.get())
    assert sorted(made.results.values_list("application", flat=True)) == [
        row.pk for row in rows[:2]
    ]
    assert made.selection["words"][-1] == "고른 줄: 2건"


def test_a_list_that_grew_since_the_page_was_shown_is_confirmed_anew(
    desk, program, officer
) -> None:
    staff.filed(program)
    client = desk(officer)
    address = start(client, "take_up")
    shown = client.get(address)
    staff.filed(program)
    sent = {**shown_on(shown), "reason": "함께 시작"}
    answer = client.post(address, sent)
    page = answer.content.decode()
    assert "확인하신 1건이 지금은 2건입니다." in page
    assert "2건 처리 시작" in page
    assert "함께 시작</textarea>" in page
    assert not SetAct.objects.exists()
    again = {**sent, **shown_on(answer)}
    assert 'name="confirmed" value="2"' in page
    assert client.post(address, again).status_code == 302


def test_other_applications_of_the_same_number_are_confirmed_anew(desk, program, officer) -> None:
    gone = staff.filed(program)
    client = desk(officer)
    address = start(client, "take_up", "&state=submitted")
    sent = {**shown_on(client.get(address)), "reason": "함께"}
    checks.take_up(gone, by=officer, now=NOW)
    staff.filed(program)
    answer = client.post(address, sent)
    assert "확인 화면을 연 뒤에 고른 신청이나 그 내용" in answer.content.decode()
    assert not SetAct.objects.exists()
    assert client.post(address, {**sent, **shown_on(answer)}).status_code == 302


def test_a_text_written_while_the_page_stood_open_is_not_signed(desk) -> None:
    world = World()
    world.papers()
    world.sign()
    client = desk(world.manager)
    address = start(client, "conclude", name="agreements")
    sent = {**shown_on(client.get(address)), "name": world.manager.name, "agreed": "on"}
    contracts.reissue(world.fresh(), reason="금액을 고침", by=world.officer, now=NOW)
    world.sign()
    answer = client.post(address, {**sent, "reason": "함께"})
    assert "확인 화면을 연 뒤에 고른 신청이나 그 내용" in answer.content.decode()
    assert not SetAct.objects.exists()


def test_the_page_of_payments_shows_what_is_paid_and_takes_nothing_requested_later(desk) -> None:
    first, later = World().conclude(), World().conclude()
    instalments.request(first.part(1), by=first.officer, now=NOW)
    client = desk(first.manager)
    address = start(client, "pay", name="agreements")
    shown = client.get(address)
    page = shown.content.decode()
    assert "이담당" in page
    assert page.count(f"{first.part(1).amount_won:,}원") == 2  # the row and the sum
    instalments.request(later.part(1), by=later.officer, now=NOW)
    answer = client.post(address, {**shown_on(shown), "reason": "함께"})
    assert "지급 요청)이 바뀌었습니다" in answer.content.decode()
    assert not SetAct.objects.exists()
    assert f"{first.part(1).amount_won + later.part(1).amount_won:,}원" in answer.content.decode()
    assert client.post(address, {**shown_on(answer), "reason": "함께"}).status_code == 302
    assert works(SetAct.objects.get()).done == 2


def test_what_the_reader_requested_stays_out_of_the_sum(desk) -> None:
    world = World().conclude()
    both = world.officer
    both.groups.add(*world.manager.groups.all())
    instalments.request(world.part(1), by=both, now=NOW)
    page = desk(both).get(start(desk(both), "pay", name="agreements"))
    assert (page.context["money"].own, page.context["money"].won) == (1, 0)
    assert "직접 요청한 1건은 승인할 수 없어" in page.content.decode()


def test_two_clicks_start_one_act(desk, program, officer) -> None:
    staff.filed(program)
    client = desk(officer)
    address = start(client, "take_up")
    shown = client.get(address)
    sent = {**shown_on(shown), "reason": "함께"}
    first, second = client.post(address, sent), client.post(address, sent)
    assert first.url == second.url == page_of(SetAct.objects.get())


def test_without_a_reason_nothing_starts(desk, program, officer) -> None:
    staff.filed(program)
    client = desk(officer)
    assert "필수" in send(client, start(client, "take_up"), reason="").content.decode()
    assert not SetAct.objects.exists()


def test_the_page_and_the_file_say_what_became_of_each(desk, program, officer) -> None:
    good, begun = staff.filed(program), staff.filed(program)
    good.company.name = "=가온"
    good.company.save()
    checks.take_up(begun, by=officer, now=NOW)
    client = desk(officer)
    send(client, start(client, "take_up"))
    made = works(SetAct.objects.get())
    page = client.get(page_of(made)).content.decode()
    assert "‘요건검토’ 상태여서" in page
    assert client.get(page_of(made), {"show": "done"}).content.decode().count("‘요건검토’") == 1
    whole = lines(client, made)
    assert whole[0][:5] == ["접수번호", "기업명", "내역사업", "결과", "건너뛴 까닭"]
    assert [row[3] for row in whole[1:-1]] == ["처리", "건너뜀"]
    assert whole[1][1] == "'=가온"
    assert whole[-1] == ["합계", "2건"]
    assert [row[0] for row in lines(client, made, "skipped")[1:]] == [begun.number, "합계"]


def test_an_act_is_taken_back_from_its_page(desk, program, officer) -> None:
    row = staff.filed(program)
    client = desk(officer)
    send(client, start(client, "take_up"))
    made = works(SetAct.objects.get())
    address = reverse("admin:applications_setact_act", args=[made.pk, "undo"])
    token = client.get(address).context["seen"]
    client.post(address, {"seen": token, "reason": "잘못 골랐습니다"})
    back = works(SetAct.objects.get(undoes=made))
    assert (back.done, str(back)) == (1, f"요건검토 시작 되돌리기 #{back.pk}")
    assert Application.objects.get(pk=row.pk).state == "submitted"
    assert lines(client, made)[1][6] == "되돌림"
    page = client.get(page_of(made)).content.decode()
    assert "처리 되돌리기</a>" not in page
    assert str(back) in page


def test_a_running_act_is_cancelled_from_its_page(desk, program, officer) -> None:
    staff.filed(program)
    client = desk(officer)
    send(client, start(client, "take_up"))
    made = SetAct.objects.get()
    address = reverse("admin:applications_setact_act", args=[made.pk, "cancel"])
    client.post(address, {"seen": client.get(address).context["seen"]})
    made.refresh_from_db()
    assert (made.state, made.ended_by, made.job.state) == ("cancelled", officer, "cancelled")
    assert Application.objects.get().state == "submitted"


def test_a_supplement_is_asked_with_the_documents_that_all_forms_share(
    desk, program, officer
) -> None:
    row = staff.filed(program)
    checks.take_up(row, by=officer, now=NOW)
    client = desk(officer)
    address = start(client, "ask")
    page = client.get(address)
    assert [code for code, _ in page.context["form"].fields["requirements"].choices] == [
        "quote",
        "license",
    ]
    send(client, address, message="다시 내 주세요.", requirements=["quote"], days="5")
    works(SetAct.objects.get())
    made = Supplement.objects.get()
    assert (made.message, made.requirements) == ("다시 내 주세요.", ["quote"])


def test_an_officer_reads_the_own_acts_alone_a_manager_all(desk, program, officer, boss) -> None:
    staff.filed(program)
    send(desk(officer), start(desk(officer), "take_up"))
    made = SetAct.objects.get()
    assert desk(staff.officer(program)).get(page_of(made)).status_code == 404
    assert desk(boss).get(page_of(made)).status_code == 200
    auditor = desk(staff.auditor())
    assert auditor.get(page_of(made)).status_code == 200
    assert auditor.get(start(auditor, "take_up")).status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 200), ("?_list=nowhere", 404), ("?_list=agreements&_act=qualify", 200)],
)
def test_a_strange_address_starts_nothing(desk, program, officer, query, status) -> None:
    answer = desk(officer).get(f"{START}{query}")
    assert answer.status_code == status
    assert b'<form class="act-form"' not in answer.content


def test_an_officer_is_offered_no_act_of_managers(desk, program, officer, boss) -> None:
    labels = {
        who: {row["label"] for row in desk(who).get(f"{START}?_list=agreements").context["rows"]}
        for who in (officer, boss)
    }
    assert labels[officer] == {"지급 요청"}
    assert labels[boss] == {"부처 서명(협약 체결)", "지급 승인", "협약 종료"}


def test_agreements_are_signed_from_their_list(desk) -> None:
    world = World()
    world.papers()
    world.sign()
    client = desk(world.manager)
    address = start(client, "conclude", name="agreements")
    wrong = send(client, address, name="다른이름", agreed="on")
    assert "계정의 이름과 똑같이 입력하세요." in wrong.content.decode()
    send(client, address, name=world.manager.name, agreed="on")
    made = works(SetAct.objects.get())
    assert (made.done, made.skipped) == (1, 0)
    assert world.fresh().state == "active"


def test_choosing_and_confirming_takes_as_many_statements_however_long_the_list_is(
    desk, program, officer
) -> None:
    client, counts = desk(officer), []
    client.get(START, {"_list": "applications"})  # what a process keeps is read once
    for size in (2, 10):
        for _ in range(size):
            staff.filed(program, company=CompanyFactory())
        with CaptureQueriesContext(connection) as caught:
            client.get(f"{START}?_list=applications")
            client.get(start(client, "ask"))
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_a_page_of_results_takes_as_many_statements_however_many_there_are(
    desk, program, officer, monkeypatch
) -> None:
    monkeypatch.setattr(running, "clock_now", lambda: NOW + timedelta(hours=1))
    client, counts = desk(officer), []
    for size in (1, 2, 10):  # the first reads what the process keeps
        for _ in range(size):
            staff.filed(program)
        send(client, start(client, "take_up", "&state=submitted"))
        made = works(SetAct.objects.latest("pk"))
        with CaptureQueriesContext(connection) as caught:
            client.get(page_of(made))
            lines(client, made)
        assert made.done == size
        counts.append(len(caught))
    assert counts[1] == counts[2]
