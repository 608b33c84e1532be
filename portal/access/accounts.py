"""Sign-up, sign-in and their mails, which go through the outbox."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.module_loading import import_string

from portal.access.hashing import Busy
from portal.access.roles import declared, roles_of
from portal.core import following
from portal.core.clock import now
from portal.core.errors import Finding
from portal.core.validators import same_email
from portal.forms.fields import NameField
from portal.models import ApiToken, Notice, TodoSettings, User
from portal.notices import outbox

SECRETS = {"code", "key", "activate_url", "password_reset_url"}
"""What allauth's mails are given when they open an account to their reader."""
KNOWN = "portal_known"
KNOWN_SECONDS = 180 * 24 * 60 * 60


class SignupForm(forms.Form):
    name = NameField(label="이름", max_length=50)

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class PortalAccountAdapter(DefaultAccountAdapter):
    """Writes allauth's mails to the outbox, so that an unreachable mail server loses none."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Write a mail; one with a code or a link that opens the account is kept until it is sent."""
        message = self.render_mail(template_prefix, email, context)
        at = now()
        digest = hashlib.sha256(message.body.encode()).hexdigest()[:16]
        Notice.objects.create(
            key=f"account:{template_prefix}:{email}:{at.timestamp()}:{digest}"[:200],
            to_email=email,
            user=account_of(email),
            subject=message.subject,
            body=message.body,
            secret=bool(SECRETS & context.keys()),
            created_at=at,
            request_id=following.current(),
        )
        transaction.on_commit(
            outbox.notify, robust=True
        )  # sent at once: a sign-in code is expected

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        try:
            user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        except Busy:
            self._rollback_login_failed_rl_usage()  # nothing was tried
            raise
        return user

    def send_account_already_exists_mail(self, email: str) -> None:
        # As long as the hash of a new account takes: the time does not tell that the address is known.
        make_password(secrets.token_hex())
        super().send_account_already_exists_mail(email)

    def set_password(self, user: User, password: str) -> None:
        """Set the password; Django ends the other sessions with the old one, this the API tokens."""
        super().set_password(user, password)
        revoke_tokens(user, now=now())

    def get_reauthentication_methods(self, user: User) -> list[dict[str, str]]:
        """Return the ways to confirm oneself; with a second factor the password alone is none."""
        ways: list[dict[str, str]] = super().get_reauthentication_methods(user)
        return [way for way in ways if way["id"].startswith("mfa")] or ways

    def get_reset_password_from_key_url(self, key: str) -> str:
        # The portal's own origin, whatever host the request names.
        url: str = super().get_reset_password_from_key_url(key)
        return f"{settings.ORIGIN}{urlsplit(url).path}"

    def clean_email(self, email: str) -> str:
        return same_email(email)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if request.user.is_staff:
            return reverse("admin:index")
        homes = (declared()[name].home for name in sorted(roles_of(request.user)))
        return next(filter(None, homes), settings.LOGIN_REDIRECT_URL)

    def post_login(self, request: HttpRequest, user: User, **how: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **how)
        if is_mfa_enabled(user) and _known_browser(request, user.email) is None:
            at = now()
            outbox.write(
                "portal/new_device",
                to_email=user.email,
                user=user,
                key=f"new_device:{user.pk}:{at.timestamp()}",
                now=at,
                at=at,
                address=client_address(request),
                browser=request.headers.get("User-Agent", "")[:200],
            )
        response.set_signed_cookie(
            settings.KNOWN_COOKIE_NAME,
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
        number = _known_browser(request, claimed)
        return claimed if number is None else f"{claimed}:{number}"

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)


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
    return same_email(claimed)


def verified_addresses(user: User) -> frozenset[str]:
    """Return every address that is proven to be the person's, in lower case."""
    return verified_addresses_of([user])[user.pk]


def verified_addresses_of(users: Iterable[User]) -> dict[int, frozenset[str]]:
    """Return the addresses of `verified_addresses` by user id, in one query."""
    found = {user.pk: {user.email.lower()} for user in users}
    rows = EmailAddress.objects.filter(user__in=found, verified=True)
    for pk, email in rows.values_list("user", "email"):
        found[pk].add(email.lower())
    return {pk: frozenset(addresses - {""}) for pk, addresses in found.items()}


def lock_refusals(user: User) -> list[Finding]:
    """Return why an account may not be locked now, as each app of `settings.LOCK_REFUSALS` says."""
    found = (import_string(path)(user) for path in settings.LOCK_REFUSALS)
    return [row for row in found if row is not None]


def account_of(email: str) -> User | None:
    """Return the person to whom an address belongs, also as a verified second one."""
    address = same_email(email)
    own = User.objects.filter(email=address).first()
    if own is not None:
        return own
    row = EmailAddress.objects.filter(email__iexact=address, verified=True).first()
    return row.user if row else None


def end_access(user: User, *, now: datetime) -> None:
    """End every session and API token of an account, so that unlocking it revives none."""
    revoke_tokens(user, now=now)
    for session in UserSession.objects.filter(user=user):
        session.end()


def revoke_tokens(user: User, *, now: datetime) -> None:
    """Revoke what opens something of the account without a session: API tokens and the calendar."""
    TodoSettings.objects.filter(user=user).update(feed_digest=None)
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now)


def _known_browser(request: HttpRequest, email: str) -> str | None:
    """Return the number of a browser in which this account has signed in before, else None."""
    name = settings.KNOWN_COOKIE_NAME
    cookie = request.get_signed_cookie(name, default="", salt=KNOWN, max_age=KNOWN_SECONDS) or ""
    owner, _, number = cookie.partition(":")
    return number if owner == _fingerprint(email) else None


def _fingerprint(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()[:16]
