"""Passwords are hashed slowly, few at once, behind other work; whoever waits too long loses nothing."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from allauth.account.forms import SignupForm
from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal import settings as portal_settings
from portal.access import hashing
from portal.access.hashing import NICE, Busy, Turns
from portal.models import User
from portal.web import signing_in
from portal.web.admission import Gate
from portal.web.invitations import PasswordForm
from portal.web.overload import Overload
from tests.factories.applications import UserFactory
from tests.patience import PATIENCE

PASSWORD = "violet lantern 2021"
# What OWASP's password storage cheat sheet calls equally strong for Argon2id: KiB, passes.
OWASP = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)]


@pytest.fixture
def hashers(settings: Any) -> None:
    """The hashers of the portal; the suite has a fast one."""
    settings.PASSWORD_HASHERS = portal_settings.PASSWORD_HASHERS


@pytest.fixture
def hashed(hashers: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was hashed, each time somebody got a turn."""
    done: list[str] = []

    def run(turns: Turns, work: Callable[..., Any], *given: Any) -> Any:
        done.append(work.__name__)
        return work(*given)

    monkeypatch.setattr(Turns, "run", run)
    return done


@pytest.fixture
def busy(hashers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(turns: Turns, work: Callable[..., Any], *given: Any) -> Any:
        raise Busy

    monkeypatch.setattr(Turns, "run", run)


def person(email: str = "known@example.com") -> User:
    user = UserFactory(email=email)
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def signs_in(email: str, password: str, client: Client | None = None) -> Any:
    return (client or Client()).post(
        reverse("account_login"), {"login": email, "password": password, "next": "/receipts/"}
    )


# --- The hash -------------------------------------------------------------------------------------


def test_a_hash_costs_at_least_what_owasp_asks_for(hashers: None) -> None:
    made = make_password(PASSWORD)
    found = re.match(r"argon2\$argon2id\$v=19\$m=([0-9]+),t=([0-9]+),p=([0-9]+)\$", made)
    assert found
    memory, passes, lanes = map(int, found.groups())
    assert {
        "memory_kib": memory,
        "time_cost": passes,
        "parallelism": lanes,
    } == portal_settings.ARGON2
    assert any(memory >= least and passes >= times for least, times in OWASP)
    assert check_password(PASSWORD, made)
    assert not check_password("another", made)


def test_an_older_hash_is_still_read(hashers: None) -> None:
    made = make_password(PASSWORD, hasher="pbkdf2_sha256")
    assert check_password(PASSWORD, made)


# --- Turns ----------------------------------------------------------------------------------------


def most_at_once(turns: Turns, people: int) -> int:
    """Return how many of `people` worked at the same time; each waits a while for the others."""
    lock, inside, most = threading.Lock(), 0, 0
    met = threading.Barrier(people)

    def work() -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        with suppress(threading.BrokenBarrierError):
            met.wait(0.2)
        with lock:
            inside -= 1

    threads = [threading.Thread(target=turns.run, args=[work]) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return most


def test_so_many_have_a_turn_at_once_and_no_more() -> None:
    assert most_at_once(Turns(1, 30.0), 4) == 1
    assert most_at_once(Turns(4, 30.0), 4) == 4


def test_who_gets_no_turn_in_time_is_told_so() -> None:
    turns, begun, go_on = Turns(1, 0.05), threading.Event(), threading.Event()
    first = threading.Thread(target=turns.run, args=[lambda: begun.set() or go_on.wait()])
    first.start()
    assert begun.wait(10)
    with pytest.raises(Busy):
        turns.run(lambda: None)
    go_on.set()
    first.join()
    assert turns.run(lambda: "done") == "done"


def test_a_turn_is_given_back_after_a_failure() -> None:
    turns = Turns(1, 0.05)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            turns.run(lambda: 1 / 0)


def test_pages_come_before_hashes() -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert Turns(1, 5.0).run(priority) == min(priority() + NICE, 19)


# --- Everything goes through it -------------------------------------------------------------------


@pytest.mark.django_db
def test_each_check_takes_one_turn_whether_the_account_is_known_or_not(hashed: list[str]) -> None:
    person()
    for email, password in [
        ("known@example.com", PASSWORD),
        ("known@example.com", "wrong"),
        ("unknown@example.com", "wrong"),
    ]:
        hashed.clear()
        signs_in(email, password)
        assert len(hashed) == 1, email


@pytest.mark.django_db
def test_each_sign_up_takes_one_turn_whether_the_account_is_known_or_not(hashed: list[str]) -> None:
    person()
    for email in ("known@example.com", "unknown@example.com"):
        hashed.clear()
        sent = {"email": email, "name": "새사람", "password1": PASSWORD, "password2": PASSWORD}
        assert Client().post(reverse("account_signup"), sent).status_code == 302
        assert len(hashed) == 1, email


@pytest.mark.django_db
def test_confirming_oneself_and_a_change_take_their_turns(hashed: list[str]) -> None:
    client = Client()
    signs_in(person().email, PASSWORD, client)
    hashed.clear()
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302
    assert hashed == ["verify"]
    hashed.clear()
    new = "another lantern 2022"
    sent = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post(reverse("account_change_password"), sent).status_code == 302
    assert hashed[:2] == ["verify", "encode"]


def account_views(resolver: URLResolver, at: str = "") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from account_views(entry, at + str(entry.pattern))
        elif isinstance(entry, URLPattern) and at.startswith("accounts/"):
            yield entry.name or "", entry.callback


def fields_of(view: Any) -> dict[str, forms.Field]:
    form = getattr(getattr(view, "view_class", None), "form_class", None)
    if form is SignupForm:
        return form().fields  # its passwords are added when it is made
    return form.base_fields if form else {}


def secrets_of(fields: dict[str, forms.Field]) -> set[str]:
    return {name for name, one in fields.items() if isinstance(one.widget, forms.PasswordInput)}


def test_every_form_with_a_password_waits_for_its_turn_and_can_be_shown_again() -> None:
    found = {name: fields_of(view) for name, view in account_views(get_resolver())}
    found = {name: fields for name, fields in found.items() if secrets_of(fields)}
    found["staff_invitation"] = PasswordForm.base_fields  # of a function, which names no form
    assert set(found) == signing_in.HASHING
    for name, fields in found.items():
        shown = {*signing_in.TEXTS, *signing_in.PASSWORDS, *signing_in.HIDDEN}
        assert set(fields) - {"remember"} <= shown, name
        assert secrets_of(fields) <= set(signing_in.PASSWORDS), name


# --- Who has to wait too long ---------------------------------------------------------------------


@pytest.mark.django_db
def test_a_sign_in_without_a_turn_is_shown_again_and_is_no_failed_attempt(busy: None) -> None:
    cache.clear()
    for email in ("known@example.com", "unknown@example.com") * 12:  # beyond 10 failures
        answer = signs_in(email, PASSWORD)
        page = answer.content.decode()
        assert (answer.status_code, answer["Retry-After"]) == (503, "10")
        assert email in page
        assert 'value="/receipts/"' in page
        assert PASSWORD not in page


@pytest.mark.django_db
def test_after_waiting_in_vain_the_right_password_is_still_taken(
    hashers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    person()
    with monkeypatch.context() as patched:
        patched.setattr(hashing, "turns", Turns(1, 0.0))
        hashing.turns._turns.acquire()
        for _ in range(12):
            assert signs_in("known@example.com", PASSWORD).status_code == 503
    assert signs_in("known@example.com", PASSWORD).status_code == 302


@pytest.mark.django_db
def test_a_sign_up_without_a_turn_makes_nothing_and_keeps_what_was_typed(busy: None) -> None:
    sent = {"email": "new@example.com", "name": "새사람", "password1": PASSWORD}
    answer = Client().post(reverse("account_signup"), {**sent, "password2": PASSWORD})
    page = answer.content.decode()
    assert answer.status_code == 503
    assert "새사람" in page
    assert "new@example.com" in page
    assert PASSWORD not in page
    assert not User.objects.filter(email="new@example.com").exists()


@pytest.mark.django_db
def test_a_full_line_shows_the_form_again_but_nothing_that_another_site_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    enter = Gate.enter
    monkeypatch.setattr(
        Gate, "enter", lambda gate, kind: kind is not signing_in.HASHER and enter(gate, kind)
    )
    client = Client(enforce_csrf_checks=True)
    page = client.get(reverse("account_login")).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    sent = {"login": "known@example.com", "password": PASSWORD}
    answer = client.post(reverse("account_login"), {**sent, "csrfmiddlewaretoken": token[1]})
    assert answer.status_code == 503
    assert "known@example.com" in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    foreign = client.post(reverse("account_login"), sent)
    assert foreign.status_code == 503
    assert "known@example.com" not in foreign.content.decode()


def test_those_who_wait_take_no_place_from_pages() -> None:
    go_on, at_work = threading.Event(), threading.Semaphore(0)

    def serve(request: Any) -> HttpResponse:
        if request.method == "POST":
            at_work.release()
            go_on.wait(30)
        return HttpResponse(request.path)

    portal = Overload(serve)
    login, made = reverse("account_login"), RequestFactory()
    came: list[int] = []
    waiting = [
        threading.Thread(target=lambda: came.append(portal(made.post(login)).status_code))
        for _ in range(5)
    ]
    for thread in waiting:
        thread.start()
    assert at_work.acquire(timeout=PATIENCE)  # one is hashed, the others wait or will
    assert settings.IN_FLIGHT > settings.HASHES_AT_ONCE + 1
    for _ in range(20):
        assert portal(made.get("/")).status_code == 200
    assert not at_work.acquire(blocking=False)
    go_on.set()
    for thread in waiting:
        thread.join()
    assert came == [200] * 5
