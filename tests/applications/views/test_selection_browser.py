"""Decisions in Chromium: axe and narrow screens on what applicants, the public and staff see."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from applications.models import Application, DecisionChange, LateGrant, Objection, Selection
from applications.services import objection
from applications.services.intake import late_filing
from applications.services.selection import changes
from portal.core.clock import now
from portal.models import IncidentMinute, User
from tests.applications.views.intake.test_drafting_browser import check, signed_in
from tests.factories import staff
from tests.factories.applications import CompanyFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MARKS = ((28, 36, 28), (26, 34, 26), (24, 32, 24))


@pytest.fixture
def three(monkeypatch) -> list[Application]:
    """A selected one and two in reserve, released just now."""
    monkeypatch.setattr(staff, "NOW", now())
    program = staff.program(money=50_000_000)
    judges = staff.assessors(3)
    made = [staff.judged(program, marks, judges=judges) for marks in MARKS]
    staff.released(program, by=staff.manager(), places=1)
    return [Application.objects.get(pk=row.pk) for row in made]


def desk(context: BrowserContext, base: str, user: User) -> Page:
    """A page of the staff site, past the second factor."""
    session = staff.enter(Client(), user).session.session_key
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base}])
    return context.new_page()


def test_axe_finds_nothing_where_a_result_is_read_contested_and_given_up(
    live_server, context: BrowserContext, three: list[Application]
) -> None:
    page = signed_in(context, live_server.url, three[1].created_by)
    base = f"{live_server.url}/applications/{three[1].pk}"
    for name in ("", "result/", "objection/", "decline/"):
        check(page, f"{base}/{name}")
    case = objection.file(three[1], text="점수", by=three[1].created_by, now=now())
    for name in ("", "objection/"):
        check(page, f"{base}/{name}")
    objection.dismiss(case, note="다시 보았습니다.", by=staff.manager(), now=now())
    changes.decline(three[1], note="사정", by=three[1].created_by, now=now())
    for name in ("", "result/", "objection/"):
        check(page, f"{base}/{name}")
    check(page, f"{live_server.url}/results/")


def test_axe_finds_nothing_on_the_desk_of_decisions(
    live_server, context: BrowserContext, three: list[Application]
) -> None:
    at, boss = now(), staff.manager()
    case = objection.file(three[2], text="점수", by=three[2].created_by, now=at)
    changes.decline(three[0], note="사정", by=three[0].created_by, now=at)
    firm = CompanyFactory()
    program = three[0].sub_program
    leave = late_filing.grant(
        program, company=firm, site=None, until=at + timedelta(days=2), reason="장애",
        by=boss, now=at,
    )  # fmt: skip
    IncidentMinute.objects.create(
        scope="2021-1/robot", minute=at, kind="error", source="a", count=3
    )
    selection, change = (
        Selection.objects.get(),
        DecisionChange.objects.filter(state="drafted").get(),
    )
    page = desk(context, live_server.url, boss)
    for path in (
        "applications/objection/",
        f"applications/objection/{case.pk}/change/",
        f"applications/objection/{case.pk}/act/uphold/",
        f"applications/objection/{case.pk}/act/dismiss/",
        "applications/decisionchange/",
        f"applications/decisionchange/{change.pk}/change/",
        "applications/lategrant/",
        f"applications/lategrant/{leave.pk}/change/",
        "applications/lategrant/grant/",
        f"applications/selection/{selection.pk}/change/",
        f"applications/selection/{selection.pk}/letters/",
        "applications/roundreport/figures/",
        "portal/incidentminute/",
        "",
    ):
        check(page, f"{live_server.url}/admin/{path}")
    assert Objection.objects.count() == LateGrant.objects.count() == 1
