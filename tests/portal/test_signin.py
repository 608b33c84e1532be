"""Signing up and in: codes, lockouts, the second factor, and what a locked account loses."""

import re
import time
from collections.abc import Iterator

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa import app_settings as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from axes.models import AccessAttempt
from django.contrib.admin import site
from django.contrib.auth.models import Group
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.module_loading import import_string

from applications.roles import ASSESSOR
from portal.access.accounts import (
    PortalAccountAdapter,
    claimed_email,
    client_address,
)
from portal.access.roles import OPERATOR
from portal.access.second_factor import SecondFactorForm
from portal.models import Notice, User
from programs.roles import OFFICER
from tests.factories.applications import PASSWORD, UserFactory
from tests.faults.together import at_once

LOGIN = "/accounts/login/"
SECRET = generate_totp_secret()


def account(*, roles: list[str] | None = None, factor: bool = False, **fields: object) -> User:
    """Make a person with a verified address; staff where roles are given."""
    user = UserFactory(roles=roles or [], is_staff=bool(roles), **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if factor:
        TOTP.activate(user, SECRET)
    return user


def code(periods: int = 0) -> str:
    """The number of the authenticator app now, or some periods later."""
    counter = int(time.time()) // mfa.TOTP_PERIOD + periods
    return format_hotp_value(hotp_value(SECRET, counter))


def sign_in(client: Client, user: User, password: str = PASSWORD, **more: object):
    return client.post(LOGIN, {"login": user.email, "password": password}, **more)


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


# --- The staff site ------------------------------------------------------------------------------


def admin_addresses(resolver: URLResolver | None = None, path: str = "/admin/") -> Iterator[str]:
    """Every address of the staff site, with samples for its parameters."""
    if resolver is None:
        resolver = next(r for r in get_resolver().url_patterns if str(r.pattern) == "admin/")
    for entry in resolver.url_patterns:
        route = str(getattr(entry.pattern, "_route", ""))
        sample = re.sub(r"<(\w+:)?\w+>", lambda m: "x" if m[1] == "slug:" else "1", route)
        if isinstance(entry, URLPattern):
            yield path + sample
        else:
            yield from admin_addresses(entry, path + sample)


# Signing in and out are open to everybody.
ADDRESSES = sorted(set(admin_addresses()) - {"/admin/login/", "/admin/logout/"})


def test_the_list_of_staff_addresses_is_the_whole_staff_site() -> None:
    models = {f"/admin/{m._meta.app_label}/{m._meta.model_name}/" for m in site._registry}
    assert models <= set(ADDRESSES)
    assert len(ADDRESSES) > 5 * len(models) - 5


def ways_in(client: Client, boss: User) -> Iterator[str]:
    """Each way to a session of a member of staff that lacks the second factor."""
    yield "nobody"
    client.force_login(boss)
    yield "a session made without any step"
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "email": boss.email},
        {"method": "code", "email": boss.email},
    ]
    session.save()
    yield "a password session"
    client.logout()
    applicant = account()
    sign_in(client, applicant)
    assert signed_in(client)
    User.objects.filter(pk=applicant.pk).update(is_staff=True, is_superuser=True)
    yield "an applicant who became staff while signed in"
    client.logout()
    TOTP.activate(boss, SECRET)
    assert sign_in(client, boss).headers["Location"].startswith("/accounts/2fa/authenticate/")
    yield "half-way through the sign-in"


@pytest.mark.django_db
def test_no_way_leads_to_the_staff_site_without_the_second_factor(client: Client) -> None:
    boss = account(roles=[OFFICER], is_superuser=True)
    entered = []
    for way in ways_in(client, boss):
        for address in ADDRESSES:
            for answer in (client.get(address), client.post(address, {"action": "x"})):
                away = answer.headers.get("Location", "").startswith(("/accounts/", "/admin/login"))
                if not (answer.status_code in {404, 405} or away):
                    entered.append((way, address, answer.status_code))
    assert entered == []


