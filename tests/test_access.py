"""Every address has a declared access rule, and the rule holds for visitors."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from portal.access.decorators import roles
from programs.roles import MANAGER, OFFICER
from tests.factories.applications import UserFactory

# Whole branches whose views belong to a package, with who guards them there.
BRANCHES = {
    "admin/": "StaffSite.has_permission: staff with a second factor in this session",
    "accounts/": "allauth: sign-in, sign-up, codes and the second factor decide for themselves",
}
SAMPLES = {
    "int": "1",
    "str": "x",
    "slug": "build",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "path": "x",
}


@dataclass(frozen=True)
class Route:
    """One address pattern and the view behind it."""

    pattern: str
    sample: str | None
    rule: str
    branch: str


def rule_of(view: object) -> str:
    """Read `access_rule` from a view function or from the class that it was made of."""
    for holder in (view, getattr(view, "cls", None), getattr(view, "view_class", None)):
        if rule := getattr(holder, "access_rule", ""):
            return rule
    return ""


def sample_of(pattern: object) -> str | None:
    """Fill the parameters of a route; None for a regular expression."""
    if not isinstance(pattern, RoutePattern):
        return "" if str(pattern) == "" else None
    return re.sub(r"<(?:(\w+):)?\w+>", lambda m: SAMPLES.get(m[1] or "str", "x"), str(pattern))


def walk(resolver: URLResolver, pattern: str = "", sample: str | None = "") -> Iterator[Route]:
    for entry in resolver.url_patterns:
        whole = pattern + str(entry.pattern)
        piece = sample_of(entry.pattern)
        path = None if sample is None or piece is None else sample + piece
        if isinstance(entry, URLPattern):
            branch = next((name for name in BRANCHES if whole.startswith(name)), "")
            yield Route(whole, path, rule_of(entry.callback), branch)
        else:
            yield from walk(entry, whole, path)


ROUTES = list(walk(get_resolver()))
OURS = [route for route in ROUTES if not route.branch]


def of(*prefixes: str) -> list[Route]:
    return [route for route in OURS if route.rule.startswith(prefixes) and route.sample is not None]


def named(route: Route) -> str:
    return route.pattern or "/"


def test_every_route_declares_its_rule() -> None:
    assert [route.pattern for route in OURS if not route.rule] == []


def test_every_rule_is_one_of_the_known() -> None:
    known = re.compile(r"public|signed_in|roles:\w+(,\w+)*")
    assert [route for route in OURS if not known.fullmatch(route.rule)] == []


def test_no_two_routes_share_a_name() -> None:
    def names(resolver: URLResolver) -> Iterator[str]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                if entry.app_name is None:
                    yield from names(entry)
            elif entry.name:
                yield entry.name

    found = list(names(get_resolver()))
    assert sorted({name for name in found if found.count(name) > 1}) == []


def test_the_documented_branches_exist() -> None:
    assert {route.branch for route in ROUTES} == {*BRANCHES, ""}


@pytest.mark.django_db
@pytest.mark.parametrize("route", of("signed_in", "roles:"), ids=named)
def test_a_visitor_does_not_come_in(client: Client, route: Route) -> None:
    answer = client.get(f"/{route.sample}")
    if answer.status_code == 302:
        assert answer["Location"].startswith("/accounts/login/")
    else:
        assert answer.status_code in {401, 404, 405}


@pytest.mark.django_db
def test_a_visitors_upload_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workshop takes 420 MB a form; who is not signed in fills no disk with it."""

    def read(*_of: object) -> None:
        raise AssertionError("the body was read")

    stranger = Client(enforce_csrf_checks=True)
    stranger.get("/accounts/login/")
    assert stranger.cookies["csrftoken"]
    monkeypatch.setattr(HttpRequest, "parse_file_upload", read)
    answer = stranger.post("/kamp/lab/datasets/1/", {"film": io.BytesIO(b"film")})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.django_db
@pytest.mark.parametrize("route", of("signed_in"), ids=named)
def test_staff_with_a_password_alone_do_not_come_in(client: Client, route: Route) -> None:
    client.force_login(UserFactory(roles=[OFFICER], is_staff=True))
    for method in ("get", "post"):
        answer = getattr(client, method)(f"/{route.sample}")
        if route.sample.startswith("api/"):
            assert (answer.status_code, answer.json()["code"]) in {
                (403, "second_factor_needed"),
                (405, "method_not_allowed"),
            }
        else:
            assert answer.status_code in {302, 405}
            if answer.status_code == 302:
                assert answer["Location"].startswith("/accounts/2fa/")


@pytest.mark.django_db
def test_someone_without_the_role_finds_nothing(rf: RequestFactory) -> None:
    @roles(MANAGER)
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse("for managers")

    request = rf.get("/")
    request.user = AnonymousUser()
    with pytest.raises(Http404):
        page(request)
    request.user = get_user_model().objects.create_user("someone@example.kr")
    with pytest.raises(Http404):
        page(request)
    request.user = get_user_model().objects.create_user("manager@example.kr")
    request.user.groups.add(Group.objects.get(name=MANAGER))
    assert page(request).content == b"for managers"
    assert rule_of(page) == "roles:manager"


STAFF = [route for route in ROUTES if route.branch == "admin/" and route.sample is not None]


@pytest.mark.django_db
@pytest.mark.parametrize("route", STAFF, ids=named)
def test_the_staff_site_is_closed_without_a_second_factor(client: Client, route: Route) -> None:
    boss = get_user_model().objects.create_superuser("boss@example.kr", "a long password here")
    for who in (None, boss):
        if who:
            client.force_login(who)
        answer = client.get(f"/{route.sample}")
        assert answer.status_code in {302, 404, 405}, route
        if answer.status_code == 302:
            on = ("/accounts/", "/admin/login/")
            assert answer["Location"].startswith(on) or route.sample == "admin/logout/"
