"""Kept pages: nothing is decoded again, no change is missed, nothing of a person is kept."""

import re
from datetime import datetime, timedelta

import pytest
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.db import connection, models
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.web import kept_pages
from portal.web.messages import HostCookie
from programs.models import NationalGoal, ProgramRound, SubProgram
from programs.queries import kept
from programs.services import ledger
from programs.views import catalogue as pages
from tests.factories.applications import UserFactory
from tests.factories.programs import NOW

pytestmark = pytest.mark.django_db

PAGES = {
    "home": "/",
    "list": "/programs/",
    "filtered list": "/programs/?company_kind=association",
    "programme": "/programs/2021-1/build/",
    "API list": "/api/v1/programs/?round=2021-1",
    "API programme": "/api/v1/programs/build/?round=2021-1",
}
MONEY = [name for name in PAGES if name != "filtered list"]


@pytest.fixture
def open_round(round_2021: ProgramRound) -> ProgramRound:
    at = timezone.now()
    ProgramRound.objects.update(opens_at=at - timedelta(days=20), closes_at=at + timedelta(days=14))
    round_2021.refresh_from_db()
    PAGES["programme"] = f"/programs/{round_2021.code}/build/"
    PAGES["API list"] = f"/api/v1/programs/?round={round_2021.code}"
    PAGES["API programme"] = f"/api/v1/programs/build/?round={round_2021.code}"
    return round_2021


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the columns of JSON that are decoded from now on."""
    names: list[str] = []
    decode = models.JSONField.from_db_value

    def counted(self: models.JSONField, *args: object) -> object:
        names.append(self.name)
        return decode(self, *args)

    monkeypatch.setattr(models.JSONField, "from_db_value", counted)
    return names


def read(client: Client, place: str) -> str:
    response = client.get(PAGES[place])
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("place", PAGES)
def test_what_has_not_changed_is_not_decoded_again(
    open_round: ProgramRound, decoded: list[str], place: str
) -> None:
    client, signed_in = Client(), Client()
    signed_in.force_login(UserFactory())
    SubProgram.objects.update(summary="바뀐 소개")
    read(client, place)
    assert len(decoded) > 100  # the control: a changed catalogue is decoded
    decoded.clear()
    with CaptureQueriesContext(connection) as queries:
        read(client, place)
        read(signed_in, place)
    assert decoded == []
    tables = {table for query in queries for table in re.findall(r"programs_\w+", query["sql"])}
    assert tables == {"programs_cataloguerevision", "programs_budget"}


@pytest.mark.parametrize("place", PAGES)
def test_a_change_is_seen_by_the_next_reader(open_round: ProgramRound, place: str) -> None:
    client, signed_in = Client(), Client()
    signed_in.force_login(UserFactory())
    for name in ("하나", "둘"):
        SubProgram.objects.filter(code="build").update(name=f"사업 {name}")
        for reader in (client, signed_in):
            assert f"사업 {name}" in read(reader, place)


def test_a_changed_goal_is_seen_on_the_home_page(open_round: ProgramRound) -> None:
    for label in ("목표 하나", "목표 둘"):
        NationalGoal.objects.update(label=label)
        assert label in read(Client(), "home")


@pytest.mark.parametrize("place", MONEY)
def test_money_that_moves_is_seen_by_the_next_reader(open_round: ProgramRound, place: str) -> None:
    before = read(Client(), place)
    pot = SubProgram.objects.get(code="build").pot
    ledger.reserve(
        pot, ledger.Booking(pot.available_won // 2, "kept:1", "application:1"), by=None, now=NOW
    )
    assert read(Client(), place) != before


@pytest.mark.parametrize("place", ["home", "list", "programme", "API programme"])
def test_the_closing_is_seen_at_its_instant(
    open_round: ProgramRound, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(instant: datetime) -> str:
        monkeypatch.setattr("programs.views.catalogue.now", lambda: instant)
        monkeypatch.setattr("programs.api.catalogue.views.now", lambda: instant)
        return read(Client(), place)

    def shown(text: str) -> list[int]:
        return [text.count(word) for word in ("접수 중", "신청하기", '"open":true')]

    before = at(open_round.closes_at - timedelta(microseconds=1))
    assert shown(at(open_round.closes_at - timedelta(seconds=9))) == shown(before)
    assert shown(at(open_round.closes_at)) != shown(before)


def test_the_time_left_is_that_of_the_request(
    open_round: ProgramRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds in (50, 40):
        instant = open_round.closes_at - timedelta(seconds=seconds)
        monkeypatch.setattr("programs.views.catalogue.now", lambda instant=instant: instant)
        for place in ("home", "list", "programme"):
            text = read(Client(), place)
            assert f"0분 {seconds}초" in text
            assert instant.isoformat() in text
    closed = open_round.closes_at + timedelta(seconds=7)
    monkeypatch.setattr("programs.views.catalogue.now", lambda: closed)
    first = read(Client(), "programme")
    monkeypatch.setattr("programs.views.catalogue.now", lambda: closed + timedelta(seconds=1))
    assert read(Client(), "programme") != first  # it names the second of the portal's clock


@pytest.mark.parametrize("place", ["home", "list", "programme"])
def test_nothing_of_a_person_is_kept(open_round: ProgramRound, place: str) -> None:
    person, stranger = Client(), Client()
    person.force_login(UserFactory())
    for _ in range(2):
        own, public = read(person, place), read(stranger, place)
        assert "로그아웃" in own
        assert "csrfmiddlewaretoken" in own
        assert "로그아웃" not in public
        assert "csrfmiddlewaretoken" not in public
        assert "로그인" in public


def with_message() -> Client:
    """Return a reader whom the portal tells something on the next page, without a session."""
    client = Client()
    storage = HostCookie(HttpRequest())
    client.cookies[HostCookie.cookie_name] = storage._encode([Message(constants.INFO, "알림 하나")])
    return client


@pytest.mark.parametrize("place", ["home", "list", "programme"])
def test_a_message_is_for_its_reader_alone(open_round: ProgramRound, place: str) -> None:
    assert "알림 하나" in read(with_message(), place)
    assert "알림 하나" not in read(Client(), place)
    assert "알림 하나" in read(with_message(), place)


def test_negative_control_without_the_test_for_strangers_a_message_is_kept(
    open_round: ProgramRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_pages, "is_stranger", lambda request: True)
    assert "알림 하나" in read(with_message(), "home")
    assert "알림 하나" in read(Client(), "home")


def test_negative_control_without_the_revision_a_change_is_missed(
    open_round: ProgramRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_shown", lambda catalogue, at: ())
    SubProgram.objects.filter(code="build").update(name="사업 하나")
    assert "사업 하나" in read(Client(), "home")
    SubProgram.objects.filter(code="build").update(name="사업 둘")
    assert "사업 하나" in read(Client(), "home")


def test_negative_control_without_the_money_a_movement_is_missed(
    open_round: ProgramRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "money", lambda pots: ())
    before = read(Client(), "API list")
    pot = SubProgram.objects.get(code="build").pot
    ledger.reserve(pot, ledger.Booking(1_000, "kept:1", "application:1"), by=None, now=NOW)
    assert read(Client(), "API list") == before
