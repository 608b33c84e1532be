"""Rounds are announced once and rescheduled with a reason, by managers."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.db import IntegrityError, transaction

from portal.access.roles import AUDITOR
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken, StaleVersion
from portal.models import IncidentMinute, User
from programs.models import ProgramRound, RoundChange
from programs.queries import rounds as rounds_queries
from programs.roles import MANAGER, OFFICER
from programs.services import rounds
from tests.factories.applications import UserFactory
from tests.factories.programs import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> User:
    return UserFactory(roles=[MANAGER])


@pytest.fixture
def round() -> ProgramRound:
    return ProgramRound.objects.create(
        code="2021-9",
        year=2021,
        sequence=9,
        name="시험",
        opens_at=NOW,
        closes_at=NOW + timedelta(days=10),
        total_won=1,
    )


def move(round: ProgramRound, by: User, **change: object) -> RoundChange:
    proposal = {
        "opens_at": round.opens_at,
        "closes_at": round.closes_at + timedelta(days=2),
        "reason": "접수 장애로 연장",
        "now": NOW,
    }
    return rounds.reschedule(round, by=by, **{**proposal, **change})


def test_a_round_is_announced_once(round: ProgramRound, manager: User) -> None:
    rounds.announce(round, by=manager, now=NOW)
    round.refresh_from_db()
    assert round.announced
    with pytest.raises(MoveNotAllowed):
        rounds.announce(round, by=manager, now=NOW)
    assert RoundChange.objects.filter(round=round).count() == 1


def test_a_changed_deadline_records_who_when_from_to_and_why(
    round: ProgramRound, manager: User
) -> None:
    before = round.closes_at
    change = move(round, manager)
    round.refresh_from_db()
    assert round.closes_at == before + timedelta(days=2)
    assert (change.by, change.at, change.reason) == (manager, NOW, "접수 장애로 연장")
    assert change.before["closes_at"] == before.isoformat()
    assert change.after["closes_at"] != change.before["closes_at"]


def test_a_moved_deadline_is_in_the_log_of_changes(round: ProgramRound, manager: User) -> None:
    move(round, manager)
    entry = LogEntry.objects.get_for_object(round).first()
    assert "closes_at" in entry.changes


@pytest.mark.parametrize("role", [OFFICER, AUDITOR])
def test_only_a_manager_moves_dates(round: ProgramRound, role: str) -> None:
    with pytest.raises(MoveNotAllowed):
        move(round, UserFactory(roles=[role]))
    with pytest.raises(MoveNotAllowed):
        rounds.announce(round, by=UserFactory(roles=[role]), now=NOW)


@pytest.mark.parametrize("reason", ["", "   "])
def test_dates_do_not_move_without_a_reason(
    round: ProgramRound, manager: User, reason: str
) -> None:
    with pytest.raises(BadInput, match="사유"):
        move(round, manager, reason=reason)


def test_a_round_does_not_close_before_it_opens(round: ProgramRound, manager: User) -> None:
    with pytest.raises(BadInput):
        move(round, manager, closes_at=round.opens_at)


def test_a_deadline_is_never_moved_into_the_past(round: ProgramRound, manager: User) -> None:
    later = NOW + timedelta(days=5)
    with pytest.raises(BadInput, match="지난 시각"):
        move(round, manager, closes_at=later - timedelta(seconds=1), now=later)
    move(round, manager, closes_at=later, now=later)


def announced(round: ProgramRound, manager: User) -> ProgramRound:
    rounds.announce(round, by=manager, now=NOW)
    return round


def incident_at(round: ProgramRound, minutes_before: int, **fields: object) -> IncidentMinute:
    return IncidentMinute.objects.create(
        **{
            "scope": "portal",
            "minute": round.closes_at - timedelta(minutes=minutes_before),
            "kind": "unavailable",
            "source": "web-1",
            "count": 3,
            **fields,
        }
    )


def test_an_announced_deadline_moves_only_with_the_portals_own_evidence(
    round: ProgramRound, manager: User
) -> None:
    announced(round, manager)
    at = round.closes_at + timedelta(minutes=30)
    later = round.closes_at + timedelta(hours=1)
    for useless in (
        {"minutes_before": -5},  # after the deadline
        {"minutes_before": 60 * 25},  # long before it
        {"minutes_before": 5, "kind": "error"},  # of a page that is not the intake's
        {"minutes_before": 5, "kind": "closed"},  # a refusal by right
        {"minutes_before": 5, "scope": "2021-8/build"},  # another round
    ):
        incident_at(round, **useless)
    with pytest.raises(RuleBroken) as refused:
        move(round, manager, closes_at=later, now=at)
    assert refused.value.findings[0].code == "no_outage"
    incident_at(round, 20)
    change = move(round, manager, closes_at=later, now=at)
    assert change.ground == "outage"
    assert [(row["kind"], row["count"]) for row in change.evidence] == [("unavailable", 3)]
    shown = rounds_queries.public_changes(round.changes.all())[0]
    assert "이용 불가 3건" in shown["evidence"]


@pytest.mark.parametrize(("minutes", "hours"), [(1, 1), (60, 1), (61, 2)])
def test_an_outage_extends_the_closing_only_and_by_what_was_lost(
    round: ProgramRound, manager: User, minutes: int, hours: int
) -> None:
    announced(round, manager)
    for minute in range(minutes):
        incident_at(round, 20 + minute)
    at, most = round.closes_at + timedelta(minutes=30), timedelta(hours=hours)
    for beyond in (
        {"closes_at": round.closes_at + most + timedelta(seconds=1)},
        {"opens_at": round.opens_at - timedelta(days=1), "closes_at": round.closes_at + most},
    ):
        with pytest.raises(BadInput, match=f"{hours}시간까지") as refused:
            move(round, manager, now=at, **beyond)
        assert refused.value.code == "extension"
    assert move(round, manager, now=at, closes_at=round.closes_at + most).ground == "outage"


def test_the_same_minutes_move_a_deadline_once(round: ProgramRound, manager: User) -> None:
    announced(round, manager)
    incident_at(round, 20)
    at, hour = round.closes_at + timedelta(minutes=30), timedelta(hours=1)
    move(round, manager, now=at, closes_at=round.closes_at + hour)
    with pytest.raises(RuleBroken) as refused:
        move(round, manager, now=at, closes_at=round.closes_at + hour)
    assert refused.value.findings[0].code == "no_outage"


def test_outages_never_extend_by_more_than_the_days_of_the_round(
    round: ProgramRound, manager: User
) -> None:
    announced(round, manager)
    round.extension_days = 1
    round.save()
    hour = timedelta(hours=1)
    for minute in range(23 * 60):
        incident_at(round, 20 + minute)
    at = round.closes_at + timedelta(minutes=30)
    move(round, manager, now=at, closes_at=round.closes_at + 23 * hour)
    for minute in range(90):
        incident_at(round, 20 + minute)
    at = round.closes_at + timedelta(minutes=30)
    with pytest.raises(BadInput, match="1시간까지"):
        move(round, manager, now=at, closes_at=round.closes_at + 2 * hour)
    move(round, manager, now=at, closes_at=round.closes_at + hour)


def test_the_database_wants_the_evidence_and_the_second_signature(
    round: ProgramRound, manager: User
) -> None:
    for broken in (
        {"ground": "outage"},
        {"ground": "legal"},
        {"ground": "legal", "approved_by": manager},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            RoundChange.objects.create(round=round, act="reschedule", by=manager, at=NOW, **broken)


def test_another_lawful_reason_needs_a_second_manager(round: ProgramRound, manager: User) -> None:
    announced(round, manager)
    fields = {"opens_at": round.opens_at, "closes_at": round.closes_at + timedelta(days=3)}
    fields |= {"reason": "재난 및 안전관리 기본법에 따른 재난 선포", "now": NOW}
    with pytest.raises(MoveNotAllowed):
        rounds.propose(round, by=UserFactory(roles=[OFFICER]), **fields)
    proposal = rounds.propose(round, by=manager, **fields)
    with pytest.raises(MoveNotAllowed) as second:
        rounds.propose(round, by=manager, **fields)
    assert second.value.code == "proposal_open"
    with pytest.raises(MoveNotAllowed) as same:
        rounds.approve(proposal, by=manager, now=NOW)
    assert same.value.code == "same_person"
    other = UserFactory(roles=[MANAGER])
    change = rounds.approve(proposal, by=other, now=NOW)
    assert (change.by, change.approved_by) == (manager, other)
    with pytest.raises(MoveNotAllowed):
        rounds.approve(proposal, by=other, now=NOW)


def test_a_proposal_never_takes_back_an_extension_that_came_after_it(
    round: ProgramRound, manager: User
) -> None:
    announced(round, manager)
    incident_at(round, 20)
    words = {"opens_at": round.opens_at, "closes_at": round.closes_at + timedelta(minutes=40)}
    words |= {"reason": "재난 선포", "by": manager, "now": NOW}
    proposal = rounds.propose(round, **words)
    at = round.closes_at - timedelta(minutes=5)
    extended = round.closes_at + timedelta(hours=1)
    move(round, manager, now=at, closes_at=extended)
    other = UserFactory(roles=[MANAGER])
    with pytest.raises(StaleVersion) as refused:
        rounds.approve(proposal, by=other, now=at)
    assert refused.value.code == "round_stale"
    assert ProgramRound.objects.get(pk=round.pk).closes_at == extended
    rounds.drop(proposal, by=manager, now=at)  # the refusal left it open
    later = {**words, "closes_at": extended + timedelta(days=1)}
    rounds.approve(rounds.propose(round, **later), by=other, now=at)
