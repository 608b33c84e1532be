"""What a stolen session, password or mailbox cannot do, and whom the portal tells."""

import hashlib
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa import app_settings as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.roles import ASSESSOR
from portal.access import accounts, factor_reset, own_words
from portal.access.breached import BreachedPasswordValidator
from portal.access.roles import OPERATOR
from portal.api.authentication import issue_token
from portal.core.errors import PortalError
from portal.models import ApiToken, FactorReset, Notice, NoticeState, User
from portal.notices import outbox
from programs.roles import OFFICER
from tests.factories.applications import PASSWORD
from tests.portal.test_signin import (
    LOGIN,
    SECRET,
    SIGNUP,
    account,
    code,
    mailed_code,
    sign_in,
    signed_in,
)

NEW = "a wholly new password 9"
pytestmark = pytest.mark.django_db


def with_factor(user: User) -> Client:
    """Sign in with password and code."""
    client = Client()
    sign_in(client, user)
    client.post(reverse("mfa_authenticate"), {"code": code()})
    assert signed_in(client)
    return client


def confirm(client: Client, page: str) -> Client:
    """Confirm by password that it is oneself, as the page asks."""
    client.post(f"{reverse('account_reauthenticate')}?next={page}", {"password": PASSWORD})
    return client


def subjects(user: User) -> list[str]:
    rows = Notice.objects.filter(user=user).order_by("pk")
    return [
        subject.removeprefix("[스마트공장 포털] ")
        for subject in rows.values_list("subject", flat=True)
    ]


# --- The second factor ---------------------------------------------------------------------------


def written(number: str) -> list[str]:
    return [number, f"{number[:3]}-{number[3:]}", f"{number[:3]} {number[3:]}", f" {number} "]


@pytest.mark.parametrize("first", range(4))
def test_a_used_code_is_refused_however_it_is_written(first: int) -> None:
    user = account(roles=[OFFICER], factor=True)
    number = code()
    taken = []
    for text in [written(number)[first], *written(number)]:
        client = Client()
        sign_in(client, user)
        client.post(reverse("mfa_authenticate"), {"code": text})
        taken.append(signed_in(client))
    assert taken == [True] + [False] * 4


@pytest.mark.parametrize("roles", [[], [OFFICER], [ASSESSOR]])
def test_the_password_alone_does_not_remove_the_factor(roles: list[str]) -> None:
    user = account(roles=roles, factor=True)
    client = with_factor(user)
    off = reverse("mfa_deactivate_totp")
    asked = client.post(off).headers["Location"]
    assert asked.startswith(reverse("mfa_reauthenticate"))
    answer = client.post(f"{reverse('account_reauthenticate')}?next={off}", {"password": PASSWORD})
    assert answer.headers["Location"].startswith(reverse("mfa_reauthenticate"))
    client.post(off)
    assert Authenticator.objects.filter(user=user, type="totp").exists()


def test_an_applicant_removes_the_factor_with_the_factor_and_is_told() -> None:
    user = account(factor=True)
    client = with_factor(user)
    off = reverse("mfa_deactivate_totp")
    client.post(f"{reverse('mfa_reauthenticate')}?next={off}", {"code": code(+1)})
    client.post(off)
    assert not Authenticator.objects.filter(user=user).exists()
    assert "2단계 인증을 껐습니다" in subjects(user)


@pytest.mark.parametrize("roles", [[OFFICER], [ASSESSOR]])
@pytest.mark.parametrize("staff", [True, False])
def test_staff_and_assessors_cannot_be_without_a_factor(roles: list[str], staff: bool) -> None:
    user = account(roles=roles, factor=True)
    if roles == [ASSESSOR]:
        User.objects.filter(pk=user.pk).update(is_staff=staff)
    client = with_factor(user)
    off = reverse("mfa_deactivate_totp")
    client.post(f"{reverse('mfa_reauthenticate')}?next={off}", {"code": code(+1)})
    assert "운영자에게 재설정을 요청하세요" in client.get(off).content.decode()
    client.post(off)
    assert Authenticator.objects.filter(user=user, type="totp").exists()


