"""Officers in Chromium: a file is taken and a memo written by keyboard; axe and narrow screens."""

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext

from applications.models import Application, StaffNote
from applications.services.officers import charge, distribution
from portal.core.clock import now
from tests.factories import staff
from tests.portal.browsing import check, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_officer_takes_a_file_and_writes_a_memo_without_a_mouse(
    live_server, context: BrowserContext
) -> None:
    program = staff.program()
    officer, filed = staff.officer(program), staff.filed(program)
    page = signed_in(context, live_server.url, officer, second_factor=True)
    address = reverse("admin:applications_application_change", args=[filed.pk])
    page.goto(f"{live_server.url}{address}?tab=notes")
    page.get_by_role("link", name="맡기").press("Enter")
    page.get_by_role("button", name="맡기").press("Enter")
    page.get_by_role("textbox", name="메모").fill("견적서를 다시 받기로 함")
    page.get_by_role("button", name="메모 남기기").press("Enter")
    page.get_by_text("메모를 남겼습니다.").wait_for()
    assert Application.objects.get(pk=filed.pk).officer == officer
    assert StaffNote.objects.get().text == "견적서를 다시 받기로 함"
    check(page, f"{live_server.url}{address}?tab=notes")


def test_axe_finds_nothing_where_rules_and_stand_ins_are_set(
    live_server, context: BrowserContext
) -> None:
    program = staff.program()
    boss, officer = staff.manager(), staff.officer(program)
    charge.take(staff.filed(program), by=officer, now=now())
    distribution.set_rules(program, [], base=0, by=boss, now=now())
    page = signed_in(context, live_server.url, boss, second_factor=True)
    for address in (
        reverse("admin:applications_distributionplan_changelist"),
        reverse("admin:applications_distributionplan_rules", args=[program.pk]),
        reverse("admin:applications_standin_start"),
    ):
        check(page, f"{live_server.url}{address}")
