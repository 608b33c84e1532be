"""The API's page in a browser: readable wide and narrow, with and without scripts."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = [(1280, 900), (390, 844)]


@pytest.fixture(params=SIZES, ids=["wide", "narrow"])
def size(request: pytest.FixtureRequest) -> dict[str, int]:
    return dict(zip(("width", "height"), request.param, strict=True))


@pytest.fixture
def plain(browser: Browser, size: dict[str, int]) -> Iterator[Page]:
    """A page in a browser that runs no scripts."""
    context = browser.new_context(java_script_enabled=False, viewport=size)
    yield context.new_page()
    context.close()


def test_axe_finds_nothing(live_server, page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    page.goto(f"{live_server.url}/api/v1/docs/")
    for summary in page.locator("details > summary").all():
        summary.click()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_nothing_runs_off_the_side(live_server, page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    page.goto(f"{live_server.url}/api/v1/docs/")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_page_is_whole_without_scripts(live_server, plain: Page) -> None:
    plain.goto(f"{live_server.url}/api/v1/docs/")
    plain.get_by_role("link", name="지원금 미리보기").click()
    assert plain.url.endswith("#preview")
    call = plain.locator("article#preview")
    assert call.get_by_text("total_cost_won").first.is_visible()
    assert call.get_by_text("curl -X POST").is_visible()
    call.locator("summary").click()
    assert call.get_by_text('"support_won": 300000000').is_visible()