def test_setting_a_factor_up_and_a_new_device_are_told_by_mail(
    django_capture_on_commit_callbacks,
) -> None:
    user = account(roles=[OFFICER], factor=True)
    client = with_factor(user)
    told = "처음 쓰는 기기에서 로그인했습니다"
    assert subjects(user).count(told) == 1
    client.post(reverse("account_logout"))
    sign_in(client, user)
    client.post(reverse("mfa_authenticate"), {"code": code(+1)})
    assert signed_in(client)
    assert subjects(user).count(told) == 1  # this browser is known by now
    other = account()
    client = Client()
    sign_in(client, other)
    assert subjects(other) == []  # without a factor nobody is told of every telephone
    page = confirm(client, reverse("mfa_activate_totp")).get(reverse("mfa_activate_totp"))
    counter = int(time.time()) // mfa.TOTP_PERIOD
    number = format_hotp_value(hotp_value(page.context["form"].secret, counter))
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_activate_totp"), {"code": number})
    assert "2단계 인증을 켰습니다" in subjects(other)


# --- A reset by two operators --------------------------------------------------------------------

CHECKED = {"checked_how": "letter", "checked_by": "김확인", "checked_on": datetime.now(UTC).date()}


@pytest.fixture
def operators(db: None) -> tuple[User, User]:
    return account(roles=[OPERATOR], factor=True), account(roles=[OPERATOR])


def test_two_operators_reset_a_factor_and_everything_open_ends(operators) -> None:
    first, second = operators
    user = account(roles=[OFFICER], factor=True)
    RecoveryCodes.activate(user)
    client = with_factor(user)
    issue_token(user, name="ERP", scope="read")
    at = timezone.now()
    reset = factor_reset.request(
        user.email.upper(), by=first, reason="공문 확인", now=at, **CHECKED
    )
    assert Authenticator.objects.filter(user=user).exists()
    factor_reset.confirm(reset, by=second, now=at)
    assert not Authenticator.objects.filter(user=user).exists()
    assert client.get("/account/notices/").status_code == 302
    assert not ApiToken.objects.filter(user=user, revoked_at=None).exists()
    assert subjects(user)[-1] == "2단계 인증을 재설정했습니다"
    with pytest.raises(PortalError):
        factor_reset.confirm(reset, by=second, now=at)


def test_nobody_resets_a_factor_alone_or_their_own(operators) -> None:
    first, second = operators
    officer = account(roles=[OFFICER], factor=True)
    at = timezone.now()
    refused: list[Callable[[], object]] = [
        lambda: factor_reset.request(first.email, by=first, reason="x", now=at, **CHECKED),
        lambda: factor_reset.request(officer.email, by=officer, reason="x", now=at, **CHECKED),
        lambda: factor_reset.request("nobody@example.kr", by=first, reason="x", now=at, **CHECKED),
        lambda: factor_reset.request(
            second.email, by=first, reason="x", now=at, **CHECKED
        ),  # has none
    ]
    for act in refused:
        with pytest.raises(PortalError):
            act()
    reset = factor_reset.request(officer.email, by=first, reason="x", now=at, **CHECKED)
    for by in (first, officer):
        with pytest.raises(PortalError):
            factor_reset.confirm(reset, by=by, now=at)
    for fields in ({"confirmed_by": first}, {"confirmed_by": officer}, {"requested_by": officer}):
        with pytest.raises(IntegrityError), transaction.atomic():
            FactorReset.objects.filter(pk=reset.pk).update(confirmed_at=at, **fields)
    assert Authenticator.objects.filter(user=officer).exists()


def test_operators_reset_by_the_pages_of_the_staff_site(operators) -> None:
    first, second = operators
    user = account(roles=[OFFICER], factor=True)
    client = with_factor(first)
    start = reverse("admin:portal_factorreset_start")
    page = client.post(start, {**CHECKED, "email": "nobody@example.kr", "reason": "전화기 분실"})
    assert "쓰고 있는 계정이 없습니다" in page.content.decode()
    assert "전화기 분실" in page.content.decode()
    answer = client.post(
        start, {**CHECKED, "email": user.email, "reason": "전화기 분실, 공문 확인"}
    )
    reset = FactorReset.objects.get()
    act = reverse("admin:portal_factorreset_act", args=[reset.pk, "confirm"])
    assert act not in client.get(answer.headers["Location"]).content.decode()
    client.post(act)
    assert Authenticator.objects.filter(user=user).exists()
    Authenticator.objects.filter(user=first).delete()
    TOTP.activate(second, SECRET)
    client = with_factor(second)
    assert act in client.get(answer.headers["Location"]).content.decode()
    client.post(act)
    assert not Authenticator.objects.filter(user=user).exists()


