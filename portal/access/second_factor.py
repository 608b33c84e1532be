"""The second factor: who must have one, whether this session has it, and codes that count once."""

from collections.abc import Iterable
from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings as mfa
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import (
    SECRET_SESSION_KEY,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt, encrypt, is_mfa_enabled
from django import forms
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from portal.access import factor_secrets
from portal.access.requests import person
from portal.access.roles import declared, roles_of
from portal.models import User


class PortalMFAAdapter(DefaultMFAAdapter):
    """Keeps the second factor of those who must have one; two people can reset it."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": (
            "업무 계정과 평가위원 계정은 2단계 인증을 끌 수 없습니다. 휴대전화를 바꾸었거나 잃어버렸다면 "
            "시스템 운영자에게 재설정을 요청하세요."
        ),
    }

    def encrypt(self, text: str) -> str:
        return factor_secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return factor_secrets.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not needs_second_factor(authenticator.user)


class OnceMixin:
    """Accepts a one-time code once for as long as it is valid, however it is written.

    allauth forgets a used code after one period, but with tolerance it is valid for several.
    """

    user: User

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        authenticator: Authenticator = self.authenticator  # type: ignore[attr-defined] # set above
        if authenticator.type != Authenticator.Type.TOTP:
            return code  # a recovery code is struck off its list
        secret = decrypt(authenticator.data["secret"])
        used = _matching(secret, code, yield_hotp_counters_from_time())
        seconds = mfa.TOTP_PERIOD * (2 * mfa.TOTP_TOLERANCE + 1)
        # `cache.add` is atomic in the cache that all processes share.
        if not cache.add(f"portal.code:{authenticator.pk}:{used}", "used", timeout=seconds):
            raise forms.ValidationError("이미 사용한 인증번호입니다. 다음 번호를 입력하세요.")
        return code


def _matching(secret: str, code: str, counters: Iterable[int]) -> int | None:
    """Return the counter of the period that the code belongs to, whatever stands between its digits."""
    for counter in counters:
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter))):
            return counter
    return None


class ActivationForm(ActivateTOTPForm):
    """The set-up of an app, whose secret waits in the session as it will lie in the database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session = context.request.session
        if kept := session.get(SECRET_SESSION_KEY):
            session[SECRET_SESSION_KEY] = decrypt(kept)
        super().__init__(*args, **kwargs)
        session[SECRET_SESSION_KEY] = encrypt(self.secret)


class SecondFactorForm(OnceMixin, AuthenticateForm):
    """The second step of a sign-in."""


class SecondFactorAgainForm(OnceMixin, ReauthenticateForm):
    """The second factor once more, before a sensitive change."""


def needs_second_factor(user: User) -> bool:
    """Tell whether this account may not be without a second factor."""
    return user.is_staff or any(declared()[name].second_factor for name in roles_of(user))


def passed_second_factor(request: HttpRequest) -> bool:
    methods = request.session.get("account_authentication_methods", [])
    return any(step.get("method") == "mfa" for step in methods)


def lacks_second_factor(request: HttpRequest) -> bool:
    """Tell whether this is a member of staff without a second factor in this session."""
    return person(request).is_staff and not passed_second_factor(request)


def redirect_to_second_factor(request: HttpRequest, target: str) -> HttpResponse:
    step = "mfa_reauthenticate" if is_mfa_enabled(request.user) else "mfa_activate_totp"
    return redirect(f"{reverse(step)}?{urlencode({'next': target})}")
