"""Sign-up, its mails and sign-in: mails go through the outbox, a one-time code counts once."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa import app_settings as mfa
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from portal.access.roles import declared, roles_of
from portal.core.clock import now
from portal.forms.fields import one_line
from portal.models import Notice, User
from portal.notices import outbox

KNOWN = "portal_known"
KNOWN_SECONDS = 180 * 24 * 60 * 60


class SignupForm(forms.Form):
    name = forms.CharField(label="이름", max_length=50, validators=[one_line])

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class PortalAccountAdapter(DefaultAccountAdapter):
    """Writes allauth's mails to the outbox, so that an unreachable mail server loses none."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        message = self.render_mail(template_prefix, email, context)
        at = now()
        digest = hashlib.sha256(message.body.encode()).hexdigest()[:16]
        Notice.objects.create(
            key=f"account:{template_prefix}:{email}:{at.timestamp()}:{digest}"[:200],
            to_email=email,
            user=User.objects.filter(email=email.lower()).first(),
            subject=message.subject,
            body=message.body,
            created_at=at,
        )
        transaction.on_commit(
            outbox.notify, robust=True
        )  # sent at once: a sign-in code is expected

    def get_reset_password_from_key_url(self, key: str) -> str:
        # The portal's own origin, whatever host the request names.
        url: str = super().get_reset_password_from_key_url(key)
        return f"{settings.ORIGIN}{urlsplit(url).path}"

    def clean_email(self, email: str) -> str:
        return email.lower()

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if request.user.is_staff:
            return reverse("admin:index")
        homes = (declared()[name].home for name in sorted(roles_of(request.user)))
        return next(filter(None, homes), settings.LOGIN_REDIRECT_URL)

    def post_login(self, request: HttpRequest, user: User, **how: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **how)
        response.set_signed_cookie(
            KNOWN,
            f"{_fingerprint(user.email)}:{secrets.token_hex(16)}",
            salt=KNOWN,
            max_age=KNOWN_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=settings.SECURE,
        )
        return response

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return the key under which failed sign-ins of an account are counted.

        A browser in which the account has signed in before has a key of its own: strangers who use up
        the account's attempts do not lock its owner out.
        """
        claimed = claimed_email(request, credentials)
        cookie = (
            request.get_signed_cookie(KNOWN, default="", salt=KNOWN, max_age=KNOWN_SECONDS) or ""
        )
        owner, _, number = cookie.partition(":")
        return f"{claimed}:{number}" if owner == _fingerprint(claimed) else claimed

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)


class OnceMixin:
    """Accepts a one-time code once for as long as it is valid.

    allauth forgets a used code after one period, but with tolerance it is valid for several.
    """

    user: User

    def clean_code(self) -> str:
        # `cache.add` is atomic in the cache that all processes share.
        code: str = super().clean_code()  # type: ignore[misc]
        seconds = mfa.TOTP_PERIOD * (2 * mfa.TOTP_TOLERANCE + 1)
        if not cache.add(f"portal.code:{self.user.pk}:{code}", "used", timeout=seconds):
            raise forms.ValidationError("이미 사용한 인증번호입니다. 다음 번호를 입력하세요.")
        return code


class SecondFactorForm(OnceMixin, AuthenticateForm):
    """The second step of a sign-in."""


class SecondFactorAgainForm(OnceMixin, ReauthenticateForm):
    """The second factor once more, before a sensitive change."""


def client_address(request: HttpRequest) -> str:
    """Return the client's address as the outermost of our proxies saw it.

    PORTAL_PROXIES is the number of our own proxies; without any, `X-Forwarded-For` can be forged and
    is not read.
    """
    named = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    proxies: int = settings.TRUSTED_PROXIES
    if 0 < proxies <= len(named) and named[-proxies]:
        return named[-proxies]
    return str(request.META.get("REMOTE_ADDR", ""))


def claimed_email(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> str:
    """Return the account a sign-in is attempted for, in lower case."""
    given = credentials or {}
    claimed = given.get("email") or given.get("username") or request.POST.get("login") or ""
    return claimed.strip().lower()


def _fingerprint(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()[:16]
