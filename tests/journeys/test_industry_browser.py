"""In Chromium: an industry is found by words, by keyboard and by pointer, and without scripts by radios."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from applications.models import Application, Company
from applications.services.intake import drafting
from portal.core.clock import now
from tests.factories import programs
from tests.factories.applications import CompanyFactory, SiteFactory, UserFactory, member_of
from tests.portal.browsing import WIDTHS, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CUTTING = "25924 절삭가공 및 유사처리업"


def flawless(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found = [
            (row["id"], [node["html"][:150] for node in row["nodes"]])
            for row in Axe().run(page).response["violations"]
        ]
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.fixture
def draft() -> Application:
    programs.load_open(now())
    company = CompanyFactory(industry_code="")
    return drafting.start(
        programs.program("robot"),
        site=SiteFactory(company=company),
        by=member_of(company),
        now=now(),
    )


def test_a_draft_saves_what_is_chosen_by_keyboard_or_pointer(
    live_server, context: BrowserContext, draft: Application
) -> None:
    page = signed_in(context, live_server.url, draft.created_by)
    page.goto(f"{live_server.url}/applications/{draft.pk}/edit/company/")
    line = page.get_by_role("combobox", name="업종")
    listed = page.get_by_role("listbox", name="찾은 업종", include_hidden=True)
    unknown = page.get_by_label("모르겠어요")
    expect(unknown).to_be_checked()
    flawless(page)
    line.click()
    line.press_sequentially("절삭 가공")
    expect(listed.get_by_role("option")).to_have_count(1)
    expect(line).to_have_attribute("aria-expanded", "true")
    expect(unknown).not_to_be_checked()
    flawless(page)
    line.press("ArrowDown")
    expect(listed.get_by_role("option", selected=True)).to_have_text(CUTTING)
    line.press("Enter")
    expect(line).to_have_value(CUTTING)
    expect(line).to_have_attribute("aria-expanded", "false")
    expect(page.locator("[data-autosave-status]")).to_contain_text("저장됨")
    assert draft.sections.get(name="company").data["industry_code"] == "25924"
    line.fill("축전지")
    listed.get_by_role("option", name="28202 축전지 제조업").click()
    expect(line).to_have_value("28202 축전지 제조업")
    line.fill("없는말")
    expect(page.locator(".industry__said")).to_contain_text("맞는 업종이 없습니다")
    line.fill("로봇")
    expect(listed.get_by_role("option").first).to_be_visible()
    line.press("Escape")
    expect(listed).to_be_hidden()
    unknown.check()
    expect(line).to_have_value("")
    page.get_by_role("button", name="저장만 하기").click()
    page.wait_for_load_state()
    assert "industry_code" not in draft.sections.get(name="company").data
    expect(page.get_by_label("모르겠어요")).to_be_checked()


def test_without_scripts_the_form_itself_searches(
    live_server, browser: Browser, browser_context_args: dict
) -> None:
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = signed_in(context, live_server.url, UserFactory())
    page.goto(f"{live_server.url}/companies/new/")
    page.fill("[name=business_number]", "124-81-00998")
    page.fill("[name=name]", "한빛정밀")
    page.fill("[name=industry_code]", "절삭")
    page.get_by_role("button", name="업종 찾기").click()
    page.get_by_label(CUTTING).check()
    assert page.input_value("[name=name]") == "한빛정밀"
    page.get_by_role("button", name="등록하기").click()
    page.wait_for_load_state()
    assert Company.objects.get().industry == "25924"
    assert page.input_value("[name=industry_code]") == CUTTING
    context.close()


def test_what_a_search_shows_is_flawless(live_server, context: BrowserContext) -> None:
    page = signed_in(context, live_server.url, UserFactory())
    page.goto(f"{live_server.url}/companies/new/")
    page.get_by_role("combobox", name="업종").fill("전지")
    listed = page.get_by_role("listbox", name="찾은 업종")
    expect(listed.get_by_role("option").first).to_be_visible()
    flawless(page)
