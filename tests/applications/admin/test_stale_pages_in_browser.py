"""What the second of two people sees in Chromium; axe and narrow screens."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from applications.models import BonusClaim
from applications.services.screening import checks
from tests.factories import staff
from tests.factories.applications import NOW
from tests.portal.browsing import WIDTHS, check, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def holds(page: Page) -> None:
    """Hold the page that is open, at each width, against axe and the width of the screen."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_second_officer_reads_what_the_first_did_and_goes_on(
    browser: Browser, context: BrowserContext, live_server
) -> None:
    program = staff.program()
    one, other = staff.officer(program), staff.officer(program)
    application = staff.filed(program)
    checks.take_up(application, by=one, now=NOW)
    claim = BonusClaim.objects.create(
        application=application, code="green", label="친환경", claim="허가증", points=3
    )
    base = f"{live_server.url}/admin/applications/bonusclaim/{claim.pk}"
    here = signed_in(browser.new_context(), live_server.url, one, second_factor=True)
    there = signed_in(context, live_server.url, other, second_factor=True)
    there.goto(f"{base}/act/refuse/")
    there.fill("[name=reason]", "품목이 다릅니다.")
    here.goto(f"{base}/act/grant/")
    here.fill("[name=reason]", "허가증을 확인했습니다.")
    here.click(".act-form button[type=submit]")
    expect(here.locator(".messagelist .success")).to_be_visible()
    there.click(".act-form button[type=submit]")
    expect(there.locator(".messagelist")).to_contain_text("다른 사람이 먼저 처리했습니다")
    expect(there.locator(".messagelist")).to_contain_text("허가증을 확인했습니다.")
    expect(there.locator("[name=reason]")).to_have_value("품목이 다릅니다.")
    holds(there)
    there.click(".act-form button[type=submit]")  # knowingly
    expect(there.locator(".messagelist .success")).to_be_visible()
    check(there, f"{base}/change/")
    manager = signed_in(browser.new_context(), live_server.url, staff.manager(), second_factor=True)
    check(manager, f"{live_server.url}/admin/programs/subprogram/{program.pk}/change/")
