"""The public pages in Chromium: nothing for axe to find, nothing wider than the screen, no script needed."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from programs.models import Budget
from programs.services import ledger
from tests.factories.programs import load_open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ROUND = "2021-1"


@pytest.fixture
def site(live_server) -> str:
    """A running portal with an open round in which some money has moved."""
    at = timezone.now()
    load_open(at)
    box = Budget.objects.get(code="2021/robot")
    ledger.reserve(box, ledger.Booking(3_000_000_000, "a", "application:1"), by=None, now=at)
    ledger.commit(box, ledger.Booking(2_000_000_000, "b", "application:1"), by=None, now=at)
    ledger.pay(box, ledger.Booking(1_000_000_000, "c", "application:1"), by=None, now=at)
    return live_server.url


def addresses() -> list[str]:
    robot, build = (ROUND, "robot"), (ROUND, "build")
    return [
        reverse("home"),
        f"{reverse('program_list')}?company_size=mid",
        reverse("program_compare"),
        reverse("program_detail", args=build),
        reverse("program_detail", args=(ROUND, "level-check")),
        f"{reverse('self_check', args=build)}?track=digital-cluster",
        f"{reverse('preview', args=robot)}?track=cobot&total_cost_won=900,000,000",
        f"{reverse('preview', args=robot)}?track=cobot&total_cost_won=x",
        reverse("budget"),
        reverse("terms"),
        reverse("privacy"),
        reverse("accessibility"),
        reverse("sources"),
    ]


def flaws(page: Page) -> list[str]:
    found = [row["id"] for row in Axe().run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("wider than the screen")
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_is_cut_off(page: Page, site: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    for address in addresses():
        page.goto(site + address)
        assert flaws(page) == [], address
        assert complaints == [], address


@pytest.mark.parametrize("width", [1280, 390])
def test_the_answer_of_a_self_check_is_clean_too(page: Page, site: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(site + reverse("self_check", args=(ROUND, "aftercare")))
    page.get_by_label("기업 규모").select_option("mid")
    page.get_by_role("button", name="확인하기").click()
    expect(page.get_by_text("지금은 신청할 수 없습니다")).to_be_visible()
    assert flaws(page) == []


def test_a_stranger_without_scripts_finds_checks_and_reckons(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="ko-KR")
    page = context.new_page()
    page.goto(site)
    page.get_by_role("link", name="로봇활용 제조혁신").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("로봇활용 제조혁신")
    expect(page.get_by_text("마감까지").first).to_be_visible()

    page.get_by_role("link", name="자가진단").click()
    page.get_by_label("신청자 구분").select_option("company")
    page.get_by_label("기업 규모").select_option("small")
    for group in page.locator("main fieldset").all():  # a word of help is a group as well
        wants_yes = "합니까" in group.inner_text()
        group.get_by_label("예" if wants_yes else "아니요", exact=True).check()
    page.get_by_role("button", name="확인하기").click()
    expect(page.get_by_text("신청할 수 있습니다", exact=True)).to_be_visible()

    page.get_by_role("link", name="지원금 미리보기").click()
    page.get_by_label("총사업비").fill("500,000,000")
    page.get_by_role("button", name="계산하기").click()
    expect(page.get_by_role("heading", name="계산 결과")).to_be_visible()
    expect(page.get_by_text("250,000,000원").first).to_be_visible()
    context.close()


def test_the_countdown_shows_the_second_and_the_zone(page: Page, site: str) -> None:
    page.goto(site + reverse("program_detail", args=(ROUND, "robot")))
    expect(page.locator("[data-countdown]").first).to_contain_text("KST")