# --- From a session to the account ---------------------------------------------------------------


def test_mails_that_open_an_account_are_neither_shown_nor_kept() -> None:
    user = account()
    Client().post(reverse("account_reset_password"), {"email": user.email})
    link = re.search(r"/accounts/password/reset/key/\S+", Notice.objects.get().body)[0]
    reader = Client()
    reader.force_login(user)
    assert link not in reader.get(reverse("notices")).content.decode()
    outbox.send_due(timezone.now())
    assert link in mail.outbox[-1].body
    kept = Notice.objects.get()
    assert (kept.state, kept.body) == (NoticeState.SENT, "")
    assert "메일로만 보냈고" in reader.get(reverse("notices")).content.decode()


def test_a_secret_mail_that_never_left_is_erased_too_and_others_are_kept() -> None:
    user = account()
    for secret in (True, False):
        Notice.objects.create(
            key=f"n{secret}", user=user, to_email=user.email, subject="제목", body="본문 4711",
            secret=secret, attempts=len(outbox.PAUSES) + 1, created_at=timezone.now(),
        )  # fmt: skip
    outbox.send_due(timezone.now())
    bodies = dict(Notice.objects.values_list("secret", "body"))
    assert bodies == {True: "", False: "본문 4711"}
    failed = Notice.objects.get(secret=True)
    assert failed.state == NoticeState.FAILED
    assert not outbox.retry(failed)  # there is nothing left to send


@pytest.mark.parametrize("act", ["action_primary", "action_remove", "action_add"])
def test_addresses_change_only_after_the_password_and_the_old_one_is_told(act: str) -> None:
    user = account(email="old@example.kr")
    EmailAddress.objects.create(user=user, email="second@example.kr", verified=True)
    client = Client()
    sign_in(client, user)
    email = "third@example.kr" if act == "action_add" else "second@example.kr"
    words = {act: "", "email": email}
    before = list(EmailAddress.objects.order_by("pk").values())
    asked = client.post(reverse("account_email"), words)
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert list(EmailAddress.objects.order_by("pk").values()) == before
    confirm(client, reverse("account_email"))  # goes on with what was sent
    user.refresh_from_db()
    told = {
        "action_primary": ("대표 이메일 주소를 바꾸었습니다", "old@example.kr"),
        "action_remove": ("이메일 주소를 삭제했습니다", "old@example.kr"),
        "action_add": ("이메일 주소를 확인하세요", "third@example.kr"),
    }[act]
    last = Notice.objects.latest("pk")
    assert (last.subject.removeprefix("[스마트공장 포털] "), last.to_email) == told
    assert user.email == ("second@example.kr" if act == "action_primary" else "old@example.kr")


def change_password(user: User) -> None:
    client = Client()
    sign_in(client, user)
    words = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    client.post(reverse("account_change_password"), words)


def reset_password(user: User) -> None:
    Client().post(reverse("account_reset_password"), {"email": user.email})
    link = re.search(r"/accounts/password/reset/key/\S+", Notice.objects.latest("pk").body)[0]
    client = Client()
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})


def lock(user: User) -> None:
    boss = account(roles=[OPERATOR], factor=True)
    client = with_factor(boss)
    for act, active in (("lock", False), ("unlock", True)):
        page = reverse("admin:portal_user_act", args=[user.pk, act])
        seen = re.search(r'name="seen" value="([^"]*)"', client.get(page).content.decode())[1]
        assert client.post(page, {"seen": seen, "reason": "퇴사"}).status_code == 302
        user.refresh_from_db()
        assert user.is_active is active


@pytest.mark.parametrize("event", [change_password, reset_password, lock])
def test_tokens_and_sessions_end_with_the_password_and_the_account(event) -> None:
    user, other = account(), account()
    there = Client()
    sign_in(there, user)
    issue_token(user, name="ERP", scope="write")
    issue_token(other, name="ERP", scope="write")
    event(user)
    user.refresh_from_db()
    assert user.is_active
    assert user.check_password(NEW) is (event is not lock)
    assert there.get("/account/notices/").status_code == 302
    living = ApiToken.objects.filter(revoked_at=None)
    assert [token.user for token in living] == [other]


