"""A panel in the browser, from the first sign-up to the certificate: every step on a page."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from portal.core.clock import now
from tests.factories import reports
from tests.factories import vouchers as make
from tests.journeys.people import Applicant, Staff, letter_to, work
from vouchers.models import (
    AssignmentRun,
    AwardRound,
    Certificate,
    ConsumerReport,
    Monitor,
    PanelApplication,
    PanelRound,
    PanelSelection,
    Service,
)
from vouchers.roles import AGENCY, MODERATOR, PANEL_OPERATOR

pytestmark = [pytest.mark.browser, pytest.mark.pdf, pytest.mark.django_db(transaction=True)]
KINDS = ("sme", "expert", "student")
DAY = timedelta(days=1)
POOL = 20_100_000


class Journey:
    """The people of the journey, each with a browser of their own."""

    def __init__(self, browser: Browser, base: str, context: dict[str, Any]) -> None:
        self.world = (browser, base, context)
        self.panel = reports.round(
            opens_at=now() - DAY,
            closes_at=now() + DAY,
            wishes_until=now() + 9 * DAY,
            active_until=now() + 30 * DAY,
            members_per_service=3,
            target_count=3,
            reserve_count=0,
            load=2,
        )
        self.services = [make.service() for _ in range(2)]
        make.cover(self.panel, self.services)

    def person(self, email: str, name: str) -> Applicant:
        person = Applicant(*self.world, email)
        person.sign_up(name)
        return person

    def staff(self, name: str, role: str) -> Staff:
        return Staff(*self.world, f"{name}@panel.example", role)

    def act(self, who: Staff, thing: Model, act: str, **fields: Any) -> None:
        """Press a button of a thing's staff page and fill what it asks."""
        who.act(str(thing._meta.model_name), thing.pk, act, app="vouchers", **fields)

    def apply(self, person: Applicant, kind: str) -> None:
        """Write an application with its proof and file it."""
        page = person.page
        person.go(f"/vouchers/panels/{self.panel.code}/")
        person.press("지원서 쓰기")
        person.sees("아직 제출되지 않았습니다")
        page.set_input_files(
            "[name=file]", {"name": "증빙.png", "mimeType": "image/png", "buffer": make.PNG}
        )
        expect(page.locator("#evidence a")).to_contain_text("증빙.png", timeout=60_000)
        page.check(f"[name=kind][value={kind}]")
        for name in ("name", "affiliation", "expertise", "interest", "business_number"):
            page.fill(f"[name={name}]", str(make.WHOLE[name]))
        application = PanelApplication.objects.latest("pk")
        page.fill("[name=phone]", f"010-4444-{application.pk:04d}")
        page.fill("[name=address]", f"대전광역시 서구 둔산로 {application.pk}")
        for name in ("categories", "independent", "consented"):
            page.locator(f"[name={name}]").first.check()
        person.press("제출하기")
        person.sees("접수 완료")
        letter_to(person.email, "접수했습니다")

    def write(self, person: Applicant, service: Service) -> ConsumerReport:
        """Write the report of a service, with a picture, and hand it in."""
        page = person.page
        person.go("/vouchers/my/reports/")
        page.get_by_role("row", name=service.name).get_by_role("link", name="보고서 쓰기").click()
        page.get_by_label("서비스의 특징").fill("회의를 예약하고")
        expect(page.locator("[data-autosave-status]")).to_contain_text("저장됨")
        report = ConsumerReport.objects.latest("pk")
        assert report.texts["features"] == "회의를 예약하고"
        picture = reports.picture(size=(400, 300), colour=f"#{report.pk % 0xFFFFFF:06x}").read()
        page.set_input_files(
            "[name=upload]", {"name": "화면.png", "mimeType": "image/png", "buffer": picture}
        )
        page.fill("[name=caption]", "회의 화면")
        person.press("그림 올리기")
        expect(page.locator(".pictures figcaption")).to_have_text("회의 화면")
        for code, words in reports.texts().items():
            page.fill(f"[name=t_{code}]", words)
        for code in reports.ratings():
            page.locator(f"[name=r_{code}][value='4']").check()
        page.fill("[name=used_from]", (now() - 9 * DAY).date().isoformat())
        page.fill("[name=used_to]", (now() - 2 * DAY).date().isoformat())
        person.press("저장하고 검토하기")
        person.press("보고서 제출하기")
        person.sees("제출 완료, 검토 중")
        return report


