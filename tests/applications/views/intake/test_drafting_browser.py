"""The applicant's pages in Chromium: axe, narrow screens, saving while typing, and no scripts."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, expect

from applications.models import Application
from applications.services.intake import drafting
from applications.states import MemberRole
from portal.core.clock import now
from tests.factories import programs
from tests.factories.applications import (
    AttachmentFactory,
    CompanyFactory,
    PartnerFactory,
    SiteFactory,
    SupplementFactory,
    member_of,
)
from tests.portal import corpus
from tests.portal.browsing import check, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def draft() -> Application:
    """A draft of the robot scheme, with a partner and a file."""
    programs.load_open(now())
    company = CompanyFactory()
    made = drafting.start(
        programs.program("robot"),
        site=SiteFactory(company=company),
        by=member_of(company),
        now=now(),
    )
    PartnerFactory(application=made)
    AttachmentFactory(application=made, requirement="quote")
    return made


def test_axe_finds_nothing_on_the_way_to_filing(
    live_server, context: BrowserContext, draft: Application
):
    page = signed_in(context, live_server.url, draft.created_by)
    base = f"{live_server.url}/applications"
    check(page, f"{base}/")
    check(page, f"{base}/new/{draft.sub_program.round.code}/build/")
    for step in ("company", "plan", "cost", "partners", "documents", "declarations"):
        check(page, f"{base}/{draft.pk}/edit/{step}/")
    for name in ("", "review/", "withdraw/"):
        check(page, f"{base}/{draft.pk}/{name}")
    check(page, f"{live_server.url}/companies/{draft.company_id}/")
    check(page, f"{live_server.url}/companies/new/")
    check(page, f"{live_server.url}/receipts/?number=x&sha256=y")


def test_axe_finds_nothing_after_filing(live_server, context: BrowserContext):
    asked = SupplementFactory(requirements=["quote"], due_at=now() + timedelta(days=3))
    application = asked.application
    AttachmentFactory(application=application, supplement=asked, requirement="quote")
    page = signed_in(context, live_server.url, application.created_by)
    base = f"{live_server.url}/applications/{application.pk}"
    for name in ("", "review/", "supplement/", "withdraw/", "documents/receipt/"):
        check(page, f"{base}/{name}")


def test_axe_finds_nothing_on_a_page_of_mistakes(
    live_server, context: BrowserContext, draft: Application
):
    page = signed_in(context, live_server.url, draft.created_by)
    page.goto(f"{live_server.url}/applications/{draft.pk}/edit/cost/")
    page.fill("[name=q_robot]", "많이")
    page.get_by_role("button", name="저장만 하기").click()
    expect(page.locator('.error-summary [data-code="invalid:robot"]')).to_be_visible()
    assert [row["id"] for row in Axe().run(page).response["violations"]] == []
    page.locator(".error-summary a").click()
    assert page.evaluate("document.activeElement.name") == "q_robot"


def test_what_is_typed_is_saved_and_a_second_window_overwrites_nothing(
    live_server, context: BrowserContext, draft: Application
):
    page = signed_in(context, live_server.url, draft.created_by)
    url = f"{live_server.url}/applications/{draft.pk}/edit/plan/"
    page.goto(url)
    page.fill("[name=q_process]", "용접")
    expect(page.locator("[data-autosave-status]")).to_contain_text("저장됨")
    assert draft.sections.get(name="plan").data["process"] == "용접"
    editor = member_of(draft.company, MemberRole.EDITOR)
    drafting.save_section(
        draft, name="plan", data={"process": "도장"}, version=1, by=editor, now=now()
    )
    page.fill("[name=q_process]", "조립")
    marked = page.locator(".field:has([name=q_process]) .field__error")
    expect(marked).to_contain_text("먼저 바꾼 항목")
    expect(marked).to_contain_text("도장")
    assert draft.sections.get(name="plan").data["process"] == "도장"
    page.get_by_role("button", name="저장만 하기").click()
    expect(page.locator("main")).to_contain_text("서로 다른 항목")
    expect(page.locator("main")).to_contain_text("도장")
    expect(page.locator("[name=q_process]")).to_have_value("조립")
    assert [row["id"] for row in Axe().run(page).response["violations"]] == []


def test_the_sums_follow_what_is_saved_while_typing(
    live_server, context: BrowserContext, draft: Application
):
    page = signed_in(context, live_server.url, draft.created_by)
    page.goto(f"{live_server.url}/applications/{draft.pk}/edit/cost/")
    for item in draft.sub_program.cost_items:
        page.fill(f"[name=q_{item['code']}]", "3천만원")
    total = f"{30_000_000 * len(draft.sub_program.cost_items):,}원"
    expect(page.locator("[data-part=sum]")).to_contain_text(total)
    expect(page.locator("[data-part=aside]")).to_contain_text(total)
    assert [row["id"] for row in Axe().run(page).response["violations"]] == []


def test_without_scripts_a_track_shows_its_questions(
    live_server, browser: Browser, browser_context_args: dict, draft: Application
):
    made = drafting.start(
        programs.program("build"), site=draft.site, by=draft.created_by, now=now()
    )
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = signed_in(context, live_server.url, made.created_by)
    page.goto(f"{live_server.url}/applications/{made.pk}/edit/plan/")
    page.get_by_role("radio", name="일반형 디지털 클러스터").check()
    page.get_by_role("button", name="고른 유형의 질문 보기").click()
    page.get_by_label("1행 기업 이름").fill("한빛정밀")
    page.get_by_role("button", name="저장만 하기").click()
    assert made.sections.get(name="plan").data["cluster_members"] == [
        {"name": "한빛정밀", "role": None}
    ]
    context.close()


def test_without_scripts_a_file_goes_up_and_comes_out(
    live_server, browser: Browser, browser_context_args: dict, draft: Application
):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = signed_in(context, live_server.url, draft.created_by)
    page.goto(f"{live_server.url}/applications/{draft.pk}/edit/documents/")
    panel = page.locator("#document-business_registration")
    panel.locator("input[type=file]").set_input_files(
        {"name": "확약서.pdf", "mimeType": "application/pdf", "buffer": corpus.pdf()}
    )
    panel.get_by_role("button", name="올리기").click()
    panel = page.locator("#document-business_registration")
    expect(panel).to_contain_text("확약서.pdf")
    panel.get_by_role("button", name="지우기").click()
    expect(page.locator("#document-business_registration")).not_to_contain_text("확약서.pdf")
    context.close()


def test_what_is_refused_is_marked_and_leaving_warns_until_it_is_saved(
    live_server, context: BrowserContext, draft: Application
):
    page = signed_in(context, live_server.url, draft.created_by)
    page.goto(f"{live_server.url}/applications/{draft.pk}/edit/cost/")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    one, other = (
        page.locator(f"[name=q_{row['code']}]") for row in draft.sub_program.cost_items[:2]
    )
    status = page.locator("[data-autosave-status]")
    one.fill("2000")
    other.fill("많이")
    other.blur()
    expect(status).to_contain_text("1개 항목은 저장하지 못했습니다")
    expect(other).to_have_attribute("aria-invalid", "true")
    expect(one).not_to_have_attribute("aria-invalid", "true")
    expect(other).to_have_accessible_description(re.compile("금액으로 읽을 수 없습니다"))
    code = draft.sub_program.cost_items[0]["code"]
    assert draft.sections.get(name="cost").data[code] == 2000
    assert [row["id"] for row in Axe().run(page).response["violations"]] == []
    page.get_by_role("link", name="이전 단계").click()
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    other.fill("3000")
    expect(status).to_contain_text("저장됨")
    expect(other).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator(".field__error")).to_have_count(0)
    page.get_by_role("link", name="이전 단계").click()
    page.wait_for_url("**/edit/plan/")
    assert asked == ["beforeunload"]
