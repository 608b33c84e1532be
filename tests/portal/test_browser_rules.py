"""Headers, cookies and small endpoints that browsers and nginx rely on."""

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.cache import caches
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.core.metrics import DECLARED
from portal.models import User
from programs.roles import OFFICER
from tests.portal.test_signin import account, code, sign_in, signed_in

ROOT = Path(__file__).parents[2]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/programs/", "/accounts/login/", "/nowhere/", "/api/v1/schema/"]
)
def test_every_answer_carries_the_rules(client: Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "base-uri 'none'" in policy
    assert "report-uri /csp-report/" in policy
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/healthz/", "/nowhere/", "/accounts/login/", "/open-data/ledger.csv"]
)
def test_every_text_names_its_charset(client: Client, path: str) -> None:
    kind = client.get(path).headers["Content-Type"]
    assert re.fullmatch(r"text/(html|plain|csv); charset=utf-8", kind)


def test_cookies_of_a_secure_portal_are_bound_to_its_host() -> None:
    words = (
        "import portal.settings as s;"
        "print(*(getattr(s, name) for name in dir(s) if name.endswith('_COOKIE_NAME')),"
        " s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE)"
    )
    secure = {"PORTAL_ORIGIN": "https://portal.example", "PORTAL_SECRET_KEY": "x1" * 30}
    done = subprocess.run(
        [sys.executable, "-c", words],
        cwd=ROOT,
        env=secure,
        capture_output=True,
        text=True,
        check=True,
    )
    *names, session, csrf = done.stdout.split()
    assert len(names) == 6
    assert [name for name in names if not name.startswith("__Host-")] == []
    assert (session, csrf) == ("True", "True")


@pytest.mark.django_db
def test_every_cookie_has_a_name_of_the_settings_and_says_when_it_is_sent(client: Client) -> None:
    user = account()
    client.get("/accounts/login/")
    sign_in(client, user)
    client.get("/account/notices/")
    names = {getattr(settings, name) for name in dir(settings) if name.endswith("_COOKIE_NAME")}
    found = {name: row for name, row in client.cookies.items() if row.value}
    assert settings.KNOWN_COOKIE_NAME in found
    assert set(found) <= names
    assert [name for name, row in found.items() if row["samesite"] != "Lax"] == []
    open_ones = {name for name, row in found.items() if not row["httponly"]}
    assert open_ones <= {settings.CSRF_COOKIE_NAME}


# --- Staff who went away -------------------------------------------------------------------------


def enter(user: User) -> Client:
    client = Client()
    sign_in(client, user)
    if user.is_staff:
        client.post(reverse("mfa_authenticate"), {"code": code()})
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("staff", "minutes", "still"), [(True, 29, True), (True, 31, False), (False, 11 * 60, True)]
)
def test_staff_are_signed_out_when_idle(staff: bool, minutes: int, still: bool) -> None:
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        user = account(roles=[OFFICER] if staff else [], factor=staff)
        client = enter(user)
        assert client.get("/account/notices/").status_code == 200
        clock.shift(minutes * 60)
        answer = client.get("/account/notices/")
        assert (answer.status_code == 200) is still
        if not still:
            assert answer.headers["Location"] == "/accounts/login/?next=/account/notices/"
            assert not signed_in(client)


@pytest.mark.django_db
def test_what_staff_sent_too_late_is_kept_and_said() -> None:
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        user = account(roles=[OFFICER], factor=True)
        client = enter(user)
        client.get("/account/notices/")
        clock.shift(31 * 60)
        sent = {"act": "note", "note": "오래 적은 사유"}
        answer = client.post("/admin/portal/job/", sent)
        assert answer.headers["Location"] == "/accounts/login/?next=/account/resend/"
        sign_in(client, user)
        client.post(reverse("mfa_authenticate"), {"code": code()})
        page = client.get("/account/resend/").content.decode()
        assert "로그인이 끝난 뒤에 보내신 내용입니다" in page
        assert "오래 적은 사유" in page


@pytest.mark.django_db
@pytest.mark.parametrize(("roles", "told"), [([OFFICER], True), ([], False)])
def test_pages_of_staff_say_when_the_sign_in_ends(roles: list[str], told: bool) -> None:
    client = enter(account(roles=roles, factor=bool(roles)))
    page = client.get("/account/notices/").content.decode()
    assert ('data-idle-seconds="1800"' in page) is told


@pytest.mark.django_db
def test_staff_at_work_stay_signed_in_beyond_the_idle_time() -> None:
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        client = enter(account(roles=[OFFICER], factor=True))
        for _ in range(8):
            clock.shift(20 * 60)
            assert client.get("/account/notices/").status_code == 200


# --- Reports of the content policy ---------------------------------------------------------------


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    caches["limits"].clear()
    yield
    caches["limits"].clear()


def send(client: Client, body: object) -> int:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post("/csp-report/", text, content_type="application/csp-report").status_code


def count_of_reports() -> float:
    return DECLARED.get_sample_value("portal_policy_reports_total") or 0.0


@pytest.mark.django_db
def test_a_refusal_is_logged_without_addresses(client: Client, caplog) -> None:
    report = {
        "effective-directive": "script-src",
        "blocked-uri": "https://evil.example/x.js?id=secret",
        "document-uri": "http://testserver/invitations/secret/?q=secret",
        "script-sample": "secret",
    }
    before = count_of_reports()
    with caplog.at_level(logging.WARNING, logger="portal.web.views"):
        assert send(client, {"csp-report": report}) == 204
    assert "https://evil.example" in caplog.text
    assert "'invitation'" in caplog.text
    assert "secret" not in caplog.text
    assert count_of_reports() == before + 1


@pytest.mark.django_db
@pytest.mark.parametrize("body", ["", "x", "[]", "null", '{"csp-report": []}', "[" * 9000, "{}"])
def test_no_report_breaks_anything(client: Client, body: str) -> None:
    assert send(client, body) == 400


@pytest.mark.django_db
def test_a_flood_of_reports_is_not_logged(client: Client, caplog) -> None:
    report = {"csp-report": {"blocked-uri": "inline\nforged line"}}
    with caplog.at_level(logging.WARNING, logger="portal.web.views"):
        assert {send(client, report) for _ in range(100)} == {204}
    assert len(caplog.records) == 20
    assert "\n" not in caplog.records[0].getMessage()


# --- What nginx asks and logs --------------------------------------------------------------------


@pytest.mark.django_db
def test_nginx_learns_whether_somebody_is_signed_in(client: Client) -> None:
    assert client.get("/account/may-upload/").status_code == 401
    client.force_login(account())
    assert client.get("/account/may-upload/").status_code == 204


@pytest.mark.django_db
def test_the_state_of_the_portal_is_not_shown_through_the_proxies(settings, client: Client) -> None:
    assert client.get("/readyz/").status_code == 200
    settings.TRUSTED_PROXIES = 1
    assert client.get("/readyz/").status_code == 200
    assert client.get("/readyz/", headers={"X-Forwarded-For": "203.0.113.1"}).status_code == 404


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from routes(entry, route)


def test_no_address_that_opens_something_is_logged() -> None:
    conf = (ROOT / "deploy/nginx/portal.conf.template").read_text()
    masked = re.compile(re.search(r'"~(\^\(\?<kept>.*)" \$kept', conf)[1].replace("(?<", "(?P<"))
    opening = [route for route in routes() if re.search(r"token>|\(\?P<key>|<key>", route)]
    assert len(opening) >= 5
    assert [route for route in opening if not masked.match("/" + route.replace("^", ""))] == []
    assert not masked.match("/programs/2021/build/")
