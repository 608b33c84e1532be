"""A signed-in request reads its session and its person once; what ended is out at the next request."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.backends.postgresql import base
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.access.roles import OPERATOR
from portal.models import User
from tests.factories.applications import UserFactory

HERE = "/account/may-upload/"
YES, NO = 204, 401


@pytest.fixture
def user(db) -> User:
    return UserFactory()


@pytest.fixture
def inside(client: Client, user: User) -> Client:
    client.force_login(user)
    assert client.get(HERE).status_code == YES
    return client


@pytest.mark.parametrize("roles", [(), (OPERATOR,)])
def test_session_person_and_roles_are_read_by_two_statements(inside, user, roles) -> None:
    user.groups.set(Group.objects.get_or_create(name=name)[0] for name in roles)
    with CaptureQueriesContext(connection) as sent:
        page = inside.get("/account/notices/")
    assert page.context["roles"] == set(roles)
    assert [query["sql"].split("FROM ")[1].split()[0].strip('"') for query in sent][:3] == [
        "django_session",
        "portal_user",
        "portal_notice",
    ]
    person = page.wsgi_request.user
    stored = User.objects.get(pk=user.pk)
    for field in User._meta.concrete_fields:
        assert getattr(person, field.attname) == getattr(stored, field.attname)


def _rewrite(inside: Client, **changed: str) -> None:
    session = inside.session
    session.update(changed)
    session.save()


def _new_password(user: User) -> None:
    user.set_password("another-long-word-1")
    user.save()


ENDS: dict[str, Callable[[User, Client], object]] = {
    "locked": lambda user, _: User.objects.filter(pk=user.pk).update(is_active=False),
    "gone": lambda user, _: user.delete(),
    "password changed": lambda user, _: _new_password(user),
    "session ended": lambda *_: Session.objects.all().delete(),
    "session expired": lambda *_: Session.objects.update(
        expire_date=timezone.now() - timedelta(seconds=1)
    ),
    "session of an unknown way in": lambda _, inside: _rewrite(inside, _auth_user_backend="x.Y"),
    "session without the hash": lambda _, inside: _rewrite(inside, _auth_user_hash=""),
    "session of another's hash": lambda _, inside: _rewrite(inside, _auth_user_hash="0" * 64),
    "session forged": lambda *_: Session.objects.update(session_data="eyJhIjoxfQ:1abcde:x"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_what_ended_is_out_at_the_next_request(inside, user, end) -> None:
    end(user, inside)
    assert inside.get(HERE).status_code == NO


def test_a_session_lives_on_under_a_rotated_key(inside, monkeypatch) -> None:
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [settings.SECRET_KEY])
    monkeypatch.setattr(settings, "SECRET_KEY", "another-key-" * 5)
    assert inside.get(HERE).status_code == YES


def test_a_role_counts_and_ends_with_the_next_request(inside, user) -> None:
    held = Group.objects.get_or_create(name=OPERATOR)[0]
    for change, roles in ((user.groups.add, {OPERATOR}), (user.groups.remove, set())):
        change(held)
        assert inside.get("/account/notices/").context["roles"] == roles


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_connection_is_checked_without_a_query_until_the_server_ends_it(monkeypatch) -> None:
    asked: list[bool] = []
    real = base.DatabaseWrapper.is_usable
    monkeypatch.setattr(
        base.DatabaseWrapper, "is_usable", lambda self: asked.append(real(self)) or asked[-1]
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    assert connection.is_usable()
    assert asked == []
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            assert cursor.fetchone() == (True,)
    finally:
        other.close()
    assert not connection.is_usable()
    assert asked == [False]
    connection.health_check_enabled, connection.health_check_done = True, False
    with connection.cursor() as cursor:  # as the first query of the next request
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != pid
