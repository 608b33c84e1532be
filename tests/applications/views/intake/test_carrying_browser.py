"""In Chromium: from a self-check to the step that shows what came from it, without a flaw on the way."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from portal.core.clock import now
from tests.factories import programs
from tests.factories.applications import CompanyFactory, SiteFactory, member_of
from tests.portal.browsing import WIDTHS, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def flawless(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert [row["id"] for row in Axe().run(page).response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_answers_of_a_self_check_are_shown_filled_in_and_looked_at(
    live_server, context: BrowserContext
) -> None:
    programs.load_open(now())
    company = CompanyFactory(size="")
    SiteFactory(company=company)
    page = signed_in(context, live_server.url, member_of(company))
    page.goto(f"{live_server.url}/programs/2021-1/aftercare/self-check/?track=growth")
    page.select_option("[name=company_size]", "small")
    page.locator("[name=tax_arrears][value=false]").check()
    page.get_by_role("button", name="확인하기").click()
    flawless(page)
    page.get_by_role("button", name="이 답으로 신청 시작").click()
    expect(page.locator("h2", has_text="자격 확인에서 답하신 내용입니다")).to_be_visible()
    page.get_by_text("신청서에서 직접 확인하실 내용").click()
    flawless(page)
    page.locator("[name=site]").first.check()
    page.get_by_role("button", name="신청서 작성 시작").click()
    note = page.get_by_text("자격 확인에서 답하신 내용입니다. 맞는지 확인하세요.")
    expect(note).to_have_count(1)
    expect(page.locator("[name=q_company_size][value=small]")).to_be_checked()
    flawless(page)
    page.get_by_role("button", name="저장만 하기").click()
    page.wait_for_load_state()
    expect(note).to_have_count(0)
