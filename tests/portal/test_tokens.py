"""API tokens: shown once, stored as a hash, scoped, expiring, and useless when revoked or locked."""

import hashlib
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.api.authentication import issue_token
from portal.models import ApiToken, User
from tests.factories.applications import PASSWORD, UserFactory

READ = "/api/v1/applications/"


@pytest.fixture
def user(db: None) -> User:
    return UserFactory()


def confirm_oneself(client: Client, user: User) -> None:
    """Sign in as somebody who has just confirmed who they are."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def test_only_the_hash_of_a_token_is_kept(user: User) -> None:
    token, text = issue_token(user, name="ERP", scope="read")
    stored = ApiToken.objects.values().get()
    assert text not in str(stored)
    assert token.digest == hashlib.sha256(text.encode()).hexdigest()
    assert len(text) >= 43  # 256 bits


def test_two_tokens_are_never_alike(user: User) -> None:
    texts = {issue_token(user, name="ERP", scope="read")[1] for _ in range(ApiToken.MOST)}
    assert len(texts) == ApiToken.MOST


def test_a_person_has_at_most_ten_living_tokens(user: User, client: Client) -> None:
    for _ in range(ApiToken.MOST):
        token, _ = issue_token(user, name="ERP", scope="read")
    confirm_oneself(client, user)
    page = client.post(reverse("tokens"), {"name": "하나 더", "scope": "read"})
    assert "10개까지" in page.content.decode()
    assert page.context["form"]["name"].value() == "하나 더"
    assert ApiToken.objects.count() == ApiToken.MOST
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    client.post(reverse("tokens"), {"name": "하나 더", "scope": "read"})
    assert ApiToken.objects.count() == ApiToken.MOST + 1


def test_the_last_use_of_a_token_is_shown_and_written_at_most_every_five_minutes(
    user: User, client: Client
) -> None:
    token, text = issue_token(user, name="ERP", scope="read")
    client.get(READ, headers=bearer(text))
    first = ApiToken.objects.get(pk=token.pk).last_used_at
    assert first is not None
    client.get(READ, headers=bearer(text))
    assert ApiToken.objects.get(pk=token.pk).last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=6))
    client.get(READ, headers=bearer(text))
    assert ApiToken.objects.get(pk=token.pk).last_used_at >= first


def test_the_page_of_tokens_asks_who_it_is(user: User, client: Client) -> None:
    client.force_login(user)
    for answer in (
        client.get(reverse("tokens")),
        client.post(reverse("tokens"), {"name": "ERP", "scope": "write"}),
    ):
        assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not ApiToken.objects.exists()
    page = client.post(
        f"{reverse('account_reauthenticate')}?next={reverse('tokens')}", {"password": PASSWORD}
    )
    assert page.context["made"]  # what was sent before is done
    assert client.get(reverse("tokens")).status_code == 200


def test_a_token_opens_the_api_for_its_person(user: User, client: Client) -> None:
    _, text = issue_token(user, name="ERP", scope="read")
    assert client.get(READ, headers=bearer(text)).status_code == 200


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x y", "Bearer wrong", "bearer \xed\x86\xa0", "Basic eDp4", ""],
)
def test_without_a_good_token_the_answer_is_401_in_the_one_shape(
    user: User, client: Client, header: str
) -> None:
    issue_token(user, name="ERP", scope="read")
    answer = client.get(READ, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert set(answer.json()) == {"code", "message", "findings"}


def test_an_expired_token_is_refused(user: User, client: Client) -> None:
    token, text = issue_token(user, name="ERP", scope="read")
    assert token.expires_at - timezone.now() > timedelta(days=89)
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(microseconds=1))
    assert client.get(READ, headers=bearer(text)).status_code == 401


def test_a_locked_person_s_token_is_refused(user: User, client: Client) -> None:
    _, text = issue_token(user, name="ERP", scope="read")
    User.objects.update(is_active=False)
    assert client.get(READ, headers=bearer(text)).status_code == 401


@pytest.mark.parametrize(("scope", "status"), [("read", 403), ("write", 400)])
def test_a_reading_token_does_not_write(
    user: User, client: Client, scope: str, status: int
) -> None:
    _, text = issue_token(user, name="ERP", scope=scope)
    answer = client.post(READ, {}, content_type="application/json", headers=bearer(text))
    assert answer.status_code == status  # the writing one is let in and told what is missing


def test_a_token_opens_no_page(user: User, client: Client) -> None:
    _, text = issue_token(user, name="ERP", scope="write")
    for page in (reverse("tokens"), reverse("notices"), "/applications/"):
        assert client.get(page, headers=bearer(text)).status_code == 302, page


def test_a_session_writes_through_the_api_only_with_the_form_s_secret(user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    answer = client.post(READ, {}, content_type="application/json")
    assert answer.status_code == 403


# --- The page ------------------------------------------------------------------------------------


def test_the_page_shows_a_new_token_once(user: User, client: Client) -> None:
    confirm_oneself(client, user)
    page = client.post(reverse("tokens"), {"name": "ERP 연계", "scope": "write"})
    text = page.context["made"]
    assert text in page.content.decode()
    assert client.get(READ, headers=bearer(text)).status_code == 200
    again = client.get(reverse("tokens")).content.decode()
    assert "ERP 연계" in again
    assert text not in again


def test_the_page_refuses_an_unknown_scope_or_no_name(user: User, client: Client) -> None:
    confirm_oneself(client, user)
    for words in ({"name": "", "scope": "read"}, {"name": "x", "scope": "admin"}, {}):
        client.post(reverse("tokens"), words)
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_refused_at_once(user: User, client: Client) -> None:
    token, text = issue_token(user, name="ERP", scope="read")
    client.force_login(user)
    client.post(reverse("token_revoke", args=[token.pk]))
    client.logout()
    assert client.get(READ, headers=bearer(text)).status_code == 401
    client.force_login(user)
    assert client.post(reverse("token_revoke", args=[token.pk])).status_code == 404


def test_nobody_revokes_or_sees_another_person_s_token(user: User, client: Client) -> None:
    token, text = issue_token(user, name="남의 토큰", scope="read")
    confirm_oneself(client, UserFactory())
    assert client.post(reverse("token_revoke", args=[token.pk])).status_code == 404
    assert "남의 토큰" not in client.get(reverse("tokens")).content.decode()
    client.logout()
    assert client.get(READ, headers=bearer(text)).status_code == 200


def test_a_token_is_not_revoked_by_a_mere_visit(user: User, client: Client) -> None:
    token, _ = issue_token(user, name="ERP", scope="read")
    client.force_login(user)
    assert client.get(reverse("token_revoke", args=[token.pk])).status_code == 405
    token.refresh_from_db()
    assert token.revoked_at is None
