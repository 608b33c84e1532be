"""How much a firm does to file the robot scheme: agencies answer, by its box, by paper. Prints the counts."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import yaml
from playwright.sync_api import BrowserContext, Locator, Page, expect

from applications.models import Application, Company
from applications.services import box, registries
from applications.services.intake import partners
from applications.states import ApplicationState
from demo.management.commands.seed_applications import SCENARIO
from portal.core.clock import now
from portal.core.dates import korean_day
from portal.registries.declared import connected
from programs.queries import papers
from tests.factories import programs
from tests.factories.agencies import ANSWERING
from tests.factories.agreements import pdf
from tests.factories.applications import CompanyFactory, SiteFactory, member_of
from tests.portal.browsing import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATIENCE = 60_000
MOST_INPUTS, MOST_UPLOADS = 30, 2


@dataclass
class Work:
    """What one person did on the pages: controls filled, files sent, pages loaded."""

    page: Page
    inputs: int = 0
    uploads: int = 0
    loads: int = 0

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("domcontentloaded", self._count)

    def _count(self, _: Page) -> None:
        self.loads += 1

    def fill(self, control: Locator, value: Any) -> None:
        self.inputs += 1
        if control.get_attribute("type") in ("radio", "checkbox"):
            control.check()
        else:
            control.fill(str(value))

    def send(self, control: Locator, name: str) -> None:
        self.uploads += 1
        data = {"name": name, "mimeType": "application/pdf", "buffer": pdf(name).read()}
        control.set_input_files(data)

    def press(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("button", name=name).first.click()

    def follow(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("link", name=name).first.click()


@pytest.fixture
def firm() -> Any:
    programs.load_open(now())
    company = CompanyFactory()
    SiteFactory(company=company)
    return company


def file_it(work: Work, base: str, *, boxed: bool) -> Application:
    """Begin, answer, ask the partner and file, as the pages ask for it."""
    page, given = work.page, yaml.safe_load(SCENARIO.read_text())["answers"]["robot"]
    page.goto(f"{base}/applications/new/2021-1/robot/")
    work.press("신청서 작성 시작")
    application = Application.objects.latest("pk")
    work.press("저장하고 다음 단계로")  # the firm's registration says all of this step
    _plan(work, given)
    work.press("저장하고 다음 단계로")
    expect(page.locator("[name=q_robot]")).to_have_value("90,000,000")  # from the table of robots
    work.fill(page.locator("[name=q_integration]"), "20,000,000")
    work.press("저장하고 다음 단계로")
    _partner(work, application)
    work.follow("다음 단계로")
    _documents(work, boxed)
    work.follow("다음 단계로")
    _declare(work)
    work.press("저장하고 다음 단계로")
    work.fill(page.locator("[name=confirmed]"), True)
    work.press("제출하기")
    application.refresh_from_db()
    return application


def _plan(work: Work, given: dict[str, Any]) -> None:
    page = work.page
    assert page.locator("[name=q_uses_cobot]").count() == 0  # the scheme says so
    for code in ("process", "problem", "plan", "safety"):
        work.fill(page.locator(f"[name=q_{code}]"), given[code])
    for column, value in given["robots"][0].items():
        work.fill(page.locator(f"[name=q_robots-0-{column}]"), value)


def _partner(work: Work, application: Application) -> None:
    """Invite the supplier with its terms; it accepts, confirms and signs in one visit."""
    firm = CompanyFactory()
    asked = {
        "company_name": firm.name,
        "business_number": firm.business_number,
        "email": "seller@example.kr",
        "part": "로봇 공급과 설치",
        "quote_won": "90000000",
    }
    for name, value in asked.items():
        work.fill(work.page.locator(f"[name={name}]"), value)
    work.press("참여 요청 보내기")
    partner, seller = application.partners.get(), member_of(firm)
    partners.accept(partner, company=firm, by=seller, now=now(), signature="김공급")


def _documents(work: Work, boxed: bool) -> None:
    page = work.page
    if boxed:
        work.press("서류함에서 모두 가져오기")
    for panel in page.locator("section[data-upload]").all():
        required = panel.locator(".badge", has_text="필수")  # not where an agency has answered
        if required.count() == 0 or panel.locator("li a").count():
            continue
        title = panel.locator("h3").inner_text().split()[0]
        work.send(panel.locator("input[type=file]"), f"{title}.pdf")
        expect(panel.locator("li a").first).to_be_visible()


def _declare(work: Work) -> None:
    """Say no to every ground of exclusion, and give the consents that are required."""
    page = work.page
    for answer in page.locator('[name^="q_"][value=false]').all():
        work.fill(answer, False)
    for consent in page.locator('[name^="c_"][value=yes]').all():
        field = consent.locator("xpath=ancestor::fieldset[1]")
        if "(선택)" not in field.inner_text():
            work.fill(consent, True)


def _report(way: str, work: Work) -> None:
    print(  # noqa: T201 - the counts are what it is for
        f"\nrobot, {way}: {work.inputs} inputs, {work.uploads} uploads, {work.loads} loads"
    )


def test_a_firm_with_a_filled_box_files_with_little_work(
    live_server, context: BrowserContext, firm
) -> None:
    owner = member_of(firm)
    today = korean_day(now())
    for kind in papers.kinds().values():
        until = today + timedelta(days=100) if kind.written else None
        box.put(
            firm, kind=kind.code, issued_on=today, valid_until=until, upload=pdf(f"{kind.label}.pdf"),
            by=owner, now=now(),
        )  # fmt: skip
    work = Work(signed_in(context, live_server.url, owner))
    application = file_it(work, live_server.url, boxed=True)
    _report("by the box", work)
    assert application.state == ApplicationState.SUBMITTED
    assert (work.inputs, work.uploads) <= (MOST_INPUTS, MOST_UPLOADS)
    assert work.uploads <= MOST_UPLOADS
    filed = {row["requirement"]: row for row in application.submission.content["attachments"]}
    assert filed["national_tax_clearance"]["issued_on"] == today.isoformat()


def test_a_firm_whose_agencies_answer_attaches_only_what_they_do_not_know(
    live_server, context: BrowserContext, firm, settings
) -> None:
    settings.REGISTRIES = ANSWERING
    Company.objects.filter(pk=firm.pk).update(representative="김하나")
    registries.consent(firm, by=member_of(firm), now=now())
    for code in connected():
        registries.ask_due(code, now=now())
    work = Work(signed_in(context, live_server.url, member_of(firm)))
    application = file_it(work, live_server.url, boxed=False)
    _report("agencies answer", work)
    assert application.state == ApplicationState.SUBMITTED
    assert work.inputs <= MOST_INPUTS
    filed = application.submission.content
    assert [row["requirement"] for row in filed["attachments"]] == ["quote"]
    assert work.uploads == 1
    assert {row["requirement"] for row in filed["told"]} >= {"national_tax_clearance"}


def test_the_same_goes_by_paper(live_server, context: BrowserContext, firm) -> None:
    owner = member_of(firm)
    work = Work(signed_in(context, live_server.url, owner))
    application = file_it(work, live_server.url, boxed=False)
    _report("by paper", work)
    assert application.state == ApplicationState.SUBMITTED
    assert work.inputs <= MOST_INPUTS
    assert work.uploads == 5
