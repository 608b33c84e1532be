"""Statistics and open data in Chromium: nothing for axe to find, nothing wider than the screen."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from applications.services.selection import proposals
from portal.records import audit
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site(live_server) -> str:
    """A portal on which one selection is released."""
    program, judges, boss = staff.program(), staff.assessors(3), staff.manager()
    for place in range(6):
        staff.judged(program, (30 - place, 40, 30), judges=judges)
    chosen = staff.decided(staff.proposed(program, boss, places=5), by=boss)
    proposals.release(chosen, by=boss, now=NOW)
    audit.seal(now=NOW)
    return live_server.url


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/statistics/", "/open-data/"])
def test_axe_finds_nothing_and_nothing_is_cut_off(
    page: Page, site: str, path: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.goto(site + path)
    for folded in page.locator("details").all():
        folded.evaluate("box => { box.open = true }")
    found = [row["id"] for row in Axe().run(page).response["violations"]]
    assert found == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert complaints == []