def test_a_person_sees_and_ends_their_sessions() -> None:
    user = account()
    here, there = (
        Client(),
        Client(headers={"User-Agent": "Mozilla/5.0 (iPhone) Version/17.2 Safari/604.1"}),
    )
    sign_in(there, user)
    sign_in(here, user)
    page = here.get(reverse("usersessions_list")).content.decode()
    assert "사파리, 아이폰" in page
    assert "지금 이 기기" in page
    confirm(here, reverse("usersessions_list")).post(reverse("usersessions_list"))
    assert there.get("/account/notices/").status_code == 302
    assert here.get("/account/notices/").status_code == 200
    assert UserSession.objects.count() == 1


def test_a_reset_link_lives_an_hour(settings) -> None:
    assert settings.PASSWORD_RESET_TIMEOUT == 3600


class CountingHasher(MD5PasswordHasher):
    algorithm = "counting"
    made = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).made += 1
        return super().encode(password, salt)


def test_a_sign_up_hashes_as_often_for_a_taken_address_as_for_a_new_one(settings) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    taken = account(email="taken@example.kr")
    spent = []
    for email in ("fresh@example.kr", taken.email):
        before = CountingHasher.made
        Client().post(reverse("account_signup"), {**SIGNUP, "email": email})
        spent.append(CountingHasher.made - before)
    assert spent == [1, 1]


def test_a_whole_company_behind_one_address_signs_in_on_the_last_day() -> None:
    people = [account() for _ in range(40)]
    for user in people:
        for _ in range(2):
            Client().post(LOGIN, {"login": user.email, "password": "wrong"})
    for user in people:
        client = Client()
        sign_in(client, user)
        assert signed_in(client)


def test_the_end_of_access_is_only_this_person_s() -> None:
    user, other = account(), account()
    client = Client()
    sign_in(client, other)
    accounts.end_access(user, now=timezone.now())
    assert client.get("/account/notices/").status_code == 200


# --- Breached passwords --------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4, 5, 8, 13, 100])
def test_every_password_of_the_kept_list_is_refused_and_no_other(tmp_path, rows: int) -> None:
    known = [f"password number {n}" for n in range(rows)]
    digests = sorted(hashlib.sha1(text.encode()).hexdigest().upper() for text in known)
    lines = [f"{digest}:{10 ** (n % 7)}\r\n" for n, digest in enumerate(digests)]
    (tmp_path / "list.txt").write_text("".join(lines))
    validator = BreachedPasswordValidator(str(tmp_path / "list.txt"))
    for text in known:
        with pytest.raises(ValidationError, match="유출된"):
            validator.validate(text)
    for n in range(50):
        validator.validate(f"another password {n}")


def test_a_breached_password_opens_no_account(tmp_path, settings) -> None:
    digest = hashlib.sha1(SIGNUP["password1"].encode()).hexdigest().upper()
    (tmp_path / "list.txt").write_text(f"{digest}:4\n")
    settings.AUTH_PASSWORD_VALIDATORS = [
        {
            "NAME": "portal.access.breached.BreachedPasswordValidator",
            "OPTIONS": {"path": str(tmp_path / "list.txt")},
        }
    ]
    page = Client().post(reverse("account_signup"), SIGNUP)
    assert "유출된 적이 있는 비밀번호입니다" in page.content.decode()
    assert not User.objects.exists()


# --- Words of the portal's own --------------------------------------------------------------------


@pytest.mark.parametrize(
    "guessed",
    [
        "smartfactory2026!",
        "Smart-Factory",
        "admin.portal.1",
        "스마트공장2026!!",
        "tmakxmrhdwkd1!",
        "KAMP kamp 99",
    ],
)
def test_a_password_of_the_portal_s_own_words_is_refused(guessed: str) -> None:
    page = Client().post(
        reverse("account_signup"), {**SIGNUP, "password1": guessed, "password2": guessed}
    )
    assert "짐작하기 쉬운 비밀번호입니다" in page.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("word", own_words.WORDS)
def test_each_own_word_is_refused_alone_and_fine_beside_others(word: str) -> None:
    validator = own_words.OwnWordsValidator()
    with pytest.raises(ValidationError, match="짐작하기 쉬운"):
        validator.validate(f"{word}_{word}-2026")
    validator.validate(f"{word} violet lantern")


# --- What a password may be -----------------------------------------------------------------------


