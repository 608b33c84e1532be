"""A panel in the browser: people apply, the operator selects and assigns, a member reads what to try."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser

from portal.clock import now
from portal.roles import PANEL_OPERATOR
from tests.factories import vouchers as make
from tests.journeys.people import Applicant, Staff, letter_to, work
from vouchers.models import AssignmentRun, Monitor, PanelApplication, PanelRound, PanelSelection

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LABELS = ("sme", "expert", "student")


@pytest.fixture
def panel() -> PanelRound:
    at = now()
    return make.panel(
        opens_at=at - timedelta(days=1),
        closes_at=at + timedelta(days=1),
        wishes_until=at + timedelta(days=9),
        active_until=at + timedelta(days=30),
        members_per_service=3,
        target_count=3,
        reserve_count=0,
        load=2,
    )


def apply(person: Applicant, panel: PanelRound, kind: str) -> PanelApplication:
    """Write an application on the page and file it."""
    page = person.page
    person.go(f"/vouchers/panels/{panel.code}/")
    person.press("지원서 쓰기")
    person.sees("아직 제출되지 않았습니다")
    page.set_input_files(
        "[name=file]", {"name": "증빙.png", "mimeType": "image/png", "buffer": make.PNG}
    )
    person.press("올리기")
    page.check(f"[name=kind][value={kind}]")
    for name in ("name", "affiliation", "expertise", "interest"):
        page.fill(f"[name={name}]", str(make.WHOLE[name]))
    application = PanelApplication.objects.latest("pk")
    page.fill("[name=phone]", f"010-4444-{application.pk:04d}")
    page.fill("[name=address]", f"대전광역시 서구 둔산로 {application.pk}")
    page.fill("[name=business_number]", "124-81-00998")
    for name in ("categories", "independent", "consented"):
        page.locator(f"[name={name}]").first.check()
    person.press("제출하기")
    person.sees("접수 완료")
    return application


def test_from_recruitment_to_assignment(
    browser: Browser,
    live_server: Any,
    browser_context_args: dict,
    panel: PanelRound,
    settings,
    tmp_path,
) -> None:
    settings.PRIVATE_ROOT = tmp_path
    base = live_server.url
    services = [make.service() for _ in range(2)]
    make.cover(panel, services)
    make.supplier(email="desk@tied-firm.example")
    people = []
    for place, kind in enumerate(LABELS):
        person = Applicant(browser, base, browser_context_args, f"citizen@town{place}.example")
        person.sign_up(f"국민 {place}")
        apply(person, panel, kind)
        letter_to(person.email, "접수했습니다")
        people.append(person)
    tied = Applicant(browser, base, browser_context_args, "worker@tied-firm.example")
    tied.sign_up("관계자")
    tied.go(f"/vouchers/panels/{panel.code}/")
    tied.press("지원서 쓰기")
    tied.sees("전자우편 도메인과 같습니다")
    assert PanelApplication.objects.count() == 3
    PanelRound.objects.filter(pk=panel.pk).update(closes_at=now())

    operator = Staff(browser, base, browser_context_args, "operator@panel.example", PANEL_OPERATOR)
    for application in PanelApplication.objects.all():
        operator.go(f"/admin/vouchers/panelapplication/{application.pk}/act/mark/")
        operator.page.fill("[name=p_expertise]", "40")
        operator.page.fill("[name=p_interest]", "45")
        operator.page.fill("[name=reason]", "지원서와 증빙을 확인했습니다.")
        operator.press("평가하기")
    operator.go(f"/admin/vouchers/panelround/{panel.pk}/act/select/")
    operator.press("선정안 만들기")
    operator.go(f"/admin/vouchers/panelselection/{PanelSelection.objects.get().pk}/act/release/")
    operator.press("결과 발표")
    operator.sees("발표하고 알렸습니다")
    letter_to(people[0].email, "결과: 선정")

    people[0].go("/vouchers/panel/")
    people[0].page.get_by_role("link", name="희망 서비스 고르기").click()
    people[0].page.select_option("[name=wish1]", services[1].code)
    people[0].press("희망 서비스 저장")
    operator.go(f"/admin/vouchers/panelround/{panel.pk}/act/assign/")
    operator.press("배정 계산")
    work()
    run = AssignmentRun.objects.get()
    operator.go(f"/admin/vouchers/assignmentrun/{run.pk}/change/")
    operator.sees("모든 서비스에 필요한 인원을 구분에 맞게 배정했습니다.")
    operator.go(f"/admin/vouchers/assignmentrun/{run.pk}/act/confirm/")
    operator.press("배정 확정")
    operator.sees("새 배정 6건을 확정")
    letter_to(people[0].email, services[1].name)
    people[0].go("/vouchers/panel/")
    people[0].sees(services[1].name)
    assert {row.assignments.count() for row in Monitor.objects.all()} == {2}
