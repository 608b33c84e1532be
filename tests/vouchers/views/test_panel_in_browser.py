"""Catalogue and panel pages in Chromium: axe finds nothing, nothing is cut off."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from portal.core.clock import now
from tests.factories import reports
from tests.factories import vouchers as make
from tests.portal.browsing import check, signed_in
from vouchers.services import corrections, recruitment

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


def test_the_pages_of_ties_and_suspensions_hold(context: BrowserContext, live_server) -> None:
    at = now()
    round = reports.round(opens_at=at - timedelta(days=1), closes_at=at + timedelta(days=5))
    supplier = make.supplier(name="주식회사 가온", business_number="1248100998")
    service = make.service(supplier=supplier, name="가온 화상회의")
    for value in (4, 5, 3):
        reports.published(reports.assigned(round, service=service), value=value)
    case = reports.raised(reports.published(reports.assigned(round, service=make.service())))
    corrections.verify(case, finding="열리지 않음", by=make.agency(), now=reports.LATER)
    draft = recruitment.start(round, by=make.person(), now=at)
    words = {"kind": "sme", "affiliation": "가온", "business_number": "1248100998"}
    recruitment.save(draft, data=words, version=1, by=draft.user, now=at)
    stopped = make.suspended(make.service(supplier=supplier), reason="고친 것이 확인되지 않음")
    seller, base = reports.desk(supplier), live_server.url
    member = signed_in(context, base, draft.user)
    check(member, f"{base}/vouchers/panel/applications/{draft.pk}/")
    desk = signed_in(context, base, seller)
    for address in (
        "/vouchers/?reported=on&order=best",
        f"/vouchers/compare/?s={service.code}&s={stopped.service.code}&s={case.service.code}",
        f"/vouchers/services/{service.code}/",
        f"/vouchers/panels/{round.code}/",
        "/vouchers/supplier/",
        f"/vouchers/supplier/suspensions/{stopped.pk}/",
    ):
        check(desk, f"{base}{address}")