def test_from_recruitment_to_certificate(
    browser: Browser, live_server: Any, browser_context_args: dict, settings, tmp_path
) -> None:
    settings.PRIVATE_ROOT = tmp_path
    journey = Journey(browser, live_server.url, browser_context_args)
    panel, services = journey.panel, journey.services

    # People apply; whoever works for a supplier cannot.
    people = [journey.person(f"citizen@town{place}.example", f"국민 {place}") for place in range(3)]
    for person, kind in zip(people, KINDS, strict=True):
        journey.apply(person, kind)
    seller = journey.person("worker@tied-firm.example", "관계자")
    owner = services[0].supplier
    operator = journey.staff("operator", PANEL_OPERATOR)
    journey.act(operator, owner, "member", email=seller.email)
    seller.go(f"/vouchers/panels/{panel.code}/")
    seller.press("지원서 쓰기")
    seller.sees("공급기업")
    assert PanelApplication.objects.count() == 3

    # The operator marks, selects and tells everybody; members wish; the services are shared out.
    PanelRound.objects.filter(pk=panel.pk).update(closes_at=now())
    for application in PanelApplication.objects.all():
        journey.act(
            operator, application, "mark", p_expertise=40, p_interest=45, reason="확인했습니다."
        )
    journey.act(operator, panel, "select")
    journey.act(operator, PanelSelection.objects.get(), "release")
    operator.sees("발표하고 알렸습니다")
    for person in people:
        letter_to(person.email, "결과: 선정")
    people[0].go("/vouchers/panel/")
    people[0].page.get_by_role("link", name="희망 서비스 고르기").click()
    people[0].page.select_option("[name=wish1]", services[1].code)
    people[0].press("희망 서비스 저장")
    journey.act(operator, panel, "assign")
    work()
    run = AssignmentRun.objects.get()
    operator.go(f"/admin/vouchers/assignmentrun/{run.pk}/change/")
    operator.sees("모든 서비스에 필요한 인원을 구분에 맞게 배정했습니다.")
    journey.act(operator, run, "confirm")
    operator.sees("새 배정 6건을 확정")
    letter_to(people[0].email, services[1].name)
    assert {row.assignments.count() for row in Monitor.objects.all()} == {2}

    # Two members write; the moderator reads, the supplier comments, the public reads.
    moderator = journey.staff("moderator", MODERATOR)
    told = [journey.write(people[0], services[0]), journey.write(people[1], services[0])]
    work()
    for report in told:
        journey.act(moderator, report, "accept", note="읽고 확인했습니다.")
        letter_to(report.assignment.monitor.user.email, "채택")
        letter_to(seller.email, services[0].name)
        seller.go("/vouchers/supplier/")
        seller.page.get_by_role("link", name="읽고 의견 내기").click()
        seller.page.fill("[name=text]", "고맙습니다. 알림을 고치겠습니다.")
        seller.press("의견 내기")
        journey.act(moderator, report, "publish")
    reader = Applicant(*journey.world, "reader@town.example")
    reader.go(f"/vouchers/services/{services[0].code}/")
    reader.sees("고맙습니다. 알림을 고치겠습니다.")
    words = reader.page.locator("main").inner_text()
    assert not [person.email for person in people if person.email in words]
    assert "국민 0" not in words

    # Fees and the whole pool are paid, by two people, and the certificate is read.
    plan = panel.plan
    journey.act(operator, plan, "pay-fees")
    operator.sees("원고료 2건, 100,000원을 지급했습니다.")
    journey.act(operator, plan, "propose-awards")
    awards = AwardRound.objects.get()
    assert sum(awards.awards.values_list("amount_won", flat=True)) == POOL
    journey.act(journey.staff("agency", AGENCY), awards, "approve")
    journey.act(operator, awards, "pay")
    operator.sees("인센티브 20,100,000원을 지급했습니다.")
    work()
    award = awards.awards.select_related("monitor__user", "certificate").get(rank=1)
    winner = next(one for one in people if one.email == award.monitor.user.email)
    winner.go("/vouchers/my/activity/")
    winner.sees(f"{award.amount_won:,}원")
    winner.sees("50,000원")
    with winner.page.expect_download() as download:
        winner.page.get_by_role("link", name="표창장 PDF 내려받기").click()
    paper = PdfReader(io.BytesIO(download.value.path().read_bytes()))
    printed = "".join("".join(page.extract_text() for page in paper.pages).split())
    for told_there in (
        Certificate.objects.get(award=award).number,
        make.WHOLE["name"],
        award.label,
        f"{award.score}점(1위)",
        "창업진흥원장",
        awards.results_sha256,
    ):
        assert "".join(str(told_there).split()) in printed, told_there
