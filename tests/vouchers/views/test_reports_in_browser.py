"""Corrections in Chromium through the pages of all roles; axe and narrow screens."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from portal.core.clock import now
from portal.models import User
from tests.factories import reports as make
from tests.factories import vouchers as panel
from tests.factories.staff import enter
from vouchers.models import AssignmentRun, ConsumerReport, Correction, Service
from vouchers.services.rewards import awards as awards_services
from vouchers.states import MemberKind
from vouchers.tasks import sweep_panel

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (1280, 390)
DAY = timedelta(days=1)


class People:
    """A page for each person, signed in."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.browser, self.base, self.contexts = browser, base, []

    def page(self, user: User | None = None) -> Page:
        context = self.browser.new_context(locale="ko-KR", timezone_id="Asia/Seoul")
        self.contexts.append(context)
        if user is not None:
            client = enter(Client(), user)
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.base}
            context.add_cookies([cookie])
        return context.new_page()

    def act(self, page: Page, thing: object, act: str, **fields: str) -> None:
        """Press a button of a thing's staff page and fill what it asks."""
        model = type(thing)._meta.model_name
        page.goto(f"{self.base}/admin/vouchers/{model}/{thing.pk}/change/")
        page.locator(f".act-row a[href$='/act/{act}/']").click()
        for name, value in fields.items():
            field = page.locator(f"[name={name}]")
            if field.first.get_attribute("type") == "radio":
                page.locator(f"[name={name}][value={value}]").check()
            elif field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        page.locator(".act-form button[type=submit]").click()
        expect(page.locator(".messagelist .success")).to_be_visible()


@pytest.fixture
def people(browser: Browser, live_server):
    made = People(browser, live_server.url)
    yield made
    for context in made.contexts:
        context.close()


def check(page: Page, url: str, *, widths: tuple[int, ...] = WIDTHS) -> None:
    """Hold a page against axe and the width of the screen, wide and narrow."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(url)
        found = [
            (row["id"], [node["target"] for node in row["nodes"]][:3])
            for row in Axe().run(page).response["violations"]
        ]
        assert found == [], (url, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (url, width)


def test_a_correction_is_walked_to_its_end(people: People) -> None:
    report = make.published()
    service, base = report.assignment.service, people.base
    seller = people.page(make.desk(service.supplier))
    agency, case = verified(people, report)
    people.act(agency, case, "ask", wanted="녹화를 고쳐 주세요.")
    check(seller, f"{base}/vouchers/supplier/")
    check(seller, f"{base}/vouchers/supplier/corrections/{case.pk}/")
    answer(seller, "2.1판에서 고쳤습니다.")
    people.act(agency, case, "ask_again", wanted="손전화에서는 아직 열리지 않습니다.")
    seller.reload()
    expect(seller.locator("main")).to_contain_text("손전화에서는 아직 열리지 않습니다.")
    answer(seller, "2.2판에서 손전화도 고쳤습니다.")
    people.act(agency, case, "fix", note="새 판에서 확인함")
    visitor = people.page()
    check(visitor, f"{base}/vouchers/corrections/{case.pk}/")
    expect(visitor.locator("main")).to_contain_text("시정 완료")
    check(visitor, f"{base}/vouchers/corrections/")
    assert Service.objects.get(pk=service.pk).state == "on_sale"


def test_a_failed_correction_suspends_the_service_everywhere(people: People) -> None:
    report = make.published()
    service, base = report.assignment.service, people.base
    seller, visitor = people.page(make.desk(service.supplier)), people.page()
    agency, case = verified(people, report)
    people.act(agency, case, "ask", wanted="해지 방법을 알려 주세요.")
    Correction.objects.update(due_at=now())  # the days pass
    sweep_panel()
    check(visitor, f"{base}/vouchers/services/{service.code}/")
    expect(visitor.locator("main")).to_contain_text("판매가 중지된 서비스입니다")
    check(visitor, f"{base}/vouchers/corrections/{case.pk}/")
    expect(visitor.locator("main")).to_contain_text("판매가 중지되어 있습니다")
    seller.goto(f"{base}/vouchers/supplier/corrections/{case.pk}/")
    answer(seller, "곧 고치겠습니다.")
    people.act(agency, case, "fail", note="고친 것이 없습니다.")
    visitor.reload()
    expect(visitor.locator("main")).to_contain_text("판매가 중지되어 있습니다")
    visitor.goto(f"{base}/vouchers/")
    expect(visitor.locator("main")).to_contain_text("판매 중지")
    seller.reload()
    answer(seller, "해지 단추를 넣었습니다.")
    people.act(agency, case, "fix", note="확인함")
    visitor.goto(f"{base}/vouchers/services/{service.code}/")
    expect(visitor.locator("main")).not_to_contain_text("판매가 중지된 서비스입니다")


def verified(people: People, report: ConsumerReport) -> tuple[Page, Correction]:
    """Let the moderator raise what a report finds and the agency confirm it."""
    moderator, agency = people.page(panel.moderator()), people.page(panel.agency())
    people.act(moderator, report, "issue", kind="improvement", text="녹화가 열리지 않음")
    case = Correction.objects.get()
    people.act(agency, case, "verify", finding="녹화한 파일이 열리지 않습니다.")
    return agency, case


def answer(seller: Page, words: str) -> None:
    """Answer on the page that is open."""
    seller.locator("[name=text]").fill(words)
    seller.get_by_role("button", name="시정 결과 내기").click()
    expect(seller.locator("main")).to_contain_text("시정 결과 확인 중")


def test_axe_finds_nothing_on_public_and_staff_pages(people: People) -> None:
    round, service = make.round(active_until=now() + DAY), panel.service()
    first = make.published(make.assigned(round, service=service))
    words = make.texts()
    make.submitted(make.assigned(round, service=service, kind=MemberKind.STUDENT), words=words)
    copied = make.submitted(make.assigned(round, kind=MemberKind.EXPERT), words=words)
    begun = make.written(make.assigned(round))
    base, visitor = people.base, people.page()
    for url in (
        f"/vouchers/services/{service.code}/",
        f"/vouchers/reports/{first.pk}/",
        "/vouchers/reports/",
        "/vouchers/data/",
    ):
        check(visitor, base + url)
    member = people.page(begun.assignment.monitor.user)
    check(member, f"{base}/vouchers/my/reports/")
    check(member, f"{base}/vouchers/my/reports/{begun.assignment_id}/")
    check(member, f"{base}/vouchers/my/reports/{begun.assignment_id}/review/")
    check(member, f"{base}/vouchers/my/activity/")
    admin = people.page(panel.moderator())
    similar = copied.filed.checks.filter(code="similar").first()
    check(admin, f"{base}/admin/vouchers/consumerreport/{copied.pk}/change/", widths=(1280,))
    check(
        admin,
        f"{base}/admin/vouchers/consumerreport/{copied.pk}/compare/{similar.pk}/",
        widths=(1280,),
    )
    by = panel.operator()
    operator, awards = people.page(by), awards_services.propose(round, by=by, now=now())
    for url in (
        f"reportplan/{round.plan.pk}/change/",
        f"reportplan/{round.plan.pk}/scores/",
        f"awardround/{awards.pk}/change/",
        f"correction/{make.raised(first).pk}/change/",
        f"assignmentrun/{AssignmentRun.objects.get(round=round).pk}/change/",
        f"panelround/{round.pk}/change/",
        "catalogueimport/start/",
    ):
        check(operator, f"{base}/admin/vouchers/{url}", widths=(390,))
