"""Sessions: the two reads of every signed-in request, the last confirmation, and a new key.

The database says at every request whether the session lives and who its person is; only the making of
these two statements by the ORM, which took longer than their execution, is left out.
"""

from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends import db
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from portal.access.roles import role_names
from portal.models import User

_SESSION = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"
_PERSON = """
SELECT person.*, held.name AS role FROM portal_user person
LEFT JOIN portal_user_groups membership ON membership.user_id = person.id
LEFT JOIN auth_group held ON held.id = membership.group_id
WHERE person.id = %s
"""


class SessionStore(db.SessionStore):
    """Django's sessions in the database (`SESSION_ENGINE`)."""

    def load(self) -> dict[str, Any]:
        at = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(_SESSION, [self.session_key, at])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row[0])


def person_of(request: HttpRequest) -> User | AnonymousUser:
    """Return whose session this is, with their roles; a visitor if it is nobody's.

    The plain case of `django.contrib.auth.get_user`; to it everything else is left.
    """
    session = request.session
    known = session.get(auth.BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
    person = _read(int(session[auth.SESSION_KEY])) if known else None
    if (
        person is not None
        and person.is_active
        and constant_time_compare(
            session.get(auth.HASH_SESSION_KEY, ""), person.get_session_auth_hash()
        )
    ):
        return person
    return auth.get_user(request)


def _read(key: int) -> User | None:
    rows: list[Any] = list(User.objects.raw(_PERSON, [key]))
    if not rows:
        return None
    person: User = rows[0]
    person.held_roles = frozenset(row.role for row in rows) & role_names()
    return person


def last_confirmed(request: HttpRequest) -> float:
    """Return when the person last gave a password or code in this session (Unix time), else 0."""
    steps = request.session.get("account_authentication_methods", [])
    return max((step.get("at", 0.0) for step in steps), default=0.0)


def renew_key(request: HttpRequest) -> None:
    """Give the session a new key; whoever knows the old one is signed out."""
    before = request.session.session_key
    request.session.cycle_key()
    rows = UserSession.objects.filter(session_key=before)
    rows.update(session_key=request.session.session_key)
