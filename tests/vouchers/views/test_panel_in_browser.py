"""Catalogue and panel pages in Chromium: axe finds nothing, nothing is cut off."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from portal.core.clock import now
from tests.factories import vouchers as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_is_cut_off(page: Page, live_server, width: int) -> None:
    at = now()
    panel = make.panel(opens_at=at - timedelta(days=1), closes_at=at + timedelta(days=5))
    services = [make.service(summary="긴 소개를 " * 10, contents="기능") for _ in range(3)]
    make.cover(panel, services)
    page.set_viewport_size({"width": width, "height": 900})
    compared = "&".join(f"s={row.code}" for row in services)
    for address in (
        "/vouchers/",
        "/vouchers/?q=화상회의",
        "/vouchers/?q=가",
        f"/vouchers/services/{services[0].code}/",
        f"/vouchers/compare/?{compared}",
        f"/vouchers/panels/{panel.code}/",
    ):
        page.goto(live_server.url + address)
        found = [row["id"] for row in Axe().run(page).response["violations"]]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append("wider than the screen")
        assert found == [], address
