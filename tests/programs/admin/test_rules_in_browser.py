"""One manager tries every kind of rule alone, a second approves one; in Chromium with axe."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from applications.models import LateGrant
from portal.core.clock import now
from portal.models import IncidentMinute
from programs.models import LedgerEntry, PotProposal, RuleProposal
from tests.factories import staff
from tests.factories.applications import CompanyFactory
from tests.factories.programs import load, program
from tests.portal.browsing import WIDTHS, check, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def holds(page: Page) -> None:
    """Hold the page as it is open at each width against axe and the width of the screen."""
    for width in (1920, *WIDTHS):
        page.set_viewport_size({"width": width, "height": 900})
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def save(page: Page, why: str) -> None:
    page.fill("[name=why]", why)
    page.click("[name=_save]")


def test_one_manager_alone_changes_no_rule_and_the_second_approves(
    browser: Browser, context: BrowserContext, live_server
) -> None:
    load()
    row, base = program("build"), f"{live_server.url}/admin/programs"
    one = signed_in(browser.new_context(), live_server.url, staff.manager(), second_factor=True)
    two = signed_in(context, live_server.url, staff.manager(), second_factor=True)
    for name, value in (
        ("floor", "10"),
        ("tracks-0-cap_won", "90000000"),
        ("criteria-0-guide", "다른 기준"),
        ("bonus_items-0-points", "7"),
        ("objection_days", "3"),
    ):
        one.goto(f"{base}/subprogram/{row.pk}/change/")
        one.fill(f"[name={name}]", value)
        save(one, "심의위원회 의결")
        expect(one.locator(".messagelist .success")).to_contain_text("아직 바뀌지 않았습니다")
        expect(one.locator("text=변경안 승인")).to_have_count(0)
        one.click("text=변경안 폐기")
        one.click(".act-form button[type=submit]")
        expect(one.locator(".messagelist .success")).to_contain_text("규칙은 그대로입니다")
    one.goto(f"{base}/subprogram/{row.pk}/change/")
    one.fill("[name=quota_count]", "4321")
    one.fill("[name=supplement_days]", "3")
    one.check("[name=blind]")
    save(one, "심의위원회 의결")
    expect(one.locator(".messagelist .success")).to_contain_text("아직 바뀌지 않았습니다")
    one.click("text=변경안 폐기")
    one.click(".act-form button[type=submit]")
    kept = program("build")
    assert (kept.floor, kept.quota_count, kept.blind) == (60, row.quota_count, False)

    one.goto(f"{base}/subprogram/{row.pk}/change/")
    one.fill("[name=floor]", "65")
    save(one, "심의위원회 의결")
    proposal = RuleProposal.objects.get(ended_at=None)
    address = f"{base}/ruleproposal/{proposal.pk}"
    check(two, f"{base}/subprogram/{row.pk}/change/")
    two.click("summary:has-text('양식과 출처')")
    holds(two)
    check(two, f"{address}/act/approve/")
    check(two, f"{address}/change/")
    expect(two.locator("text=65점")).to_be_visible()
    two.click("text=변경안 승인")
    two.click(".act-form button[type=submit]")
    expect(two.locator(".messagelist .success")).to_contain_text("규칙을 바꾸었습니다")
    assert program("build").floor == 65

    # Money and the deadline.
    pot, round = row.pot, row.round
    one.goto(f"{base}/budget/{pot.pk}/act/appropriate/")
    one.fill("[name=amount]", "5,000,000,000,000")
    one.fill("[name=reason]", "추경")
    one.click(".act-form button[type=submit]")
    expect(one.locator("body")).to_contain_text("2,000,000,000,000원까지")
    one.fill("[name=amount]", "500,000,000,000")
    one.click(".act-form button[type=submit]")
    expect(one.locator("body")).to_contain_text("먼저 회차의 총예산을 바꾸는 변경안")
    expect(one.locator("[name=reason]")).to_have_value("추경")
    one.goto(f"{base}/budget/{pot.pk}/act/reduce/")
    one.fill("[name=amount]", "1,000,000")
    one.fill("[name=reason]", "감액")
    one.click(".act-form button[type=submit]")
    expect(one.locator(".messagelist .success")).to_contain_text("아직 바뀌지 않았습니다")
    assert not LedgerEntry.objects.filter(kind="reduce").exists()
    money = PotProposal.objects.get()
    check(two, f"{base}/potproposal/{money.pk}/change/")
    check(two, f"{base}/potproposal/{money.pk}/act/approve/")
    two.click(".act-form button[type=submit]")
    expect(two.locator(".messagelist .success")).to_contain_text("원장에 적었습니다")

    IncidentMinute.objects.create(  # of a page that is not the intake's
        scope="portal", minute=round.closes_at, kind="error", source="a", count=9
    )
    one.goto(f"{base}/programround/{round.pk}/act/reschedule/")
    one.fill("[name=closes_at]", "2099-02-25T18:00:00")
    one.fill("[name=reason]", "장애")
    one.click(".act-form button[type=submit]")
    expect(one.locator("body")).to_contain_text("장애 기록이 없습니다")
    assert program("build").round.closes_at == round.closes_at

    # A firm is let in after the deadline by two as well.
    desk = f"{live_server.url}/admin/applications/lategrant"
    one.goto(f"{desk}/grant/")
    one.select_option("[name=sub_program]", str(row.pk))
    one.fill("[name=number]", CompanyFactory().business_number)
    one.fill("[name=until]", f"{now() + timedelta(days=1):%Y-%m-%dT%H:%M:%S}")
    one.fill("[name=reason]", "통신 장애")
    one.click(".act-form button[type=submit]")
    expect(one.locator(".messagelist .success")).to_contain_text("다른 결정권자가 승인하면")
    expect(one.locator("text=허용 승인")).to_have_count(0)
    leave = LateGrant.objects.get()
    one.goto(f"{desk}/{leave.pk}/act/approve/")
    assert LateGrant.objects.get().approved_at is None
    check(two, f"{desk}/{leave.pk}/act/approve/")
    two.click(".act-form button[type=submit]")
    expect(two.locator(".messagelist .success")).to_contain_text("허용을 승인했습니다")

    check(two, f"{live_server.url}/decisions/")
    expect(two.locator("main")).to_contain_text("기한 뒤 접수 허용")
    expect(two.locator("main")).to_contain_text("최저 점수: 60점 → 65점")
    expect(two.locator("main")).to_contain_text("예산 감액")
    one.context.close()
