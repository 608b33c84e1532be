"""What waits for whom in a browser: readable wide and narrow, and a receipt checked without scripts."""

import hashlib
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page

from applications.models import IssuedDocument
from portal.core.clock import now
from tests.factories.agreements import sample
from tests.factories.applications import (
    ApplicationFactory,
    PartnerFactory,
    RoundFactory,
    SupplementFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = [(1280, 900), (390, 844)]


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_the_first_page_is_readable_and_has_no_fault(
    live_server, context, page: Page, client: Client, size: tuple[int, int]
) -> None:
    RoundFactory(closes_at=now().replace(year=now().year + 1))
    row = SupplementFactory(due_at=now()).application
    ApplicationFactory(company=row.company, sub_program=row.sub_program)
    ApplicationFactory(company=row.company, filed=True)
    PartnerFactory(email=row.created_by.email)
    client.force_login(row.created_by)
    cookie = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{live_server.url}/applications/")
    assert page.get_by_role("heading", name="누가 무엇을 언제까지").is_visible()
    assert page.get_by_role("link", name="보완 자료 제출").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_a_receipt_is_checked_by_its_file_without_scripts(
    live_server, browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    content = sample("접수증")
    IssuedDocument.objects.create(
        application=ApplicationFactory(filed=True), kind="receipt", requested_at=now(),
        issued_at=now(), sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    file = tmp_path / "receipt.pdf"
    file.write_bytes(content)
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(java_script_enabled=False, viewport=viewport)
    plain = context.new_page()
    plain.goto(f"{live_server.url}/receipts/")
    plain.get_by_label("접수증 PDF").set_input_files(file)
    plain.get_by_role("button", name="파일로 확인하기").click()
    assert plain.get_by_text("확인된 접수증입니다").is_visible()
    context.close()