def test_a_long_password_of_any_letters_is_kept_to_its_last_letter() -> None:
    long = "유리 구슬 ÄÖ 🧶 " + "correct horse battery staple " * 4
    assert len(long) > 100
    Client().post(reverse("account_signup"), {**SIGNUP, "password1": long, "password2": long})
    user = User.objects.get()
    assert user.check_password(long)
    assert not user.check_password(long[:-1])
    assert not user.check_password(long.upper())


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("account_login", {"login": "email", "password": "current-password"}),
        ("account_signup", {"email": "email", "password1": "new-password"}),
        ("account_reset_password", {"email": "email"}),
    ],
)
def test_a_password_manager_can_fill_in(page: str, fields: dict[str, str]) -> None:
    html = Client().get(reverse(page)).content.decode()
    for name, meaning in fields.items():
        (field,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', html)
        assert f'autocomplete="{meaning}"' in field
        assert ('type="password"' in field) == ("password" in name)


def test_the_password_changes_only_beside_the_present_one() -> None:
    user = account()
    client = Client()
    sign_in(client, user)
    for present, changes in (("wrong", False), (PASSWORD, True)):
        sent = {"oldpassword": present, "password1": NEW, "password2": NEW}
        client.post(reverse("account_change_password"), sent)
        user.refresh_from_db()
        assert user.check_password(NEW) is changes


def test_no_account_is_there_before_somebody_makes_one() -> None:
    call_command("prepare", verbosity=0)
    assert not User.objects.exists()


# --- Codes by mail --------------------------------------------------------------------------------


def test_a_code_by_mail_is_good_only_where_it_was_requested() -> None:
    here, there = Client(), Client()
    page = here.post(reverse("account_signup"), SIGNUP).headers["Location"]
    first = mailed_code()
    there.post(reverse("account_signup"), {**SIGNUP, "email": "else@example.kr"})
    there.post(page, {"code": first})
    assert not signed_in(there)
    here.post(page, {"code": first})
    assert signed_in(here)


def test_guessing_a_code_by_mail_ends_after_three_tries() -> None:
    client = Client()
    page = client.post(reverse("account_signup"), SIGNUP).headers["Location"]
    right = mailed_code()
    assert len(right.replace("-", "")) >= 6
    for _ in range(3):
        client.post(page, {"code": "000000"})
    client.post(page, {"code": right})
    assert not signed_in(client)


# --- How long a session lives ---------------------------------------------------------------------


@pytest.mark.parametrize("staff", [True, False])
@pytest.mark.parametrize("again", [True, False])
def test_a_session_in_use_ends_twelve_hours_after_the_last_confirmation(
    staff: bool, again: bool
) -> None:
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        user = account(roles=[OFFICER] if staff else [], factor=staff)
        client = with_factor(user) if staff else Client()
        if not staff:
            sign_in(client, user)
        for quarter in range(48):  # a request every quarter of an hour, the last after 11:45
            assert client.get("/account/notices/").status_code == 200, quarter
            if again and quarter == 40:
                confirm_by(client, staff=staff)
            clock.shift(15 * 60)
        clock.shift(5 * 60)
        assert (client.get("/account/notices/").status_code == 200) is again


def confirm_by(client: Client, *, staff: bool) -> None:
    page = reverse("mfa_reauthenticate" if staff else "account_reauthenticate")
    answer = client.post(page, {"code": code()} if staff else {"password": PASSWORD})
    assert answer.status_code == 302


@pytest.mark.parametrize("staff", [True, False])
def test_confirming_oneself_gives_the_session_a_new_key(staff: bool) -> None:
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        user = account(roles=[OFFICER] if staff else [], factor=staff)
        client = with_factor(user) if staff else Client()
        if not staff:
            sign_in(client, user)
        client.get("/account/notices/")
        before = client.session.session_key
        clock.shift(60)
        confirm_by(client, staff=staff)
        after = client.session.session_key
        assert after != before
        assert signed_in(client)
        assert [row.session_key for row in UserSession.objects.filter(user=user)] == [after]
        stale = Client()
        stale.cookies["sessionid"] = before
        assert stale.get("/account/notices/").status_code == 302


def test_sessions_end_only_after_confirming_oneself() -> None:
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        user = account()
        here, there = Client(), Client()
        sign_in(there, user)
        sign_in(here, user)
        clock.shift(30 * 60)
        page = reverse("usersessions_list")
        assert here.get(page).status_code == 200
        answer = here.post(page)
        assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
        assert there.get("/account/notices/").status_code == 200
        confirm(here, page)
        here.post(page)
        assert there.get("/account/notices/").status_code == 302
