"""Stand-ins: days in Korea, no chains, and what they change for mails and lists."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from applications.models import Application, StandIn
from applications.queries.officers.stand_ins import own_files, stand_ins, told_about
from applications.services.application import notify_officers
from applications.services.officers import charge
from applications.services.officers import stand_ins as services
from portal.core.clock import KST
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import News, User
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory

pytestmark = pytest.mark.django_db
DAY = date(2021, 2, 10)
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def program():
    return staff.program()


@pytest.fixture
def away(program) -> User:
    return staff.officer(program)


@pytest.fixture
def here(program) -> User:
    return staff.officer(program)


def arrange(officer: User, stand_in: User, **changed: Any) -> StandIn:
    words = {"first_day": DAY, "last_day": NEXT, "by": officer, "now": NOW, **changed}
    return services.arrange(officer, stand_in=stand_in, **words)


def test_it_runs_from_the_first_day_to_the_last_in_korea(away, here) -> None:
    row = arrange(away, here)
    last_second = datetime(2021, 2, 11, 23, 59, 59, tzinfo=KST)
    days = [DAY - timedelta(days=1), DAY, last_second.date(), NEXT + timedelta(days=1)]
    assert [stand_ins(day) for day in days] == [{}, {away.pk: here}, {away.pk: here}, {}]
    services.end(row, by=away, now=NOW)
    assert stand_ins(DAY) == {}
    with pytest.raises(MoveNotAllowed):
        services.end(row, by=away, now=NOW)


def test_nobody_stands_in_who_is_away_or_has_a_stand_in_of_their_own(program, away, here) -> None:
    third = staff.officer(program)
    arrange(away, here)
    refused = [
        (here, away),  # a circle
        (here, third),  # a chain: the stand-in goes away
        (third, away),  # a chain: the stand-in is away
        (away, third),  # a second one at the same time
    ]
    for officer, stand_in in refused:
        with pytest.raises(BadInput) as error:
            arrange(officer, stand_in, first_day=NEXT, last_day=NEXT)
        assert error.value.code == "overlap"
    after = {"first_day": NEXT + timedelta(days=1), "last_day": NEXT + timedelta(days=2)}
    assert arrange(here, away, **after)


def test_only_a_working_colleague_stands_in_and_only_the_officer_or_a_manager_says_so(
    program, away, here
) -> None:
    ended = staff.officer(program)
    User.objects.filter(pk=ended.pk).update(is_active=False)
    for unfit in (away, ended, staff.officer(staff.program()), staff.manager()):
        with pytest.raises(BadInput) as error:
            arrange(away, unfit)
        assert error.value.code == "stand_in"
    with pytest.raises(MoveNotAllowed):
        arrange(away, here, by=here)
    for days in ({"first_day": DAY - timedelta(days=1)}, {"last_day": DAY - timedelta(days=1)}):
        with pytest.raises(BadInput) as error:
            arrange(away, here, **days)
        assert error.value.code == "period"
    row = arrange(away, here, by=staff.manager())
    with pytest.raises(MoveNotAllowed):
        services.end(row, by=here, now=NOW)
    services.end(row, by=staff.manager(), now=NOW)


def test_mails_go_to_the_officer_or_who_stands_in_and_to_all_while_it_is_nobodys(
    program, away, here
) -> None:
    filed = ApplicationFactory(filed=True, sub_program=program)
    third = staff.officer(program)
    assert set(told_about(filed, NOW)) == {away, here, third}
    charge.take(filed, by=away, now=NOW)
    assert told_about(filed, NOW) == [away]
    arrange(away, here)
    notify_officers(filed, "applications/company_transferred", key="x", now=NOW)
    assert set(News.objects.values_list("user", flat=True)) == {here.pk}
    assert told_about(filed, NOW + timedelta(days=5)) == [away]
    User.objects.filter(pk=away.pk).update(is_active=False)
    assert set(told_about(filed, NOW + timedelta(days=5))) == {here, third}


def test_who_stands_in_has_the_files_among_their_own(program, away, here) -> None:
    theirs, own = (ApplicationFactory(filed=True, sub_program=program) for _ in range(2))
    charge.take(theirs, by=away, now=NOW)
    charge.take(own, by=here, now=NOW)
    arrange(away, here)
    assert set(Application.objects.filter(own_files(here, DAY))) == {theirs, own}
    assert set(Application.objects.filter(own_files(here, NEXT + timedelta(days=1)))) == {own}
    assert set(Application.objects.filter(own_files(away, DAY))) == {theirs}
