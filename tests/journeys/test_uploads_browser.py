"""In Chromium: files go up when they are chosen; what does not arrive stays chosen."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Route, expect

from applications.models import Application, BoxPaper
from applications.services.intake import drafting
from portal.core.clock import now
from tests.factories import programs
from tests.factories.applications import (
    CompanyFactory,
    MemberFactory,
    SiteFactory,
    SupplementFactory,
    member_of,
)
from tests.portal import corpus
from tests.portal.browsing import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LINK = "a[href^='/attachments/']"


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Wait longer than Playwright does: each upload is judged by a process of its own."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=5_000)


def pdf(name: str) -> dict:
    data = corpus.pdf(b"<< /Mark (%s) >>" % name.encode().hex().encode())
    return {"name": name, "mimeType": "application/pdf", "buffer": data}


@pytest.fixture
def draft() -> Application:
    programs.load_open(now())
    company = CompanyFactory()
    site, owner = SiteFactory(company=company), member_of(company)
    return drafting.start(programs.program("robot"), site=site, by=owner, now=now())


@pytest.fixture
def step(live_server, context: BrowserContext, draft: Application) -> Page:
    page = signed_in(context, live_server.url, draft.created_by)
    page.goto(f"{live_server.url}/applications/{draft.pk}/edit/documents/")
    return page


def sound(page: Page) -> None:
    assert [row["id"] for row in Axe().run(page).response["violations"]] == []


def test_chosen_files_go_up_one_by_one_and_the_page_follows(step: Page, draft) -> None:
    sent: list[str] = []
    step.on("request", lambda one: sent.append(one.method) if one.method == "POST" else None)
    count = step.locator("[data-part=count]")
    before = count.inner_text() if count.count() else ""
    panel = step.locator("#document-quote")
    assert not panel.get_by_role("button", name="올리기").is_visible()
    panel.locator("input[type=file]").set_input_files([pdf("견적1.pdf"), pdf("견적2.pdf")])
    expect(panel.locator(LINK)).to_have_count(2)
    assert sent == ["POST", "POST"]
    assert draft.attachments.count() == 2
    if before:
        expect(count).not_to_have_text(before)
    expect(panel.locator("input[type=file]")).to_be_focused()
    sound(step)
    step.get_by_role("link", name="다음 단계로").click()
    step.wait_for_url("**/edit/declarations/")


def test_a_refused_file_is_named_and_the_others_stay(step: Page) -> None:
    panel = step.locator("#document-quote")
    bad = {"name": "가짜.pdf", "mimeType": "application/pdf", "buffer": b"not a pdf"}
    panel.locator("input[type=file]").set_input_files([bad, pdf("견적.pdf")])
    expect(panel.locator(LINK)).to_have_count(1)
    expect(panel).to_contain_text("가짜.pdf")
    sound(step)


def test_what_does_not_arrive_stays_chosen_and_is_sent_again(step: Page, draft) -> None:
    step.route("**/edit/documents/", lambda route: _fail(route))
    panel = step.locator("#document-quote")
    panel.locator("input[type=file]").set_input_files(pdf("견적.pdf"))
    expect(panel).to_contain_text("올리지 못했습니다")
    assert panel.locator("input[type=file]").evaluate("one => one.files.length") == 1
    step.get_by_role("link", name="다음 단계로").click()
    expect(panel).to_contain_text("아직 올리지 않았습니다")
    assert step.url.endswith("/documents/")
    step.unroute("**/edit/documents/")
    panel.locator("input[type=file]").set_input_files(pdf("견적.pdf"))
    expect(panel.locator(LINK)).to_have_count(1)
    assert draft.attachments.count() == 1


def _fail(route: Route) -> None:
    if route.request.method == "POST":
        route.abort()
    else:
        route.continue_()


def test_an_upload_can_be_stopped(step: Page, draft) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            held.append(route)
        else:
            route.continue_()

    step.route("**/edit/documents/", hold)
    panel = step.locator("#document-quote")
    panel.locator("input[type=file]").set_input_files(pdf("견적.pdf"))
    expect(panel.get_by_role("progressbar")).to_be_visible()
    sound(step)
    panel.get_by_role("button", name="취소").click()
    expect(panel.get_by_role("progressbar")).to_have_count(0)
    assert panel.locator("input[type=file]").evaluate("one => one.files.length") == 0
    assert not draft.attachments.exists()


def test_text_beside_an_upload_is_neither_sent_nor_lost(
    live_server, context: BrowserContext
) -> None:
    asked = SupplementFactory(due_at=now() + timedelta(days=1), requirements=["quote"])
    page = signed_in(context, live_server.url, asked.application.created_by)
    page.goto(f"{live_server.url}/applications/{asked.application_id}/supplement/")
    page.get_by_label("답변 내용").fill("견적을 다시 받았습니다.")
    page.locator("#document-quote input[type=file]").set_input_files(pdf("견적.pdf"))
    expect(page.locator("#document-quote").locator(LINK)).to_have_count(1)
    expect(page.get_by_label("답변 내용")).to_have_value("견적을 다시 받았습니다.")
    page.get_by_role("button", name="보완 자료 제출하기").click()
    expect(page.locator("main")).to_contain_text("보완 자료를 제출했습니다")
    asked.refresh_from_db()
    assert (asked.answer, asked.attachments.count()) == ("견적을 다시 받았습니다.", 1)


def test_the_box_waits_for_the_day_and_a_refused_form_keeps_its_file(
    live_server, context: BrowserContext
) -> None:
    owner = MemberFactory()
    page = signed_in(context, live_server.url, owner.user)
    page.goto(f"{live_server.url}/companies/{owner.company.pk}/papers/")
    panel = page.locator("#paper-national_tax_clearance")
    panel.locator("summary").click()
    panel.locator("[name=upload]").set_input_files(pdf("국세.pdf"))
    expect(panel.locator("[name=issued_on]")).to_be_focused()
    panel.locator("[name=issued_on]").fill(now().date().isoformat())
    panel.get_by_role("button", name="서류함에 넣기").click()
    expect(page.locator("#paper-national_tax_clearance")).to_contain_text("쓸 수 있음")
    panel = page.locator("#paper-business_registration")
    panel.locator("summary").click()
    panel.locator("[name=issued_on]").fill("2015-01-03")
    panel.locator("[name=upload]").set_input_files(pdf("등록증.pdf"))
    expect(panel).to_contain_text("쓸 수 있음")
    assert BoxPaper.objects.filter(company=owner.company).count() == 2
    sound(page)
    page.goto(f"{live_server.url}/companies/claims/")
    page.locator("[name=upload]").set_input_files(pdf("증명.pdf"))
    page.locator("[name=text]").fill("저희 번호입니다.")
    page.get_by_role("button", name="이의 신청하기").click()
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("[name=text]")).to_have_value("저희 번호입니다.")
    expect(page.locator(".field__files")).to_contain_text(re.compile("증명.pdf"))
    assert page.locator("[name=upload]").evaluate("one => one.files.length") == 1
