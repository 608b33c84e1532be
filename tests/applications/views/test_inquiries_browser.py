"""Inquiries in Chromium: axe and narrow screens on what firms, assessors and staff see."""

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext

from applications.services import inquiries
from portal.core.clock import now
from tests.factories import inquiries as made
from tests.factories import staff
from tests.portal.browsing import check, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_axe_finds_nothing_where_questions_are_asked_and_answered(
    live_server, context: BrowserContext, monkeypatch
) -> None:
    monkeypatch.setattr(staff, "NOW", now())
    judges = staff.assessors(2)
    application, sheets = made.assessed(judges)
    officer, firm = staff.officer(application.sub_program), application.created_by
    asked = made.passed(sheets[0], now=now())
    inquiries.ask_staff(application, text="언제 끝납니까?", by=firm, now=now())
    base, key = live_server.url, {"name": settings.SESSION_COOKIE_NAME}
    page = signed_in(context, base, firm)
    for path in (
        f"applications/{application.pk}/",
        f"applications/{application.pk}/inquiries/",
        f"inquiries/{asked.pk}/answer/",
    ):
        check(page, f"{base}/{path}")
    context.clear_cookies(**key)
    check(
        signed_in(context, base, judges[0], second_factor=True),
        f"{base}/assessor/sheets/{sheets[0].pk}/",
    )
    waiting = made.from_assessor(sheets[1], now=now())
    context.clear_cookies(**key)
    page = signed_in(context, base, officer, second_factor=True)
    for path in (
        f"applications/application/{application.pk}/change/?tab=inquiries",
        f"applications/application/{application.pk}/act/inquire/",
        "applications/inquiry/",
        f"applications/inquiry/{waiting.pk}/change/",
        f"applications/inquiry/{waiting.pk}/act/pass-on/",
    ):
        check(page, f"{base}/admin/{path}")
