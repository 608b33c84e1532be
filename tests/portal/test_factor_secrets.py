"""Second factors lie encrypted in the database; older rows are read; a lost key is told in words."""

import json
import logging
import time
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from portal.access import factor_secrets
from portal.models import User
from tests.portal.test_account_safety import confirm
from tests.portal.test_signin import SECRET, account, code, sign_in, signed_in

pytestmark = pytest.mark.django_db
FIRST, SECOND = "the-first-key-of-factors-" * 3, "the-second-key-of-factors-" * 3


@pytest.fixture(autouse=True)
def key(settings) -> None:
    settings.MFA_KEYS = [FIRST]


def person() -> User:
    user = account(factor=True)
    RecoveryCodes.activate(user)
    return user


def rows() -> str:
    return json.dumps(list(Authenticator.objects.order_by("pk").values_list("data", flat=True)))


def enters(user: User, number: str) -> bool:
    client = Client()
    sign_in(client, user)
    client.post(reverse("mfa_authenticate"), {"code": number})
    return signed_in(client)


def test_no_row_holds_a_secret_and_both_factors_count(settings) -> None:
    user = person()
    stored = Authenticator.objects.get(type="recovery_codes")
    seed = factor_secrets.decrypt(stored.data["seed"])
    for secret in (SECRET, seed, *RecoveryCodes(stored).generate_codes()):
        assert secret not in rows()
    assert rows().count(factor_secrets.MARK) == 2
    assert enters(user, code())
    assert enters(user, RecoveryCodes(stored).generate_codes()[0])
    settings.MFA_KEYS = []  # the control: without a key the rows hold the secret itself
    account(factor=True)
    assert SECRET in rows()


def test_the_secret_of_a_set_up_waits_encrypted_in_the_session() -> None:
    user, client = account(), Client()
    sign_in(client, user)
    address = reverse("mfa_activate_totp")
    page = confirm(client, address).get(address)
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    sessions = [row.get_decoded() for row in Session.objects.all()]
    assert secret not in json.dumps(sessions)
    assert factor_secrets.MARK in json.dumps(sessions)
    client.post(address, {"code": "000000"})
    number = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    client.post(address, {"code": number})
    stored = Authenticator.objects.get(user=user, type="totp")
    assert factor_secrets.decrypt(stored.data["secret"]) == secret
    assert secret not in rows()


def test_rows_from_before_the_key_are_read_and_encrypted_by_the_command(settings) -> None:
    settings.MFA_KEYS = []
    user = person()
    assert factor_secrets.MARK not in rows()
    settings.MFA_KEYS = [FIRST]
    assert enters(user, code())
    assert reencrypted() == 2
    assert rows().count(factor_secrets.MARK) == 2
    assert enters(user, code(+1))


def test_a_new_key_takes_over_and_the_old_one_can_go(settings) -> None:
    user = person()
    settings.MFA_KEYS = [SECOND, FIRST]
    assert enters(user, code())
    assert reencrypted() == 2
    before = rows()
    assert reencrypted() == 0
    assert rows() == before
    settings.MFA_KEYS = [SECOND]
    assert enters(user, code(+1))
    assert factor_secrets.check_factors(["default"]) == []


def test_what_was_used_meanwhile_stays_used(settings) -> None:
    user = person()
    [one, two, *_] = RecoveryCodes.activate(user).generate_codes()
    assert enters(user, one)
    settings.MFA_KEYS = [SECOND, FIRST]
    assert reencrypted() == 2
    assert not enters(user, one)
    assert enters(user, two)


def test_a_lost_key_is_told_in_words_to_people_and_to_operators(settings, caplog) -> None:
    user = person()
    settings.MFA_KEYS = [SECOND]
    client = Client(raise_request_exception=False)
    sign_in(client, user)
    with caplog.at_level(logging.ERROR):
        answer = client.post(reverse("mfa_authenticate"), {"code": code()}, follow=True)
    assert not signed_in(client)
    assert "2단계 인증을 확인할 수 없습니다" in answer.content.decode()
    assert answer.status_code == 503
    assert "PORTAL_MFA_KEY_FALLBACKS" in caplog.text
    [error] = factor_secrets.check_factors(["default"])
    assert error.msg == "2개의 2단계 인증 정보를 PORTAL_MFA_KEY로 풀 수 없습니다."
    with pytest.raises(CommandError, match="2개의 2단계 인증 정보를"):
        call_command("reencrypt_factors", stdout=StringIO())
    settings.MFA_KEYS = []
    with pytest.raises(CommandError, match="PORTAL_MFA_KEY가 없어"):
        call_command("reencrypt_factors", stdout=StringIO())


def reencrypted() -> int:
    out = StringIO()
    call_command("reencrypt_factors", stdout=out)
    return int(out.getvalue().split(": ")[1].removesuffix("개\n"))
