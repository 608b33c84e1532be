"""An officer is invited, enrols, gets the role by a second person, loses the phone and is let in again."""

import re
import time

import pytest
from allauth.mfa import app_settings as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect

from portal.access.roles import OPERATOR, roles_of
from portal.core.clock import now
from portal.core.dates import korean_day
from portal.models import FactorReset, Notice, RoleRequest, StaffInvitation, User
from programs.roles import MANAGER, OFFICER
from tests.factories import staff
from tests.portal.browsing import check, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EMAIL, WORDS = "new@example.kr", "유리 구슬 다섯 개와 지도"


def number(secret: str, periods: int) -> str:
    """Return what the person's authenticator app shows some periods from now."""
    counter = int(time.time()) // mfa.TOTP_PERIOD + periods
    return format_hotp_value(hotp_value(secret, counter))


def sign_in(page: Page, base: str) -> None:
    page.goto(f"{base}/accounts/login/?next=/admin/")
    page.fill("[name=login]", EMAIL)
    page.fill("[name=password]", WORDS)
    page.click("main button[type=submit]")


def enrol(page: Page) -> str:
    """Give the password once more and set up the authenticator app; return its secret."""
    page.fill("[name=password]", WORDS)
    page.click("main button:has-text('확인')")
    secret = page.locator("main code.hash").inner_text().strip()
    page.fill("[name=code]", number(secret, 0))
    page.click("main button:has-text('등록')")
    return secret


def act(page: Page, address: str, **typed: str) -> None:
    page.goto(address)
    for name, value in typed.items():
        page.fill(f"[name={name}]", value)
    page.click(".act-form button[type=submit]")
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_an_officer_is_invited_approved_loses_the_phone_and_is_let_in_again(
    browser: Browser, context: BrowserContext, live_server
) -> None:
    base, program = live_server.url, staff.program()
    operator = signed_in(context, base, staff.staff(OPERATOR), second_factor=True)
    manager = signed_in(browser.new_context(), base, staff.staff(MANAGER), second_factor=True)

    start = base + reverse("admin:portal_staffinvitation_start")
    check(operator, start)
    for name, value in (
        ("email", EMAIL), ("name", "신담당"), ("affiliation", "한빛진흥원"), ("reason", "새 담당자"),
    ):  # fmt: skip
        operator.fill(f"[name={name}]", value)
    operator.check(f"[name=roles][value={OFFICER}]")
    operator.check(f"[name=parts][value='{program.round.code}/{program.code}']")
    operator.click(".act-form button[type=submit]")
    expect(operator.locator(".messagelist .success")).to_contain_text("초대 메일을 보냈습니다")
    row = StaffInvitation.objects.get()
    check(operator, base + reverse("admin:portal_staffinvitation_change", args=[row.pk]))

    officer = browser.new_context().new_page()
    letter = Notice.objects.get(secret=True).body
    link = base + re.search(r"/accounts/invitation/\S+", letter)[0]
    check(officer, link)
    officer.fill("[name=password1]", WORDS)
    officer.fill("[name=password2]", WORDS)
    officer.click("main button:has-text('계정 만들기')")
    officer.fill("[name=login]", EMAIL)
    officer.fill("[name=password]", WORDS)
    officer.click("main button[type=submit]")
    secret = enrol(officer)
    expect(officer.locator("main")).to_contain_text("복구 코드")
    check(officer, f"{base}/account/roles/")
    expect(officer.locator("main")).to_contain_text("승인 대기")
    user = User.objects.get(email=EMAIL)
    assert roles_of(user) == frozenset()
    officer.goto(f"{base}/admin/")
    assert "/admin/" not in officer.url

    asked = base + reverse("admin:portal_rolerequest_change", args=[RoleRequest.objects.get().pk])
    check(operator, asked)
    expect(operator.locator(".act-row a", has_text="승인")).to_have_count(0)
    check(manager, asked)
    check(manager, asked.replace("change/", "act/approve/"))
    act(manager, asked.replace("change/", "act/approve/"))
    assert roles_of(User.objects.get(pk=user.pk)) == {OFFICER}
    check(manager, base + reverse("admin:portal_user_change", args=[user.pk]))
    check(manager, base + reverse("admin:portal_user_act", args=[user.pk, "end"]))

    other = browser.new_context().new_page()
    sign_in(other, base)
    other.fill("[name=code]", number(secret, 1))
    other.click("main button[type=submit]")
    expect(other).to_have_url(f"{base}/admin/")

    # The phone is gone: two people after a written check.
    start = base + reverse("admin:portal_factorreset_start")
    check(manager, start)
    manager.select_option("[name=checked_how]", "in_person")
    act_fields = {
        "email": EMAIL, "reason": "휴대전화 분실", "checked_by": "김확인",
        "checked_on": korean_day(now()).isoformat(),
    }  # fmt: skip
    for name, value in act_fields.items():
        manager.fill(f"[name={name}]", value)
    manager.click(".act-form button[type=submit]")
    expect(manager.locator(".messagelist .success")).to_be_visible()
    reset = FactorReset.objects.get()
    page = base + reverse("admin:portal_factorreset_act", args=[reset.pk, "confirm"])
    manager.goto(page)  # refused: it is the own request
    assert Authenticator.objects.filter(user=user, type="totp").exists()
    check(operator, page)
    act(operator, page)
    other.goto(f"{base}/admin/")
    assert "/accounts/login/" in other.url
    sign_in(other, base)
    again = enrol(other)
    expect(other.locator("main")).to_contain_text("복구 코드")
    assert again != secret
    other.goto(f"{base}/admin/")
    if "/2fa/" in other.url:
        other.fill("[name=code]", number(again, 1))
        other.click("main button[type=submit]")
    expect(other).to_have_url(f"{base}/admin/")
    told = list(Notice.objects.filter(user=user).order_by("pk").values_list("subject", flat=True))
    assert "‘사업 담당자’ 역할이 승인되었습니다" in told
    assert told.index("2단계 인증의 재설정이 요청되었습니다") < told.index(
        "2단계 인증을 재설정했습니다"
    )
