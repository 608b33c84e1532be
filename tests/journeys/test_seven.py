"""Each of the seven sub-programmes in the browser: from sign-up to closing at zero difference."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser

from applications.models import Application
from portal.core.clock import now
from programs.roles import MANAGER, OFFICER
from tests.factories import programs
from tests.journeys.applying import Journey
from tests.journeys.awarded import Award
from tests.journeys.conftest import Calendar
from tests.journeys.people import Applicant, letter_to, work

pytestmark = [pytest.mark.browser, pytest.mark.pdf, pytest.mark.django_db(transaction=True)]
Agree = Callable[[Applicant, Application], Award]


@pytest.fixture
def journey(
    browser: Browser, browser_context_args: dict[str, Any], live_server: Any, calendar: Calendar
) -> Journey:
    """The ministry at its desks, the round of 2021 open."""
    programs.load_open(now())
    return Journey(browser, live_server.url, browser_context_args)


@pytest.fixture
def agree(journey: Journey, calendar: Calendar) -> Agree:
    """Conclude the agreement of a selected application."""

    def made(firm: Applicant, application: Application) -> Award:
        award = Award(journey, calendar, firm, application)
        award.conclude()
        return award

    return made


def in_three_parts(award: Award) -> None:
    """Work, pay and settle an award of a shared cost from its signatures to its close."""
    award.pay()
    award.half_way()
    award.pay()
    award.deliver()
    award.finish()
    award.spend()
    award.settle()
    award.pay()
    award.close()


@pytest.mark.parametrize("code", ["robot", "cloud"])
def test_a_shared_cost_is_paid_in_three_parts(code: str, journey: Journey, agree: Agree) -> None:
    in_three_parts(agree(*journey.win(code, 1)))


def test_ineligible_spending_is_recovered(journey: Journey, agree: Agree) -> None:
    award = agree(*journey.win("build", 1))
    award.pay()
    award.half_way()
    award.pay()
    award.deliver()
    award.finish()
    award.spend(refused="solution")
    paid = award.money.paid
    award.settle()
    recovered = award.pay_back()
    award.close()
    assert award.money.paid == paid - recovered


def test_the_reserve_moves_up_after_another_declines(journey: Journey, agree: Agree) -> None:
    first, ahead = journey.apply("meister", 1)
    second, behind = journey.apply("meister", 2)
    for application, percent in ((ahead, 90), (behind, 80)):
        journey.screen(application)
        journey.assign(application, journey.assessors)
        journey.assess(application, journey.assessors, percent=percent)
    journey.release(ahead, places=1)
    journey.read_result(second, behind, "예비")

    first.go(f"/applications/{ahead.pk}/decline/")
    first.fill("note", "공장을 옮기게 되었습니다.")
    first.fill("confirmed", True)
    first.press("포기하기")
    first.sees("포기를 접수했습니다")
    first.leave()
    change = behind.changes.get()
    journey.officer.act("decisionchange", change.pk, "take-up")
    journey.manager.act("decisionchange", change.pk, "approve")
    letter_to(second.email, "선정")
    journey.read_result(second, behind, "선정")

    award = agree(second, behind)
    award.deliver()
    award.finish()
    award.settle()
    award.close()


def test_an_objection_wins_before_other_people(journey: Journey, agree: Agree) -> None:
    firm, application = journey.apply("aftercare", 1)
    journey.screen(application)
    first = list(journey.assessors)
    journey.assign(application, first)
    journey.assess(application, first, percent=50)
    selection = journey.release(application)
    journey.read_result(firm, application, "기준점수")

    firm.go(f"/applications/{application.pk}/objection/")
    firm.fill("text", "고장 때문에 생산이 멈춘 기록을 함께 냈는데 반영되지 않았습니다.")
    firm.attach("files", title="생산 중단 기록")
    firm.fill("confirmed", True)
    firm.press("이의신청 내기")
    firm.sees("심의하고 있습니다")
    objection = application.objection
    assert not journey.officer.is_offered("objection", objection.pk, "uphold")
    assert not journey.manager.is_offered("objection", objection.pk, "uphold")

    hearing = journey.staff("hearing", OFFICER)
    head, chief = journey.staff("head", MANAGER), journey.staff("chief", MANAGER)
    head.act(
        "objection",
        objection.pk,
        "uphold",
        remedy="sheets",
        note="생산 중단 기록을 보지 못하고 평가한 것을 확인했습니다.",
    )
    others = journey.committee(3)
    journey.assign(application, others, by=hearing)
    journey.assess(application, others)
    hearing.act("objection", objection.pk, "rescore")
    work()
    objection.refresh_from_db()
    assert objection.run.previous == selection.run
    change = application.changes.get()
    assert not journey.officer.is_offered("decisionchange", change.pk, "approve")
    hearing.act("decisionchange", change.pk, "take-up")
    assert not hearing.is_offered("decisionchange", change.pk, "approve")
    chief.act("decisionchange", change.pk, "approve")
    journey.read_result(firm, application, "선정")

    in_three_parts(agree(firm, application))


def test_counselling_is_counted_in_held_days(journey: Journey, agree: Agree) -> None:
    award = agree(*journey.win("capability", 1))
    award.deliver()
    days = award.agreement.deliverables.get()
    assert len(set(days.entries.values_list("on", flat=True))) == 5
    award.finish()
    award.settle()
    award.close()


def test_an_assignment_that_fails_says_what_is_short(journey: Journey, agree: Agree) -> None:
    firm, application = journey.apply("level-check", 1)
    journey.screen(application)
    officer, (tied, *rest) = journey.officer, journey.assessors
    for assessor in journey.assessors:
        officer.add("applications/assessorprofile", user=assessor.user.pk)
    officer.add(
        "portal/declaredtie",
        user=tied.user.pk,
        kind="employment",
        firm_name=application.company.name,
        business_number=application.company.business_number,
    )
    failed = journey.solve(application)
    officer.sees(
        "자리 부족",
        "신청 1건 가운데 0건에 3명 이상을 배정하고, 1건은 배정하지 못했습니다.",
        f"{application.number}: 5명이 필요하지만 이해관계와 배정 금지를 빼면 맡을 수 있는 평가위원이"
        " 2명뿐이라 3명이 부족합니다.",
    )
    officer.act(
        "committeeproposal", failed.pk, "discard", note="평가위원을 더한 뒤 다시 계산합니다."
    )
    more = journey.committee(3)
    for assessor in more:
        officer.add("applications/assessorprofile", user=assessor.user.pk)
    solved = journey.solve(application)
    officer.sees("확정 대기", "필요한 5자리를 모두 채웠습니다.")
    officer.act("committeeproposal", solved.pk, "confirm")
    assert not application.sheets.filter(assessor=tied.user).exists()
    journey.assess(application, [*rest, *more])
    journey.release(application)
    journey.read_result(firm, application, "선정")

    award = agree(firm, application)
    award.deliver()
    certificate = application.agreement.deliverables.get(code="committee").certificate
    path = f"/applications/{application.pk}/documents/certificate/"
    work()
    assert certificate.number in firm.printed(f"{path}?download=1")
    award.finish()
    award.settle()
    award.pay()
    award.close()