@pytest.mark.django_db
def test_a_token_opens_no_staff_page(client: Client) -> None:
    boss = account(roles=[OFFICER], is_superuser=True)
    issue = import_string("portal.api.authentication.issue_token")
    _, text = issue(boss, name="key", scope="write")
    for address in ADDRESSES:
        answer = client.get(address, headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code in {302, 404, 405}, address


@pytest.mark.django_db
def test_with_the_second_factor_staff_come_in(client: Client) -> None:
    boss = account(roles=[OFFICER], factor=True)
    sign_in(client, boss)
    assert not signed_in(client)
    answer = client.post(reverse("mfa_authenticate"), {"code": code()})
    assert answer.status_code == 302
    assert client.get("/admin/").status_code == 200


@pytest.mark.django_db
def test_an_applicant_with_a_second_factor_is_still_no_staff(client: Client) -> None:
    applicant = account(factor=True)
    sign_in(client, applicant)
    client.post(reverse("mfa_authenticate"), {"code": code()})
    assert signed_in(client)
    assert client.get("/admin/").status_code in {302, 404}
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/"


@pytest.mark.django_db
def test_staff_without_a_factor_set_one_up_and_then_use_it(client: Client) -> None:
    boss = account(roles=[OFFICER])
    sign_in(client, boss)
    asked = client.get("/admin/", follow=True).redirect_chain[-1][0]
    assert asked.startswith(reverse("account_reauthenticate"))
    page = client.post(asked, {"password": PASSWORD}, follow=True)
    assert page.redirect_chain[-1][0].startswith(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    counter = int(time.time()) // mfa.TOTP_PERIOD
    number = format_hotp_value(hotp_value(secret, counter))
    client.post(reverse("mfa_activate_totp"), {"code": number})
    assert Authenticator.objects.filter(user=boss, type="totp").exists()
    asked = client.get("/admin/", follow=True).redirect_chain[-1][0]
    assert asked.startswith(reverse("mfa_reauthenticate"))  # set up is not yet used
    client.post(asked, {"code": number})
    assert client.get("/admin/").status_code == 200


@pytest.mark.django_db
def test_a_reset_password_does_not_spare_the_second_factor(client: Client) -> None:
    boss = account(roles=[OFFICER], factor=True)
    client.post(reverse("account_reset_password"), {"email": boss.email})
    link = re.search(r"/accounts/password/reset/key/\S+", Notice.objects.latest("pk").body)[0]
    form = client.get(link, follow=True)
    new = "a wholly new password 9"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    boss.refresh_from_db()
    assert boss.check_password(new)
    assert not signed_in(client)
    sign_in(client, boss, new)
    assert not signed_in(client)
    assert client.get("/admin/").status_code == 302


@pytest.mark.django_db
def test_an_operator_cannot_raise_themselves_or_unlock_a_superuser(client: Client) -> None:
    operator = account(roles=[OPERATOR], factor=True)
    root = account(roles=[OPERATOR], is_superuser=True)
    sign_in(client, operator)
    client.post(reverse("mfa_authenticate"), {"code": code()})
    own = reverse("admin:portal_user_change", args=[operator.pk])
    assert client.get(own).status_code == 200
    forged = {
        "is_active": "on", "is_superuser": "on", "is_staff": "on", "email": "root@example.kr",
        "groups": ["1", "2", "3"], "user_permissions": ["1"], "password": "x",
    }  # fmt: skip
    before = (operator.email, operator.password, operator.groups.count())
    assert client.post(own, forged).status_code == 404
    operator.refresh_from_db()
    assert not operator.is_superuser
    assert (operator.email, operator.password, operator.groups.count()) == before
    client.post(reverse("admin:portal_user_change", args=[root.pk]), {})
    root.refresh_from_db()
    assert root.is_active


# --- One-time codes ------------------------------------------------------------------------------


def second_step(user: User, number: str) -> bool:
    """Send a code as the second step of a new sign-in; tell whether it was taken."""
    client = Client()
    sign_in(client, user)
    client.post(reverse("mfa_authenticate"), {"code": number})
    return signed_in(client)


@pytest.mark.django_db
def test_a_code_is_taken_once() -> None:
    boss = account(roles=[OFFICER], factor=True)
    number = code()
    assert second_step(boss, number)
    assert not second_step(boss, number)


@pytest.mark.django_db
def test_a_used_code_is_refused_for_as_long_as_it_would_be_good() -> None:
    boss = account(roles=[OFFICER], factor=True)
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        number = code(+1)  # the app's clock is a little fast
        assert second_step(boss, number)
        for _ in range(5):
            clock.shift(10)
            assert not second_step(boss, number)


@pytest.mark.django_db
def test_a_wrong_or_old_code_is_refused_and_guessing_ends() -> None:
    boss = account(roles=[OFFICER], factor=True)
    wrong = f"{(int(code()) + 1) % 1_000_000:06d}"
    assert not second_step(boss, code(-3))
    for _ in range(12):
        assert not second_step(boss, wrong)
    assert not second_step(boss, code())  # too many tries: even the right one is not heard


@pytest.mark.django_db
def test_a_recovery_code_opens_once() -> None:
    boss = account(roles=[OFFICER], factor=True)
    RecoveryCodes.activate(boss)
    stored = Authenticator.objects.get(user=boss, type="recovery_codes").wrap()
    number = stored.get_unused_codes()[0]
    assert second_step(boss, number)
    assert not second_step(boss, number)


@pytest.fixture
def shared_cache(settings, transactional_db: None) -> Iterator[None]:
    """The cache of production: a table that all processes see."""
    settings.CACHES = {
        **settings.CACHES,
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "portal_cache",
        },
    }
    call_command("createcachetable", verbosity=0)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE portal_cache")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_twenty_processes_with_the_same_code_one_lets_in(shared_cache: None) -> None:
    """Each thread has its own connection and sees of the others only the table."""
    boss = account(roles=[OFFICER], factor=True)
    assert isinstance(caches["default"], DatabaseCache)
    number = code()
    request = RequestFactory().get("/")

    def enter(place: int) -> bool:
        form = SecondFactorForm({"code": number}, user=User.objects.get(pk=boss.pk))
        with import_string("allauth.core.context.request_context")(request):
            return form.is_valid()

    assert sorted(at_once(20, enter)) == [False] * 19 + [True]


# --- Lockout -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_after_ten_failures_even_the_right_password_is_refused(client: Client) -> None:
    user = account()
    answers = [sign_in(client, user, "wrong").status_code for _ in range(10)]
    assert answers == [200] * 9 + [429]
    sign_in(client, user)
    assert not signed_in(client)


@pytest.mark.django_db
def test_a_spoofed_address_buys_no_further_tries() -> None:
    user = account()
    for n in range(30):
        forged = {"X-Forwarded-For": f"203.0.113.{n}", "X-Real-IP": f"203.0.113.{n}"}
        sign_in(Client(headers=forged), user, "wrong")
    attempt = AccessAttempt.objects.get()
    assert (attempt.username, attempt.ip_address) == (user.email, "127.0.0.1")
    assert attempt.failures_since_start == 10
    client = Client(headers={"X-Forwarded-For": "203.0.113.99"})
    sign_in(client, user)
    assert not signed_in(client)


@pytest.mark.django_db
def test_many_addresses_together_get_ten_tries_at_one_account() -> None:
    user = account()
    for n in range(15):
        sign_in(Client(REMOTE_ADDR=f"203.0.113.{n}"), user, "wrong")
    late = Client(REMOTE_ADDR="198.51.100.7")
    sign_in(late, user)
    assert not signed_in(late)


@pytest.mark.django_db
def test_naming_another_port_buys_no_further_tries() -> None:
    user = account()
    for n in range(15):
        sign_in(Client(REMOTE_ADDR=f"203.0.113.{n}"), user, "wrong", HTTP_HOST=f"localhost:{n + 1}")
    late = Client(REMOTE_ADDR="198.51.100.7")
    sign_in(late, user, HTTP_HOST="localhost:99")
    assert not signed_in(late)


@pytest.mark.django_db
def test_strangers_do_not_lock_an_owner_out_of_the_browser_they_know() -> None:
    user, other = account(), account()
    own, others = Client(REMOTE_ADDR="198.51.100.7"), Client(REMOTE_ADDR="198.51.100.8")
    for client, person in ((own, user), (others, other)):
        sign_in(client, person)
        assert signed_in(client)
        client.post(reverse("account_logout"))
    for n in range(15):
        sign_in(Client(REMOTE_ADDR=f"203.0.113.{n}"), user, "wrong")
    sign_in(others, user)
    assert not signed_in(others)  # the mark is of another account
    forged = Client(REMOTE_ADDR="198.51.100.9")
    forged.cookies["portal_known"] = own.cookies["portal_known"].value[:-1]
    sign_in(forged, user)
    assert not signed_in(forged)
    sign_in(own, user)
    assert signed_in(own)
    own.post(reverse("account_logout"))
    for n in range(12):  # and a known browser has no more tries than others
        own.defaults["REMOTE_ADDR"] = f"192.0.2.{n}"
        sign_in(own, user, "wrong")
    own.defaults["REMOTE_ADDR"] = "192.0.2.99"
    sign_in(own, user)
    assert not signed_in(own)


@pytest.mark.django_db
def test_the_spelling_of_the_address_buys_no_further_tries(client: Client) -> None:
    user = account(email="kim@example.kr")
    for n in range(10):
        login = "KIM@example.kr" if n % 2 else "kim@Example.KR"
        client.post(LOGIN, {"login": login, "password": "wrong"})
    assert AccessAttempt.objects.get().username == user.email
    sign_in(client, user)
    assert not signed_in(client)


@pytest.mark.django_db
@pytest.mark.parametrize("proxies", [0, 1])
def test_one_person_s_failures_lock_nobody_else(settings, proxies: int) -> None:
    settings.TRUSTED_PROXIES = proxies
    victim, other = account(), account()
    for _ in range(10):
        sign_in(Client(headers={"X-Forwarded-For": "203.0.113.1"}), victim, "wrong")
    client = Client(headers={"X-Forwarded-For": "198.51.100.7"})
    sign_in(client, other)
    assert signed_in(client)


@pytest.mark.django_db
def test_a_lockout_ends_after_a_quarter_of_an_hour() -> None:
    user = account()
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        client = Client()
        for _ in range(10):
            sign_in(client, user, "wrong")
        clock.shift(16 * 60)
        sign_in(client, user)
        assert signed_in(client)


@pytest.mark.parametrize(
    ("proxies", "header", "seen"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (0, None, "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (2, "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (1, None, "192.0.2.1"),
        (2, "203.0.113.9", "192.0.2.1"),
    ],
)
def test_only_our_own_proxies_are_believed(
    settings, proxies: int, header: str | None, seen: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": header} if header else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="192.0.2.1")
    assert client_address(request) == seen


def test_the_claimed_account_is_read_from_credentials_or_form() -> None:
    request = RequestFactory().post("/", {"login": " Kim@Example.kr "})
    assert claimed_email(request) == "kim@example.kr"
    assert claimed_email(request, {"email": "LEE@example.kr"}) == "lee@example.kr"
    assert claimed_email(request, {"username": "park@example.kr"}) == "park@example.kr"


# --- Sign-up, reset, locked accounts --------------------------------------------------------------

SIGNUP = {
    "email": "New@Example.kr",
    "name": "김새롬",
    "password1": "a long new password 1",
    "password2": "a long new password 1",
}


def mailed_code() -> str:
    notice = Notice.objects.latest("pk")
    return re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4}|\d{6})\s*$", notice.body, re.M)[1]


@pytest.mark.django_db
def test_an_account_opens_with_the_code_from_the_mail(client: Client) -> None:
    answer = client.post(reverse("account_signup"), SIGNUP)
    assert answer.status_code == 302
    user = User.objects.get()
    assert (user.email, user.name) == ("new@example.kr", "김새롬")
    assert not signed_in(client)
    page = answer.headers["Location"]
    assert client.post(page, {"code": "000000"}).status_code == 200
    assert not signed_in(client)
    client.post(page, {"code": mailed_code()})
    assert signed_in(client)
    assert EmailAddress.objects.get(user=user).verified
    assert Notice.objects.latest("pk").user == user


@pytest.mark.django_db
def test_an_unverified_address_does_not_come_in(client: Client) -> None:
    client.post(reverse("account_signup"), SIGNUP)
    other = Client()
    other.post(LOGIN, {"login": SIGNUP["email"], "password": SIGNUP["password1"]})
    assert not signed_in(other)


@pytest.mark.django_db
def test_signing_up_with_a_taken_address_looks_the_same_and_tells_its_owner(client: Client) -> None:
    fresh = Client().post(reverse("account_signup"), SIGNUP)
    known = account(email="taken@example.kr")
    taken = client.post(reverse("account_signup"), {**SIGNUP, "email": known.email})
    assert (taken.status_code, taken.headers["Location"]) == (
        fresh.status_code,
        fresh.headers["Location"],
    )
    assert Notice.objects.latest("pk").to_email == known.email
    assert User.objects.filter(email=known.email).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["short", "1234567890", "password12", "kimsaerom@example"])
