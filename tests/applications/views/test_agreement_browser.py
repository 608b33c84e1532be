"""The pages of an award in Chromium: agreement, work, experts, assessors, and the staff's desk."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from applications.models import Deliverable, Expert
from applications.services.assessment import sheets
from applications.services.delivery import deliverables
from applications.services.settlement import spending
from portal.core.clock import now
from tests.factories import delivery as work
from tests.factories import programs, staff
from tests.factories.agreements import World, pdf
from tests.factories.applications import AttachmentFactory, member_of
from tests.portal.browsing import check, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def owing() -> World:
    """A project whose settlement found less than was paid."""
    world = World(now=now()).conclude()
    world.pay(1)
    world.half_way()
    world.pay(2)
    world.finish()
    world.spend({"robot": 41_234_567}, allowed={"robot": 40_000_000})
    world.settle()
    return world


def check_all(page: Page, base: str, *rests: str) -> None:
    """Hold several pages under one address."""
    for rest in rests:
        check(page, f"{base}{rest}")


def test_axe_finds_nothing_at_the_firm_s_agreement(live_server: Any, context: BrowserContext):
    world = World(now=now())
    page = signed_in(context, live_server.url, world.owner)
    base = f"{live_server.url}/applications/{world.application.pk}/agreement/"
    check_all(page, base, "", "sign/")
    world.conclude()
    world.spend_one()
    check_all(page, base, "", "sign/", "spending/", "reports/progress/")
    check_all(page, base, "changes/period/", "changes/sums/", "changes/supplier/", "give-up/")
    check(page, f"{live_server.url}/agreements/check/?number={world.agreement.number}&sha256=x")


def test_axe_finds_nothing_at_a_settlement(live_server: Any, context: BrowserContext):
    world = owing()
    page = signed_in(context, live_server.url, world.owner)
    base = f"{live_server.url}/applications/{world.application.pk}/agreement/"
    check_all(page, base, "", "spending/", "reports/final/")


def test_axe_finds_nothing_where_work_is_recorded(live_server: Any, context: BrowserContext):
    programs.load()
    agreement = work.under_way("robot")
    row = work.part(agreement, "installation")
    firm = agreement.application.created_by
    by = member_of(agreement.application.partners.get().company)
    words = {"title": "로봇 1대", "body": "설치", "uploads": [pdf()]}
    deliverables.add_entry(row, on=work.TODAY, **words, by=by, now=now())
    page = signed_in(context, live_server.url, by)
    check(page, f"{live_server.url}/delivery/{row.pk}/")
    deliverables.submit(row, by=by, now=now())
    page = signed_in(context, live_server.url, firm)
    check(page, f"{live_server.url}/delivery/{row.pk}/")
    check(page, f"{live_server.url}/applications/{agreement.application_id}/delivery/")


def test_axe_finds_nothing_at_the_experts_desk(live_server: Any, context: BrowserContext):
    programs.load()
    meister = work.expert()
    agreement = work.under_way("meister")
    row = work.part(agreement, "dispatch")
    Deliverable.objects.filter(pk=row.pk).update(expert=meister)
    row.refresh_from_db()
    deliverables.add_entry(
        row,
        on=work.TODAY,
        title="압출 2호기",
        body="살펴봄",
        outcome="조치함",
        amount=4,
        by=meister.user,
        now=now(),
    )
    page = signed_in(context, live_server.url, meister.user)
    check_all(page, f"{live_server.url}/experts/", "", "2021-1/consultant/")
    check(page, f"{live_server.url}/delivery/{row.pk}/")
    page = signed_in(context, live_server.url, agreement.application.created_by)
    check(page, f"{live_server.url}/delivery/{row.pk}/")


def test_axe_finds_nothing_at_the_assessors_desk(live_server: Any, context: BrowserContext):
    program = staff.program()
    officer = staff.officer(program)
    judges = staff.assessors(3)
    done = staff.judged(program, judges=judges)
    waiting = staff.filed(program)
    type(waiting).objects.filter(pk=waiting.pk).update(**{"state": "assessing"})
    waiting.refresh_from_db()
    AttachmentFactory(application=waiting, requirement="quote")
    unseen = sheets.assign(waiting, assessor=judges[1], by=officer, now=now())
    opened = staff.opened(waiting, judges[0], officer)
    locked = done.sheets.get(assessor=judges[0])
    page = signed_in(context, live_server.url, judges[0], second_factor=True)
    desk = f"{live_server.url}/assessor/"
    check_all(page, desk, "", "ties/")
    check_all(page, f"{desk}sheets/", f"{opened.pk}/", f"{opened.pk}/abstain/", f"{locked.pk}/")
    page = signed_in(context, live_server.url, judges[1], second_factor=True)
    check(page, f"{desk}sheets/{unseen.pk}/")


def test_axe_finds_nothing_at_the_staff_s_agreement(live_server: Any, context: BrowserContext):
    world = World(now=now())
    world.papers()
    world.sign()
    page = signed_in(context, live_server.url, world.manager, second_factor=True)
    base = f"{live_server.url}/admin/applications/agreement/"
    check_all(page, base, f"{world.agreement.pk}/change/", f"{world.agreement.pk}/act/conclude/")
    claiming = World(now=now()).conclude()
    claiming.pay(1)
    claiming.half_way()
    claiming.finish()
    claiming.spend_one()
    spending.submit(claiming.fresh(), by=claiming.owner, now=now())
    page = signed_in(context, live_server.url, claiming.officer, second_factor=True)
    check(page, f"{base}{claiming.agreement.pk}/act/judge/")
    settled = owing()
    page = signed_in(context, live_server.url, settled.officer, second_factor=True)
    check_all(page, base, "", f"{settled.agreement.pk}/change/")
    check(page, f"{base}{settled.agreement.pk}/act/recover/")
    check(page, f"{live_server.url}/admin/applications/pendingstep/")


def test_axe_finds_nothing_at_the_staff_s_deliveries(live_server: Any, context: BrowserContext):
    programs.load()
    agreement = work.under_way("meister")
    row = work.part(agreement, "dispatch")
    meister = work.expert()
    officer = work.officer_of(agreement)
    page = signed_in(context, live_server.url, officer, second_factor=True)
    base = f"{live_server.url}/admin/applications/"
    check_all(page, base, "deliverable/", f"deliverable/{row.pk}/act/assign/")
    check_all(page, base, "expertmatch/start/", "expert/", f"expert/{meister.pk}/change/")
    page.goto(f"{base}expertmatch/start/")
    page.select_option("[name=what]", f"{agreement.application.sub_program_id}:meister")
    page.locator(".act-form button[type=submit]").click()
    page.wait_for_load_state()
    check(page, page.url)
    Deliverable.objects.filter(pk=row.pk).update(expert=Expert.objects.get())
    row.refresh_from_db()
    words = {"title": "압출", "body": "살펴봄", "outcome": "조치", "amount": 4}
    deliverables.add_entry(row, on=work.TODAY, **words, by=meister.user, now=now())
    check(page, f"{base}deliverable/{row.pk}/change/")
