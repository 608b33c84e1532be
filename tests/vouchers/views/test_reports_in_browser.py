"""Reports, corrections and awards in Chromium: walked from desk to desk, axe, narrow screens."""

from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from portal.clock import now
from portal.models import User
from tests.factories import reports as make
from tests.factories import vouchers as panel
from tests.factories.staff import enter
from vouchers.models import AwardRound, Certificate, ConsumerReport, Correction, Service
from vouchers.services import corrections, moderation, rewarding
from vouchers.states import MemberKind

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


def test_a_report_is_written_accepted_published_and_leads_to_a_certificate(
    people: People, tmp_path: Path
) -> None:
    at = now()
    assignment = make.assigned(
        make.round(active_until=at + 5 * DAY), kind=MemberKind.EXPERT, service=panel.service()
    )
    round, member = assignment.round, assignment.monitor.user
    page, base = people.page(member), people.base
    page.goto(f"{base}/vouchers/my/reports/")
    page.get_by_role("link", name="보고서 쓰기").click()
    page.get_by_label("서비스의 특징").fill("회의를 예약하고")
    expect(page.locator("[data-autosave-status]")).to_contain_text("저장됨", timeout=15_000)
    assert ConsumerReport.objects.get().texts["features"] == "회의를 예약하고"
    picture = tmp_path / "화면.png"
    picture.write_bytes(make.picture(size=(400, 300)).read())
    page.locator("[name=upload]").set_input_files(picture)
    page.locator("[name=caption]").fill("회의 화면")
    page.get_by_role("button", name="그림 올리기").click()
    expect(page.locator(".pictures figcaption")).to_have_text("회의 화면")
    for code, words in make.texts().items():
        page.locator(f"[name=t_{code}]").fill(words)
    for code in make.ratings():
        page.locator(f"[name=r_{code}][value='4']").check()
    page.locator("[name=used_from]").fill((at - 9 * DAY).date().isoformat())
    page.locator("[name=used_to]").fill((at - 2 * DAY).date().isoformat())
    check_here(page)
    page.get_by_role("button", name="저장하고 검토하기").click()
    page.get_by_role("button", name="보고서 제출하기").click()
    expect(page.locator("main")).to_contain_text("제출 완료, 검토 중")
    report = make.fresh(ConsumerReport.objects.get())
    moderation.screen(report.filed, now=at)

    desk = people.page(panel.moderator())
    people.act(desk, report, "accept", note="읽고 확인했습니다.")
    seller = people.page(make.desk(assignment.service.supplier))
    seller.goto(f"{base}/vouchers/supplier/")
    seller.get_by_role("link", name="읽고 의견 내기").click()
    seller.locator("[name=text]").fill("고맙습니다. 알림을 고치겠습니다.")
    seller.get_by_role("button", name="의견 내기").click()
    people.act(desk, report, "publish")
    visitor = people.page()
    visitor.goto(f"{base}/vouchers/reports/{report.pk}/")
    expect(visitor.locator("main")).to_contain_text("고맙습니다. 알림을 고치겠습니다.")
    expect(visitor.locator("main")).not_to_contain_text(member.name)

    operator = people.page(panel.operator())
    people.act(operator, round.plan, "pay-fees")
    people.act(operator, round.plan, "propose-awards")
    people.act(people.page(panel.agency()), AwardRound.objects.get(), "approve")
    people.act(operator, AwardRound.objects.get(), "pay")
    page.goto(f"{base}/vouchers/my/activity/")
    expect(page.locator("main")).to_contain_text("20,100,000원")
    expect(page.locator("main")).to_contain_text("50,000원")
    check_here(page)
    certificate = Certificate.objects.get()
    rewarding.render(certificate, now=now())
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="표창장 PDF 내려받기").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")


def check_here(page: Page) -> None:
    """As `check`, on the page as it stands."""
    found = [row["id"] for row in Axe().run(page).response["violations"]]
    assert found == [], page.url


def test_a_correction_is_walked_to_its_end(people: People) -> None:
    report = make.published()
    service, base = report.assignment.service, people.base
    seller = people.page(make.desk(service.supplier))
    people.act(
        people.page(panel.moderator()), report, "issue", kind="improvement", text="열리지 않음"
    )
    case, agency = Correction.objects.get(), people.page(panel.agency())
    people.act(agency, case, "verify", finding="녹화한 파일이 열리지 않습니다.")
    people.act(agency, case, "ask", wanted="녹화를 고쳐 주세요.")
    check(seller, f"{base}/vouchers/supplier/")
    check(seller, f"{base}/vouchers/supplier/corrections/{case.pk}/")
    seller.locator("[name=text]").fill("2.1판에서 고쳤습니다.")
    seller.get_by_role("button", name="시정 결과 내기").click()
    expect(seller.locator("main")).to_contain_text("시정 결과 확인 중")
    people.act(agency, case, "fix", note="새 판에서 확인함")
    visitor = people.page()
    check(visitor, f"{base}/vouchers/corrections/{case.pk}/")
    expect(visitor.locator("main")).to_contain_text("시정 완료")
    check(visitor, f"{base}/vouchers/corrections/")


def test_an_unanswered_correction_ends_in_a_suspension_that_everybody_sees(
    people: People,
) -> None:
    report = make.published()
    service, base = report.assignment.service, people.base
    case = make.raised(report)
    agency = panel.agency()
    corrections.verify(case, finding="해지할 수 없습니다.", by=agency, now=make.LATER)
    corrections.ask(case, wanted="해지 방법을 알려 주세요.", by=agency, now=make.LATER)
    assert corrections.suspend_overdue(now()) == 1
    visitor = people.page()
    check(visitor, f"{base}/vouchers/services/{service.code}/")
    expect(visitor.locator("main")).to_contain_text("판매가 중지된 서비스입니다")
    check(visitor, f"{base}/vouchers/corrections/{case.pk}/")
    expect(visitor.locator("main")).to_contain_text("판매가 중지되어 있습니다")
    seller = people.page(make.desk(service.supplier))
    seller.goto(f"{base}/vouchers/supplier/corrections/{case.pk}/")
    seller.locator("[name=text]").fill("해지 단추를 넣었습니다.")
    seller.get_by_role("button", name="시정 결과 내기").click()
    people.act(people.page(agency), Correction.objects.get(), "fix", note="확인함")
    assert Service.objects.get(pk=service.pk).state == "on_sale"


def test_axe_finds_nothing_on_public_pages_and_desks(people: People) -> None:
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
    operator = people.page(panel.operator())
    check(operator, f"{base}/admin/vouchers/reportplan/{round.plan.pk}/change/", widths=(1280,))
