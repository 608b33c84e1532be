"""The public page of what changed after the announcement."""

from datetime import timedelta

import pytest
from django.test import Client

from portal.models import IncidentMinute
from programs.models import ProgramRound
from programs.queries import rule_changes as queries
from programs.roles import MANAGER
from programs.rules import rule_changes as rules
from programs.services import pots, rounds, rule_changes
from programs.states import EntryKind
from tests.factories.applications import UserFactory
from tests.factories.programs import NOW, program

pytestmark = pytest.mark.usefixtures("round_2021")


def page(client: Client) -> str:
    return client.get("/decisions/").content.decode()


def test_it_says_when_nothing_changed(client: Client) -> None:
    assert "공고한 뒤에 바뀐 것이 없습니다" in page(client)
    assert 'href="/decisions/"' in client.get("/programs/2021-1/robot/").content.decode()


def test_approved_changes_stand_there_without_names_and_others_do_not(
    client: Client, round_2021: ProgramRound
) -> None:
    one, two = (UserFactory(roles=[MANAGER], name=name) for name in ("김제안", "이승인"))
    row = program("robot")
    words = {"by": one, "now": NOW}
    floor = [queries.change(row, rules.CHANGE, {"floor": ["60.00", "65.00"]})]
    rule = rule_changes.propose(row, floor, reason="심의위원회 의결", **words)
    total = pots.propose_total(round_2021, total_won=900_000_000_000, reason="추경", **words)
    moved = rounds.propose(
        round_2021,
        opens_at=round_2021.opens_at - timedelta(days=1),
        closes_at=round_2021.closes_at + timedelta(days=1),
        reason="재난 선포",
        **words,
    )
    assert "공고한 뒤에 바뀐 것이 없습니다" in page(client)
    rule_changes.approve(rule, by=two, now=NOW)
    pots.approve_total(total, by=two, now=NOW)
    rounds.approve(moved, by=two, now=NOW)
    money = pots.propose(row.pot, EntryKind.REDUCE, amount=100_000_000, reason="감액", **words)
    pots.approve(money, by=two, now=NOW)
    shown = page(client)
    for text in (
        "최저 점수: 60점 → 65점",
        "심의위원회 의결",
        "437,600,000,000원 → 900,000,000,000원",
        "접수 시작: ",
        "접수 마감: ",
        "재난 선포",
        "그 밖의 법적 사유",
        "배정액: 18,100,000,000원 → 18,000,000,000원",
        "예산 감액",
    ):
        assert text in shown
    assert "김제안" not in shown
    assert "이승인" not in shown
    ProgramRound.objects.update(announced=False)
    assert "공고한 뒤에 바뀐 것이 없습니다" in page(client)


def test_an_extension_by_an_outage_shows_its_minutes(
    client: Client, round_2021: ProgramRound
) -> None:
    closes = round_2021.closes_at
    IncidentMinute.objects.create(
        scope="2021-1/build",
        minute=closes - timedelta(minutes=5),
        kind="error",
        source="a",
        count=7,
    )
    rounds.reschedule(
        round_2021,
        opens_at=round_2021.opens_at,
        closes_at=closes + timedelta(hours=1),
        by=UserFactory(roles=[MANAGER]),
        now=closes,
        reason="접수 장애",
    )
    assert "오류 7건" in page(client)


def test_it_costs_the_same_however_many_there_are(
    client: Client, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(8):
        page(client)
