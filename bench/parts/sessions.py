"""Signed-in sessions in bulk, and requests that carry them."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from bench.load import message
from portal.core.clock import now
from portal.models import User
from portal.records import bulk

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


def cookies(key: str) -> dict[str, str]:
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}; {settings.CSRF_COOKIE_NAME}={CSRF}"}


def post(path: str, key: str, **fields: str) -> str:
    """Write a POST of a signed-in person for the load generator."""
    return message("POST", path, cookies(key), urlencode({"csrfmiddlewaretoken": CSRF, **fields}))


def get(path: str, key: str = "") -> str:
    """Write a GET for the load generator; without a key, of a visitor."""
    return message("GET", path, cookies(key) if key else {})
