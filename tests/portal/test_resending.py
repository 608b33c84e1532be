"""A form that was sent after the session ended goes on after signing in, for its author only."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from applications.models import Company
from portal.web import resending
from tests.factories.applications import MemberFactory, UserFactory

pytestmark = pytest.mark.django_db
WORDS = "새 이름 주식회사"


@pytest.fixture
def owner():
    return MemberFactory()


def sent(owner, name: str = WORDS) -> dict[str, str]:
    opened = owner.company.updated_at.isoformat()
    return {"act": "profile", "kind": "company", "opened": opened, "name": name}


def worked_and_left(owner, *, enforce: bool = False) -> tuple[Client, str]:
    """A browser in which the owner opened the page before the session ended."""
    client = Client(enforce_csrf_checks=enforce)
    client.force_login(owner.user)
    page = client.get(f"/companies/{owner.company.pk}/")
    token = page.context["csrf_token"]
    client.cookies.pop(settings.SESSION_COOKIE_NAME)
    return client, str(token)


def test_a_save_after_the_session_goes_on_after_signing_in(owner) -> None:
    client, _ = worked_and_left(owner)
    url = f"/companies/{owner.company.pk}/"
    answer = client.post(url, sent(owner))
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [reverse("resend")]
    assert client.get(reverse("resend")).status_code == 302  # nobody has signed in yet
    client.force_login(owner.user)
    page = client.get(reverse("resend"))
    assert WORDS in page.content.decode()
    fields = dict(page.context["fields"])
    assert page.context["path"] == url
    assert fields == sent(owner)
    assert client.post(url, fields).status_code == 302
    assert Company.objects.get(pk=owner.company.pk).name == WORDS
    client.post(reverse("resend"))
    assert client.get(reverse("resend"))["Location"] == settings.LOGIN_REDIRECT_URL


def test_nobody_else_sees_it(owner) -> None:
    client, _ = worked_and_left(owner)
    client.post(f"/companies/{owner.company.pk}/", sent(owner))
    client.force_login(UserFactory())
    assert WORDS not in client.get(reverse("resend"), follow=True).content.decode()
    client.force_login(owner.user)
    assert WORDS not in client.get(reverse("resend"), follow=True).content.decode()


def test_it_is_kept_for_an_hour(owner, monkeypatch) -> None:
    client, _ = worked_and_left(owner)
    client.post(f"/companies/{owner.company.pk}/", sent(owner))
    client.force_login(owner.user)
    later = resending.time.time() + resending.KEPT_SECONDS + 1
    monkeypatch.setattr(resending.time, "time", lambda: later)
    assert WORDS not in client.get(reverse("resend"), follow=True).content.decode()


@pytest.mark.parametrize("why", ["stranger", "forged", "signed out", "script"])
def test_nothing_is_kept_of(owner, why: str) -> None:
    client, token = worked_and_left(owner, enforce=True)
    url, data, headers = f"/companies/{owner.company.pk}/", sent(owner), {}
    data["csrfmiddlewaretoken"] = token
    if why == "stranger":
        client.cookies.pop(settings.AUTHOR_COOKIE_NAME)
    elif why == "forged":
        data["csrfmiddlewaretoken"] = "x" * 64
    elif why == "script":
        headers = {"accept": "application/json"}
    else:
        client.handler.enforce_csrf_checks = False
        client.force_login(owner.user)
        client.post(reverse("account_logout"))
    answer = client.post(url, data, headers=headers)
    assert answer.status_code == 302
    assert reverse("resend") not in answer["Location"]
    assert resending.SENT_FORM not in client.session


def test_of_a_large_form_only_the_fact_is_kept(owner) -> None:
    client, token = worked_and_left(owner, enforce=True)
    data = sent(owner) | {"csrfmiddlewaretoken": token, "address": "가" * resending.LARGEST}
    answer = client.post(f"/companies/{owner.company.pk}/", data)
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [reverse("resend")]
    client.force_login(owner.user)
    page = client.get(reverse("resend"))
    assert page.context["fields"] == []
    assert "다시 넣어 주세요" in page.content.decode()


def test_a_page_from_before_a_new_sign_in_loses_nothing_and_needs_a_press(owner) -> None:
    client, token = worked_and_left(owner, enforce=True)
    client.force_login(owner.user)
    client.get("/companies/")
    client.cookies.pop(settings.CSRF_COOKIE_NAME, None)
    url, data = f"/companies/{owner.company.pk}/", sent(owner) | {"csrfmiddlewaretoken": token}
    answer = client.post(url, data, headers={"origin": "http://testserver"})
    assert answer.status_code == 403
    assert WORDS in answer.content.decode()
    assert Company.objects.get(pk=owner.company.pk).name != WORDS
    foreign = client.post(url, data, headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert WORDS not in foreign.content.decode()


def test_a_refusal_without_a_page_of_its_own_shows_what_was_typed(owner, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise resending.PortalError("지금은 할 수 없습니다.", code="not_now")

    monkeypatch.setattr("applications.services.company.change_role", refuse)
    client = Client()
    client.force_login(owner.user)
    url = f"/companies/{owner.company.pk}/"
    base = {"act": "role", "pk": owner.pk, "role": "editor"}
    bare = client.post(url, base, headers={"referer": f"http://testserver{url}"})
    assert bare.status_code == 302
    told = client.post(url, {**base, "why": WORDS})
    assert told.status_code == 400
    assert WORDS in told.content.decode()
    assert 'data-code="not_now"' in told.content.decode()


@pytest.mark.parametrize("enforce", [False, True])
def test_passwords_and_codes_are_neither_kept_nor_shown_again(owner, enforce: bool) -> None:
    client, token = worked_and_left(owner)
    if enforce:  # an old page of somebody who signed in anew
        client = Client(enforce_csrf_checks=True)
        client.force_login(owner.user)
        client.get(f"/companies/{owner.company.pk}/")
        token = "x" * 64
    answer = client.post(
        reverse("account_change_password"),
        {
            "oldpassword": "the old secret",
            "password1": "a new secret",
            "csrfmiddlewaretoken": token,
        },
        headers={"Origin": "http://testserver"},
    )
    assert resending.SENT_FORM not in client.session
    assert "secret" not in answer.content.decode()
