"""Every key is changed: nobody is signed out, nothing is renamed, what was given still holds."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse

from applications.queries.open_data import datasets
from applications.services.intake import partners
from portal.access import factor_secrets
from portal.api.authentication import issue_token
from portal.core import tickets
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.tickets import Slip
from portal.models import Notice, User
from portal.staff import seen
from tests.applications.services.intake.test_partners import ROLES
from tests.factories.applications import (
    ApplicationFactory,
    RoundFactory,
    SubProgramFactory,
    UserFactory,
)
from vouchers.services import recruitment

pytestmark = pytest.mark.django_db
Still = Callable[[], bool]
FIRST = "the-first-key-for-{}-and-for-nothing-else-anywhere-at-all"
SECOND = "the-second-key-for-{}-and-for-nothing-else-anywhere-at-all"
KEYS = {"OPEN_DATA_KEYS": "names", "HASH_KEYS": "hashes", "MFA_KEYS": "factors"}


@pytest.fixture(autouse=True)
def first_keys(settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = FIRST.format("sessions"), []
    settings.TICKET_KEY, settings.TICKET_KEY_FALLBACKS = FIRST.format("tickets"), []
    for name, what in KEYS.items():
        setattr(settings, name, [FIRST.format(what)])


def rotate(settings, *, kept: bool) -> None:
    """Give every purpose a new key; the first ones stay behind it or are taken out."""
    settings.SECRET_KEY = SECOND.format("sessions")
    settings.SECRET_KEY_FALLBACKS = [FIRST.format("sessions")] if kept else []
    settings.TICKET_KEY = SECOND.format("tickets")
    settings.TICKET_KEY_FALLBACKS = [FIRST.format("tickets")] if kept else []
    for name, what in KEYS.items():
        setattr(settings, name, [SECOND.format(what), *([FIRST.format(what)] if kept else [])])


@pytest.fixture
def user() -> User:
    user = UserFactory()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def session(user: User) -> Still:
    client = Client()
    client.force_login(user)
    return lambda: client.get("/account/may-upload/").status_code == 204


def reset_link(user: User) -> Still:
    Client().post(reverse("account_reset_password"), {"email": user.email})
    link = re.search(r"/accounts/password/reset/key/\S+", Notice.objects.get().body)[0]
    return lambda: "password1" in Client().get(link, follow=True).content.decode()


def staff_page(user: User) -> Still:
    token = seen.look("a page", "act", user).token()

    def still() -> bool:
        try:
            return seen.read(token, subject="a page", act="act", reader=user) is not None
        except PortalError:
            return False

    return still


def ticket(user: User) -> Still:
    slip = Slip("/x/", "/y/", "confirmed", "0" * 64, user.pk, 2, now())
    text = tickets.issue(slip, came_at=now()).text

    def still() -> bool:
        try:
            return tickets.read(text).slip == slip
        except PortalError:
            return False

    return still


def second_factor(user: User) -> Still:
    secret = generate_totp_secret()
    kept = TOTP.activate(user, secret).instance.data["secret"]
    assert secret not in kept

    def still() -> bool:
        try:
            return factor_secrets.decrypt(kept) == secret
        except PortalError:
            return False

    return still


def open_data_name(user: User) -> Still:
    name, version = datasets.pseudonym("application", 1, 7), datasets.version("pots").sha256

    def still() -> bool:
        same = datasets.pseudonym("application", 1, 7) == name
        assert (datasets.version("pots").sha256 == version) is same  # who holds a copy is told
        return same

    return still


def address_hash(user: User) -> Still:
    before = recruitment._hashed("address", "192.0.2.7")
    return lambda: recruitment._hashed("address", "192.0.2.7") == before


WITH_A_KEY = [
    session, reset_link, staff_page, ticket, second_factor, open_data_name, address_hash,
]  # fmt: skip


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("thing", WITH_A_KEY)
def test_what_was_made_under_the_first_key_holds_while_that_is_kept(
    thing, user: User, settings, kept: bool
) -> None:
    still = thing(user)
    assert still()
    rotate(settings, kept=kept)
    assert still() is kept


# --- What no key makes: it is compared with a row, so that it outlives every key -----------------


def receipt() -> Still:
    filed = ApplicationFactory(filed=True).submission
    asked = {"number": filed.number, "sha256": filed.sha256}
    return lambda: "확인된 접수증입니다" in Client().get("/receipts/", asked).content.decode()


def invitation() -> Still:
    at = now()
    RoundFactory(opens_at=at - timedelta(days=1), closes_at=at + timedelta(days=30))
    program = SubProgramFactory(partner_roles=ROLES)
    application = ApplicationFactory(sub_program=program)
    partners.invite(
        application,
        role=ROLES[0]["role"],
        company_name="공급기업",
        business_number="",
        email="partner@example.kr",
        by=application.created_by,
        now=now(),
    )
    link = re.search(r"/partners/\S+", Notice.objects.get().body)[0]
    reader = UserFactory()

    def still() -> bool:
        client = Client()
        client.force_login(reader)  # anew: this is about the link
        return client.get(link).status_code == 200

    return still


def api_token() -> Still:
    _, text = issue_token(UserFactory(), name="t", scope="read")
    headers = {"Authorization": f"Bearer {text}"}
    return lambda: Client().get("/api/v1/applications/", headers=headers).status_code == 200


@pytest.mark.parametrize("thing", [receipt, invitation, api_token])
def test_what_is_compared_with_a_row_holds_under_any_key(thing, settings) -> None:
    still = thing()
    assert still()
    rotate(settings, kept=False)
    assert still()


def test_a_browser_goes_on_under_the_new_key_alone(user: User, settings) -> None:
    """What is written after the change is under the new key, so that the old one can go."""
    rotate(settings, kept=True)
    still = [thing(user) for thing in (session, staff_page, ticket, second_factor)]
    settings.SECRET_KEY_FALLBACKS = settings.TICKET_KEY_FALLBACKS = []
    settings.MFA_KEYS = settings.MFA_KEYS[:1]
    assert [each() for each in still] == [True] * 4
