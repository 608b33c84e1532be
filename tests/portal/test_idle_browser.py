"""In Chromium: staff who are away are told before and after, and whoever types is not away."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portal.access.roles import OPERATOR
from tests.factories import staff
from tests.portal.browsing import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(live_server, context: BrowserContext) -> Page:
    """A page of staff whose clock the test moves."""
    opened = signed_in(context, live_server.url, staff.staff(OPERATOR), second_factor=True)
    opened.clock.install()
    opened.goto(f"{live_server.url}/admin/portal/job/")
    return opened


def test_it_is_said_before_and_after(page: Page) -> None:
    box = page.get_by_role("alert")
    page.clock.fast_forward("24:00")
    expect(box).to_be_hidden()
    page.clock.fast_forward("02:00")
    expect(box).to_contain_text("4분 뒤에 로그인이 끝납니다")
    with page.expect_response("**/account/may-upload/") as asked:
        box.get_by_role("button", name="계속 작업하기").click()
    assert asked.value.status == 204
    expect(box).to_be_hidden()
    page.clock.fast_forward("31:00")
    expect(box).to_contain_text("로그인이 끝났습니다")
    expect(box).to_contain_text("이 화면에 남아 있습니다")
    expect(box.get_by_role("button")).to_be_hidden()


def test_whoever_types_is_not_away(page: Page) -> None:
    page.clock.fast_forward("20:00")
    with page.expect_response("**/account/may-upload/"):
        page.locator("input[name=q]").fill("작업")
    page.clock.fast_forward("20:00")
    expect(page.get_by_role("alert")).to_be_hidden()
