"""Ten applications screened with the keys of the desk, and its page held against axe."""

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from applications.models import Application, Attachment
from applications.services.screening import checks
from tests.factories import staff
from tests.factories.applications import NOW, AttachmentFactory
from tests.portal.browsing import check, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ALL_MET = {"company_size": "small", "tax_debt": False, "built_on": "2015-01-01", "visited": True}
LIST = reverse("admin:applications_application_changelist")


def press(page: Page, key: str) -> None:
    with page.expect_navigation():
        page.keyboard.press(key)


def test_ten_applications_are_screened_by_two_keys_each(live_server, context) -> None:
    program = staff.program()
    for _ in range(10):
        staff.filed(program, facts=ALL_MET)
    page = signed_in(context, live_server.url, staff.officer(program), second_factor=True)
    page.goto(f"{live_server.url}{LIST}?state=submitted")
    with page.expect_navigation():
        page.locator("#result_list tbody th a").first.click()
    for _ in range(10):
        press(page, "c")  # takes up
        press(page, "c")  # confirms, sends on, and opens the next
    expect(page.get_by_text("이 목록의 마지막 신청이었습니다.")).to_be_visible()
    states = Application.objects.values_list("state", flat=True)
    assert list(states) == ["assessing"] * 10


def test_the_keys_lead_through_the_list_and_can_be_turned_off(
    live_server, context: BrowserContext
) -> None:
    program = staff.program()
    officer = staff.officer(program)
    rows = [staff.filed(program) for _ in range(2)]
    for row in rows:
        checks.take_up(row, by=officer, now=NOW)
    AttachmentFactory(application=rows[1], requirement="quote")
    assert Attachment.objects.count() == 1
    page = signed_in(context, live_server.url, officer, second_factor=True)
    here = reverse("admin:applications_application_change", args=[rows[1].pk])
    check(page, f"{live_server.url}{here}?_changelist_filters=state%3Dscreening")
    press(page, "j")
    expect(page.locator("h1").last).to_contain_text(rows[0].number)
    press(page, "k")
    expect(page.locator("h1").last).to_contain_text(rows[1].number)
    page.keyboard.press("?")
    expect(page.get_by_text("파란 단추")).to_be_visible()
    reason = page.locator("[name=reason]").first
    reason.fill("j")
    reason.press("j")
    assert reason.input_value() == "jj"  # within a field a key is a letter
    page.get_by_label("단축키 쓰기").uncheck()
    page.locator("h1").last.click()
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(page.get_by_text("파란 단추")).to_be_visible()
    assert here in page.url
