"""An opinion in Chromium, from the officer's editing to the firm's page; axe and narrow screens."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from applications.models import Opinion
from portal.models import User
from tests.factories import opinions as made
from tests.factories import staff
from tests.portal.browsing import check, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KEY = {"name": settings.SESSION_COOKIE_NAME}
TEXT = "현장 자료가 충분합니다. 불량률을 잰 방법을 적으면 더 좋습니다."


def enter(context: BrowserContext, base: str, user: User, *, staff_member: bool = True) -> Page:
    context.clear_cookies(**KEY)
    return signed_in(context, base, user, second_factor=staff_member)


def edit(page: Page, text: str, *, name: str = "필요성") -> None:
    page.locator("textarea").first.fill(text)
    page.get_by_label("다 다듬었습니다").check()
    page.get_by_role("button", name="저장").click()


def test_an_opinion_goes_from_the_officer_over_the_manager_to_the_firm(
    live_server, context: BrowserContext
) -> None:
    base = live_server.url
    first, second = made.drafts(2)
    selection, firm = first.run.selections.get(), second.application.created_by
    officer, boss = staff.officer(first.application.sub_program), staff.manager()
    desk = f"{base}/admin/applications"
    result = f"{base}/applications/{second.application_id}/result/"

    page = enter(context, base, firm, staff_member=False)
    check(page, result)
    assert page.get_by_text("공개하면 메일로 알려 드리고").is_visible()

    page = enter(context, base, officer)
    for path in ("opinion/", f"opinion/{first.pk}/change/", f"opinion/{first.pk}/act/withhold/"):
        check(page, f"{desk}/{path}")
    page.goto(f"{desk}/opinion/{first.pk}/change/")
    edit(page, "문의는 010-9999-8888로 주세요.")
    assert page.get_by_text("사람이나 기업을 알 수 있는 말").is_visible()
    assert page.locator("textarea").first.input_value() == "문의는 010-9999-8888로 주세요."
    page.locator("textarea").first.fill(TEXT)
    page.get_by_role("button", name="저장").click()
    page.wait_for_url(f"**/opinion/{second.pk}/change/**")  # the next draft
    assert page.get_by_text("공개 대기로 넘겼습니다").is_visible()
    edit(page, TEXT)
    page.wait_for_url(f"**/opinion/{second.pk}/change/**")
    assert Opinion.objects.filter(state="ready").count() == 2

    page = enter(context, base, boss)
    for path in (
        "opinion/?open=yes",
        f"opinion/{first.pk}/change/",
        f"selection/{selection.pk}/change/",
        f"selection/{selection.pk}/act/release-opinions/",
    ):
        check(page, f"{desk}/{path}")
    page.get_by_role("button", name="평가의견 공개").click()
    assert page.get_by_text("평가의견 2건을 공개했습니다").is_visible()
    check(page, f"{desk}/opinion/{first.pk}/change/")

    page = enter(context, base, firm, staff_member=False)
    check(page, result)
    assert page.get_by_text(TEXT).is_visible()
    assert page.get_by_role("heading", name="평가의견").is_visible()
    for who in (officer, boss, *User.objects.filter(sheets__application=second.application)):
        assert page.get_by_text(who.name).count() == 0
    assert Client().get(result.removeprefix(base)).status_code == 302
