"""In Chromium: a form that does not save by itself warns before what was typed in it is lost."""

from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from applications.models import Company
from portal.core.clock import now
from tests.factories import programs
from tests.factories.applications import MemberFactory, UserFactory
from tests.portal.browsing import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Asked:
    """What the browser asked on the way out of a page; the person stays."""

    def __init__(self, page: Page) -> None:
        self.page, self.kinds = page, []
        page.on("dialog", lambda asked: (self.kinds.append(asked.type), asked.dismiss()))

    def leave(self) -> list[str]:
        """Press the name of the portal at the top; return what was asked, and forget it."""
        self.page.locator(".wordmark").click(no_wait_after=True)
        self.page.wait_for_timeout(500)
        kinds, self.kinds = self.kinds, []
        return kinds


@pytest.fixture
def page(live_server, context: BrowserContext) -> Page:
    programs.load_open(now())
    made = signed_in(context, live_server.url, UserFactory())
    made.goto(f"{live_server.url}/companies/new/")
    return made


def test_what_is_typed_is_asked_about_until_it_is_undone_or_sent(page: Page, live_server) -> None:
    asked = Asked(page)
    page.locator("[name=address]").fill("시흥시")
    assert asked.leave() == ["beforeunload"]
    expect(page.locator("[name=address]")).to_have_value("시흥시")
    page.locator("[name=address]").fill("")
    page.get_by_label("협회·단체").check()
    assert asked.leave() == ["beforeunload"]
    page.get_by_label("기업", exact=True).check()
    page.locator("[name=region]").select_option("seoul")
    assert asked.leave() == ["beforeunload"]
    page.fill("[name=business_number]", "124-81-00998")
    page.fill("[name=name]", "한빛정밀")
    page.get_by_role("button", name="등록하기").click()
    expect(page.locator("h1")).to_have_text("한빛정밀")
    assert asked.kinds == []
    assert Company.objects.exists()


def test_a_refused_page_is_not_left_without_a_word(page: Page) -> None:
    asked = Asked(page)
    page.fill("[name=name]", "한빛정밀")
    page.get_by_role("button", name="등록하기").click()
    expect(page.locator(".error-summary")).to_be_visible()
    assert asked.leave() == ["beforeunload"]


def test_nobody_is_kept_who_typed_nothing_or_only_searched(page: Page, live_server) -> None:
    asked = Asked(page)
    page.locator("[name=address]").click()
    assert asked.leave() == []
    expect(page).to_have_url(f"{live_server.url}/")
    check = f"{live_server.url}/programs/2021-1/robot/self-check/"
    for address, name, text in (
        (check, "employees", "3"),
        (f"{live_server.url}/programs/2021-1/robot/preview/", "total_cost_won", "3000000"),
    ):
        page.goto(address)
        typed = page.locator(f"main [name={name}]")
        if typed.count():
            typed.fill(text)
        else:
            page.locator("main input[type=radio]").first.check()
        assert asked.leave() == []
        expect(page).to_have_url(f"{live_server.url}/")


def test_of_two_forms_the_one_that_was_not_sent_still_asks(
    live_server, context: BrowserContext
) -> None:
    owner = MemberFactory(since=now() - timedelta(days=1))
    page = signed_in(context, live_server.url, owner.user)
    page.goto(f"{live_server.url}/companies/{owner.company_id}/")
    asked = Asked(page)
    page.locator("main details summary").first.click()
    page.locator("[name=address]").fill("새 주소 1")
    page.locator("[name=site-name]").fill("제2공장")
    page.get_by_role("button", name="사업장 더하기").click()
    expect(page.locator("main")).to_contain_text("사업장을 더했습니다")
    assert asked.kinds == []
    expect(page.locator("[name=address]")).to_have_value("새 주소 1")
    page.locator("h1").click()
    assert asked.leave() == ["beforeunload"]
