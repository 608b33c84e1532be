"""Middleware: readable errors, private pages, a strict policy, GETs that only read."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from auditlog.models import LogEntry
from django.contrib.messages import get_messages
from django.db import OperationalError, connection
from django.db.models.signals import pre_save
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path

from applications.models import Partner
from applications.services import documents
from portal import urls as portal_urls
from portal.access.decorators import public, roles, signed_in
from portal.access.roles import role_names, roles_of
from portal.core import following
from portal.core.errors import BadInput, Closed, Finding, NotFound, PortalError, RuleBroken
from portal.core.tokens import token_digest
from portal.models import Job, Notice, User
from portal.web.middleware import NotedChanges
from programs.roles import MANAGER
from tests.factories import programs
from tests.factories.applications import ApplicationFactory, PartnerFactory, UserFactory

ERRORS: dict[str, PortalError] = {
    "bad": BadInput("숫자를 확인하세요.", code="number"),
    "broken": RuleBroken([Finding("a", "첫째 사유"), Finding("b", "둘째 사유", blocking=False)]),
    "closed": Closed("마감되었습니다."),
    "absent": NotFound("비밀 문서가 없습니다."),
}


@public
def failing(request: HttpRequest, name: str) -> HttpResponse:
    raise ERRORS[name]


@public
def crashing(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("내부 사정")


@roles(MANAGER)
def managers_only(request: HttpRequest) -> HttpResponse:
    return HttpResponse("결정")


@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("내 것")


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse("아무 말도 없음")


urlpatterns = [
    path("fail/<str:name>/", failing),
    path("api/fail/<str:name>/", failing),
    path("crash/", crashing),
    path("managers/", managers_only),
    path("mine/", mine),
    path("undeclared/", undeclared),
    *portal_urls.urlpatterns,
]
handler400, handler403 = portal_urls.handler400, portal_urls.handler403
handler404, handler500 = portal_urls.handler404, portal_urls.handler500
own_urls = pytest.mark.urls(__name__)
FORM = "http://testserver/programs/"


# --- Errors --------------------------------------------------------------------------------------


@own_urls
@pytest.mark.django_db
def test_a_refused_form_goes_back_to_its_page_with_every_reason(client: Client) -> None:
    answer = client.post("/fail/broken/", headers={"Referer": FORM})
    assert (answer.status_code, answer.headers["Location"]) == (302, FORM)
    shown = [(str(row), row.extra_tags) for row in get_messages(answer.wsgi_request)]
    assert shown == [("첫째 사유", "a"), ("둘째 사유", "b")]


@own_urls
@pytest.mark.django_db
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example/",
        "//evil.example/",
        "",
        "javascript:alert(1)",
        "http://testserver@evil",
    ],
)
def test_a_refused_form_never_goes_to_a_foreign_page(client: Client, origin: str) -> None:
    answer = client.post("/fail/bad/", headers={"Referer": origin} if origin else {})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "숫자를 확인하세요." in page
    assert "number" in page
    assert "evil" not in page


@own_urls
@pytest.mark.django_db
@pytest.mark.parametrize(("name", "status"), [("bad", 400), ("broken", 422), ("closed", 409)])
def test_a_visit_that_is_refused_shows_a_page_with_the_status(
    client: Client, name: str, status: int
) -> None:
    answer = client.get(f"/fail/{name}/")
    assert answer.status_code == status
    for finding in ERRORS[name].findings:
        assert finding.message in answer.content.decode()


@own_urls
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "headers"),
    [("/api/fail/broken/", {}), ("/fail/broken/", {"Accept": "application/json"})],
)
def test_a_script_gets_the_one_shape(client: Client, address: str, headers: dict) -> None:
    answer = client.post(address, headers=headers)
    assert answer.status_code == 422
    assert answer.json() == {
        "code": "rule_broken",
        "message": "첫째 사유 둘째 사유",
        "findings": [
            {"code": "a", "message": "첫째 사유", "blocking": True},
            {"code": "b", "message": "둘째 사유", "blocking": False},
        ],
    }


@own_urls
@pytest.mark.django_db
def test_what_is_absent_looks_like_any_unknown_address(client: Client) -> None:
    absent = client.get("/fail/absent/")
    unknown = client.get("/no/such/page/")
    assert absent.status_code == unknown.status_code == 404
    assert "비밀" not in absent.content.decode()
    pages = []
    for answer in (absent, unknown):
        number = answer.headers["X-Request-ID"][
            : following.SHOWN
        ]  # of the request, not of the page
        pages.append(answer.content.decode().replace(number, ""))
    assert pages[0] == pages[1]


@own_urls
@pytest.mark.django_db
def test_a_fault_of_ours_is_admitted_without_its_details(client: Client) -> None:
    client.raise_request_exception = False
    answer = client.get("/crash/")
    assert answer.status_code == 500
    assert "내부 사정" not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/programs/%00/", "/receipts/?number=%00", "/%00"])
def test_a_null_character_is_refused_kindly(client: Client, address: str) -> None:
    assert client.get(address).status_code in {400, 404}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/applications/{}/agreement/",
        "/applications/{}/agreement/reports/final/",
        "/applications/{}/delivery/",
        "/vouchers/corrections/{}/",
        "/api/v1/applications/{}/",
    ],
)
def test_a_number_that_no_table_holds_is_nothing(client: Client, address: str) -> None:
    client.force_login(UserFactory())
    for number in (2**63 - 1, 2**63, 10**30):
        assert client.get(address.format(number)).status_code == 404, number


# --- Access --------------------------------------------------------------------------------------


@own_urls
@pytest.mark.django_db
def test_a_view_that_declares_nothing_lets_nobody_in_unsigned(client: Client) -> None:
    assert client.get("/undeclared/").status_code == 302
    assert client.get("/mine/").status_code == 302


@own_urls
@pytest.mark.django_db
def test_a_page_of_a_role_does_not_exist_for_the_others(client: Client) -> None:
    assert client.get("/managers/").status_code in {302, 404}
    for role in sorted(role_names() - {MANAGER}):
        client.force_login(UserFactory(roles=[role]))
        assert client.get("/managers/").status_code == 404, role
    client.force_login(UserFactory(roles=[MANAGER]))
    assert client.get("/managers/").status_code == 200


@pytest.mark.django_db
def test_roles_are_those_of_the_known_groups_and_none_for_a_locked_person() -> None:
    user = UserFactory(roles=[MANAGER, "some other group"])
    assert roles_of(user) == {MANAGER}
    user = User.objects.get(pk=user.pk)
    user.is_active = False
    assert roles_of(user) == frozenset()
    assert roles_of(None) == frozenset()


# --- Every page ----------------------------------------------------------------------------------


def addresses(samples: dict[str, Any], resolver: URLResolver | None = None, at: str = "/"):
    """Fill in every address of ours (not the packages' branches) with the samples."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = str(entry.pattern)
        if isinstance(entry, URLResolver):
            if not route.startswith(("admin/", "accounts/")):
                yield from addresses(samples, entry, at + route)
        elif isinstance(entry, URLPattern):
            yield at + re.sub(
                r"<(?:\w+:)?(\w+)>", lambda m: str(samples.get(m[1], samples.get("pk"))), route
            )


ACCOUNT_PAGES = [
    "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/logout/",
    "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/confirm-email/",
]  # fmt: skip


@pytest.fixture
def samples() -> dict[str, Any]:
    """A filed application with a partner who was invited by a letter, in the real catalogue."""
    round = programs.load()
    application = ApplicationFactory(filed=True, sub_program=programs.program("build"))
    documents.request(application, kind="receipt", now=programs.NOW)  # as filing does
    PartnerFactory(application=application, digest=token_digest("letter"), seen_at=None)
    return {
        "round": round.code,
        "code": "build",
        "pk": application.pk,
        "step": "plan",
        "kind": "receipt",
        "token": "letter",
        "number": application.number,
        "owner": person(application.created_by),
    }


def person(user: User | None = None) -> User:
    """A person with a verified address, as sign-up leaves one."""
    user = user or UserFactory()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def visitors(client: Client, samples: dict[str, Any]) -> Iterator[str]:
    yield "visitor"
    client.force_login(samples["owner"])
    yield "owner"
    client.force_login(person())
    yield "stranger"


@pytest.mark.django_db
def test_every_page_has_a_strict_policy_and_private_ones_are_kept_by_no_cache(
    client: Client, samples: dict[str, Any]
) -> None:
    loose, kept = [], []
    for who in visitors(client, samples):
        for address in [*addresses(samples), *ACCOUNT_PAGES]:
            answer = client.get(address)
            policy = answer.headers.get("Content-Security-Policy", "")
            if "default-src" not in policy or "unsafe" in policy or "*" in policy:
                loose.append((who, address, policy))
            cache = answer.headers.get("Cache-Control", "")
            if who != "visitor" and not ("no-store" in cache and "private" in cache):
                kept.append((who, address, cache))
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"
    assert loose == []
    assert kept == []


class Writes:
    """Collects the statements that change something; sessions are exempt."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def __call__(self, execute, sql, params, many, context):
        changes = re.match(r"\s*(INSERT|UPDATE|DELETE|REPLACE|TRUNCATE)", sql, re.I)
        if changes and '"django_session"' not in sql:
            self.found.append(sql[:200])
        return execute(sql, params, many, context)


def test_the_counter_of_writes_sees_a_write(db: None) -> None:
    with connection.execute_wrapper(writes := Writes()):
        Job.objects.create(kind="x", key="x")
        Job.objects.update(kind="y")
        list(Job.objects.all())
    assert [sql.split()[0] for sql in writes.found] == ["INSERT", "UPDATE"]


# The first opening of a partner's letter is noted: the applicant sees that it was read.
NOTED = {"/partners/letter/"}


@pytest.mark.django_db
def test_a_visit_never_writes(client: Client, samples: dict[str, Any]) -> None:
    wrote = []
    for who in visitors(client, samples):
        for address in [*addresses(samples), *ACCOUNT_PAGES]:
            for method in (client.get, client.head):
                with connection.execute_wrapper(writes := Writes()):
                    method(address)
                if writes.found and address not in NOTED:
                    wrote.append((who, address, writes.found))
    assert wrote == []


@pytest.mark.django_db
def test_of_the_partner_s_letter_only_the_time_of_opening_is_noted(
    client: Client, samples: dict[str, Any]
) -> None:
    with connection.execute_wrapper(writes := Writes()):
        client.get("/partners/letter/")
        client.get("/partners/letter/")
    partner = Partner.objects.get(digest=token_digest("letter"))
    assert all("seen_at" in sql for sql in writes.found)
    assert partner.state == "invited"


# --- Health --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_readiness_tells_what_needs_an_eye(client: Client) -> None:
    answer = client.get("/readyz/")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["parked_jobs"], body["failed_notices"], body["jobs_late"]) == (0, 0, False)
    Job.objects.create(kind="x", key="old")
    Job.objects.update(created_at="2021-01-01T00:00:00Z")
    Job.objects.create(kind="x", key="parked", state="parked")
    Notice.objects.create(
        key="n", to_email="a@b.kr", subject="s", body="b", state="failed",
        created_at="2021-01-01T00:00:00Z",
    )  # fmt: skip
    body = client.get("/readyz/").json()
    assert (body["parked_jobs"], body["failed_notices"], body["jobs_late"]) == (1, 1, True)


@pytest.mark.django_db
def test_without_the_database_the_process_lives_and_is_not_ready(client: Client) -> None:
    def gone(execute, sql, params, many, context):
        raise OperationalError("connection refused")

    with connection.execute_wrapper(gone):
        assert client.get("/healthz/").status_code == 200
        answer = client.get("/readyz/")
    body = answer.json()
    assert (answer.status_code, body["ready"], body["reason"]) == (503, False, "database")


@pytest.mark.django_db
def test_the_demo_s_mailbox_does_not_exist_elsewhere(client: Client, settings) -> None:
    assert client.get("/demo/mailbox/").status_code == 404
    settings.ROOT_URLCONF = "demo.urls"
    assert client.get("/demo/mailbox/").status_code == 200


@pytest.mark.django_db
def test_people_see_only_their_own_notices(client: Client) -> None:
    me, other = UserFactory(), UserFactory()
    for user, subject in ((me, "내 알림"), (other, "남의 알림")):
        Notice.objects.create(
            key=subject, user=user, to_email=user.email, subject=subject, body="본문",
            created_at="2021-01-01T00:00:00Z",
        )  # fmt: skip
    client.force_login(me)
    page = client.get("/account/notices/").content.decode()
    assert "내 알림" in page
    assert "남의 알림" not in page


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "noted"), [("GET", False), ("HEAD", False), ("POST", True)])
def test_who_changed_a_row_is_noted_and_reading_connects_no_signal(rf, method, noted) -> None:
    person = UserFactory()
    connected = len(pre_save.receivers)

    def view(request: HttpRequest) -> HttpResponse:
        assert (len(pre_save.receivers) > connected) == noted
        person.name = "새 이름"
        person.save()
        return HttpResponse()

    request = rf.generic(method, "/")
    request.user = person
    NotedChanges(view)(request)
    entry = LogEntry.objects.get_for_object(person).first()
    assert (entry.actor == person) == noted
