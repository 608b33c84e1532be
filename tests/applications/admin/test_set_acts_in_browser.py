"""An officer qualifies two thousand applications at once and reads the file of results."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from applications.models import Application, ApplicationMove, Check, Member, SetAct
from applications.states import MemberRole
from portal.jobs import queue
from tests.factories import staff
from tests.factories.applications import NOW, SupplementFactory
from tests.factories.many import clean
from tests.portal.browsing import check, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
COUNT = 2_000


def test_an_officer_qualifies_two_thousand_and_reads_what_became_of_each(
    context: BrowserContext, live_server
) -> None:
    program = staff.program()
    officer = staff.officer(program)
    rows = clean(program, COUNT, by=officer)
    unsure, asked, own = rows[:3]
    Check.objects.filter(application=unsure, code="small").update(decision="pending")
    SupplementFactory(application=asked)
    Member.objects.create(company=own.company, user=officer, role=MemberRole.VIEWER, since=NOW)

    page = signed_in(context, live_server.url, officer, second_factor=True)
    base = f"{live_server.url}/admin/applications"
    page.goto(f"{base}/application/?state=screening")
    page.click("text=함께 처리")
    choose = page.url
    expect(page.locator("tbody")).to_contain_text("2,000건")
    page.click("text=요건 충족(평가로)")
    confirm = page.url
    page.fill("[name=reason]", "모든 요건을 확인했습니다")
    page.click("text=2,000건 처리 시작")
    expect(page.locator("[data-job-url]")).to_be_visible()
    made = SetAct.objects.get()
    assert queue.run(made.job.pk) == "done"
    facts = page.locator(".desk-facts")
    expect(facts).to_contain_text("1,997건")  # by the script, which asks how the job is doing
    expect(facts).to_contain_text("끝")
    with page.expect_download() as download:
        page.click("text=결과 CSV 내려받기")
    path = Path(str(download.value.path()))
    header, *lines = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert header[3:5] == ["결과", "건너뛴 까닭"]
    assert lines.pop() == ["합계", "2,000건".replace(",", "")]
    skipped = {row[0]: row[4] for row in lines if row[3] == "건너뜀"}
    assert set(skipped) == {unsure.number, asked.number, own.number}
    assert skipped[unsure.number] == "확인 전인 요건: 소기업만 신청할 수 있습니다."
    assert skipped[asked.number] == "답을 기다리는 보완 요청이 있습니다."
    assert "이해관계가 있는" in skipped[own.number]
    assert Application.objects.filter(state="assessing").count() == COUNT - 3
    assert ApplicationMove.objects.filter(move="qualify", by=officer).count() == COUNT - 3

    for url in (
        choose,
        confirm,
        f"{base}/setact/",
        f"{base}/setact/{made.pk}/change/?show=skipped",
    ):
        check(page, url)