def test_a_weak_password_is_refused(client: Client, password: str) -> None:
    words = {**SIGNUP, "email": "kimsaerom@example.kr", "password1": password}
    answer = client.post(reverse("account_signup"), {**words, "password2": password})
    assert answer.status_code == 200
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_reset_answers_the_same_for_known_and_unknown_addresses() -> None:
    account(email="known@example.kr")
    pages = []
    for email in ("known@example.kr", "unknown@example.kr"):
        answer = Client().post(reverse("account_reset_password"), {"email": email}, follow=True)
        pages.append((answer.redirect_chain, answer.content.decode().replace(email, "")))
    assert pages[0] == pages[1]


@pytest.mark.django_db
def test_an_email_links_to_the_portal_whatever_host_the_request_names(settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    known = account()
    reset, signup = reverse("account_reset_password"), reverse("account_signup")
    again = {**SIGNUP, "email": known.email}
    stranger = Client(headers={"host": "evil.example"})
    for page, sent in (
        (reset, {"email": known.email}),
        (reset, {"email": "unknown@example.kr"}),
        (signup, again),
    ):
        Notice.objects.all().delete()
        stranger.post(page, sent)
        (letter,) = Notice.objects.all()
        assert f"{settings.ORIGIN}/accounts/" in letter.body
        assert "evil.example" not in letter.body


@pytest.mark.django_db
def test_a_failed_sign_in_does_not_tell_whether_the_account_exists() -> None:
    known = account()
    told = []
    for email in (known.email, "unknown@example.kr"):
        answer = Client().post(LOGIN, {"login": email, "password": "wrong wrong"})
        token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
        told.append(token.sub("", answer.content.decode()).replace(email, ""))
    assert told[0] == told[1]


@pytest.mark.django_db
def test_a_locked_account_loses_access_at_its_next_request(client: Client) -> None:
    user = account()
    sign_in(client, user)
    assert client.get("/account/notices/").status_code == 200
    User.objects.filter(pk=user.pk).update(is_active=False)
    answer = client.get("/account/notices/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(LOGIN)
    sign_in(client, user)
    assert client.get("/account/notices/").status_code == 302


@pytest.mark.django_db
def test_a_role_taken_away_closes_the_staff_pages_at_the_next_request(client: Client) -> None:
    operator = account(roles=[OPERATOR], factor=True)
    sign_in(client, operator)
    client.post(reverse("mfa_authenticate"), {"code": code()})
    jobs = reverse("admin:portal_job_changelist")
    assert client.get(jobs).status_code == 200
    operator.groups.clear()
    assert client.get(jobs).status_code in {403, 404}
    User.objects.filter(pk=operator.pk).update(is_staff=False)
    assert client.get("/admin/").status_code == 302


@pytest.mark.django_db
def test_signing_in_changes_the_session_and_signing_out_ends_it(client: Client) -> None:
    user = account()
    client.get(LOGIN)
    session = client.session
    session["seen"] = True
    session.save()
    before = client.cookies["sessionid"].value if "sessionid" in client.cookies else ""
    sign_in(client, user)
    during = client.cookies["sessionid"].value
    assert during != before
    client.post(reverse("account_logout"))
    assert not signed_in(client)
    client.cookies["sessionid"] = during
    assert client.get("/account/notices/").status_code == 302


@pytest.mark.django_db
def test_a_changed_password_ends_the_other_sessions() -> None:
    user = account()
    here, there = Client(), Client()
    sign_in(here, user)
    sign_in(there, user)
    new = "a wholly new password 9"
    words = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    here.post(reverse("account_change_password"), words)
    user.refresh_from_db()
    assert user.check_password(new)
    assert there.get("/account/notices/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", r"/\evil.example"])
def test_a_sign_in_does_not_send_anyone_to_a_foreign_host(client: Client, target: str) -> None:
    user = account()
    answer = client.post(
        f"{LOGIN}?next={target}", {"login": user.email, "password": PASSWORD, "next": target}
    )
    assert answer.status_code == 302
    assert "evil" not in answer.headers["Location"]
    answer = client.get("/admin/login/", {"next": target}, follow=True)
    assert all("//evil" not in place for place, _ in answer.redirect_chain)


def test_what_a_password_needs_is_a_list(client: Client) -> None:
    page = client.get("/accounts/signup/").content.decode()
    assert "<li>비밀번호는 최소 10자 이상이어야 합니다.</li>" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "desk"),
    [("officer", "/admin/"), ("assessor", "/assessor/"), ("firm", "/applications/")],
)
def test_everybody_arrives_where_their_work_is(rf, kind: str, desk: str) -> None:
    user = account()
    if kind == "officer":
        user.is_staff = True
    if kind == "assessor":
        user.groups.add(Group.objects.get_or_create(name=ASSESSOR)[0])
    request = rf.get("/")
    request.user = user
    assert PortalAccountAdapter().get_login_redirect_url(request) == desk
