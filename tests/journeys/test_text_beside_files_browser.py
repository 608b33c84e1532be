"""In Chromium: an upload keeps what is typed, on a page that saves by itself and on one that does not."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from portal.core.clock import now
from tests.factories import reports
from tests.factories import vouchers as panel
from tests.factories.applications import MemberFactory, SupplementFactory
from tests.portal import corpus
from tests.portal.browsing import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PNG = {"name": "재직.png", "mimeType": "image/png", "buffer": reports.picture().read()}
PDF = {"name": "견적.pdf", "mimeType": "application/pdf", "buffer": corpus.pdf()}


def fits(page: Page) -> None:
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [row["id"] for row in Axe().run(page).response["violations"]] == []


def test_an_upload_keeps_what_is_typed_beside_it(live_server, context: BrowserContext) -> None:
    draft = panel.whole_draft(panel.panel(closes_at=now() + timedelta(days=1)))
    page = signed_in(context, live_server.url, draft.user)
    page.goto(f"{live_server.url}/vouchers/panel/applications/{draft.pk}/")
    page.get_by_label("관심과 체험 계획").fill("새로 적은 계획입니다. 회의에 날마다 써 보겠습니다.")
    page.locator("#evidence input[type=file]").set_input_files(PNG)
    expect(page.locator("#evidence a")).to_have_count(2, timeout=60_000)
    expect(page.locator("#evidence")).to_contain_text("재직.png")
    expect(page.get_by_label("관심과 체험 계획")).to_have_value(
        "새로 적은 계획입니다. 회의에 날마다 써 보겠습니다."
    )
    fits(page)
    page.locator("[name=name]").press("Enter")
    page.wait_for_load_state()
    draft.refresh_from_db()
    assert draft.state == "draft"  # Enter saves; it neither submits nor takes a file out
    assert draft.evidence.filter(removed_at=None).count() == 2


def test_a_supplement_keeps_its_text_and_a_firm_its_other_form(
    live_server, context: BrowserContext
) -> None:
    asked = SupplementFactory(due_at=now() + timedelta(days=1), requirements=["quote"])
    page = signed_in(context, live_server.url, asked.application.created_by)
    page.goto(f"{live_server.url}/applications/{asked.application_id}/supplement/")
    page.get_by_label("답변 내용").fill("견적을 다시 받았습니다.")
    page.locator("#document-quote input[type=file]").set_input_files(PDF)
    expect(page.locator("#document-quote a")).to_contain_text("견적.pdf", timeout=60_000)
    expect(page.get_by_label("답변 내용")).to_have_value("견적을 다시 받았습니다.")
    fits(page)
    owner = MemberFactory()
    page = signed_in(context, live_server.url, owner.user)
    page.goto(f"{live_server.url}/companies/{owner.company.pk}/")
    for form in page.locator("main details").all():
        form.evaluate("one => one.open = true")
    page.locator("[name=address]").fill("새 주소 1")
    page.locator("[name=site-name]").fill("제2공장")
    page.get_by_role("button", name="사업장 더하기").click()
    expect(page.locator("main")).to_contain_text("사업장을 더했습니다")
    expect(page.locator("[name=address]")).to_have_value("새 주소 1")
