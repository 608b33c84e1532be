"""Signed-in sessions in bulk, and requests that carry them."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.signing import get_cookie_signer

from bench.load import HOST, message
from bench.parts import csrf
from portal.core.clock import now
from portal.models import User
from portal.records import bulk
from portal.web import resending

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
CSRF = secrets.token_hex(16)
SECOND_FACTOR = {"account_authentication_methods": [{"method": "password"}, {"method": "mfa"}]}


def open_for(people: Sequence[int], **more: object) -> list[str]:
    """Open a session for each person as signing in does; return the keys in the same order."""
    users = User.objects.in_bulk(list(people))
    store = SessionStore()
    expires = now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    rows = [
        (
            secrets.token_hex(16),
            store.encode(
                {
                    SESSION_KEY: str(pk),
                    BACKEND_SESSION_KEY: BACKEND,
                    HASH_SESSION_KEY: users[pk].get_session_auth_hash(),
                    **more,
                }
            ),
            expires,
        )
        for pk in people
    ]
    bulk.insert(Session, ["session_key", "session_data", "expire_date"], rows)
    return [key for key, _, _ in rows]


def cookies_of(person: int, key: str) -> dict[str, str]:
    """Return the cookies of a browser in which somebody is signed in."""
    name = settings.AUTHOR_COOKIE_NAME
    author = get_cookie_signer(salt=name + resending.AUTHOR_SALT).sign(str(person))
    return {
        settings.SESSION_COOKIE_NAME: key,
        settings.CSRF_COOKIE_NAME: CSRF,
        name: author,
    }


def post(path: str, cookies: dict[str, str], **fields: str) -> str:
    """Write a POST of a signed-in person for the load generator, with a page's own token."""
    body = urlencode({csrf.FIELD: csrf.token_of(CSRF), **fields})
    # Where the portal is reached by https, Django asks where a form came from.
    referer = {"Referer": f"https://{HOST}{path}"} if settings.SECURE else {}
    return message("POST", path, {"Cookie": written(cookies), **referer}, body)


def get(path: str, cookies: str = "") -> str:
    """Write a GET for the load generator, with cookies as `written` does; else of a visitor."""
    return message("GET", path, {"Cookie": cookies} if cookies else {})


def written(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
