"""Flags: set once, cleared once with what came of it, both on record."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from applications.models import Application, Member, StaffFlag
from applications.services import flags
from applications.states import FlagLabel, MemberRole
from portal.access.impartiality import Tied
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory

pytestmark = pytest.mark.django_db
DAY = date(2021, 2, 12)


@pytest.fixture
def application() -> Application:
    return ApplicationFactory(filed=True)


@pytest.fixture
def officer(application) -> User:
    return staff.officer(application.sub_program)


def flag(application: Application, by: User, **changed: Any) -> StaffFlag:
    words = {"label": FlagLabel.VISIT, "due_on": DAY, "who": by, "now": NOW, **changed}
    return flags.set_flag(application, by=by, **words)


def test_a_flag_is_set_and_cleared_with_what_came_of_it(application, officer) -> None:
    row = flag(application, officer, note="공장 확인")
    with pytest.raises(MoveNotAllowed):
        flag(application, officer)
    assert flag(application, officer, label=FlagLabel.URGENT)
    with pytest.raises(BadInput):
        flags.clear(row, outcome=" ", by=officer, now=NOW)
    flags.clear(row, outcome="다녀옴", by=officer, now=NOW + timedelta(days=1))
    with pytest.raises(MoveNotAllowed):
        flags.clear(row, outcome="또", by=officer, now=NOW)
    row.refresh_from_db()
    assert (row.outcome, row.cleared_by, row.set_by) == ("다녀옴", officer, officer)
    assert flag(application, officer)


def test_it_is_seen_to_by_an_officer_of_the_sub_programme_and_not_yesterday(
    application, officer
) -> None:
    for code, changed in (
        ("who", {"who": staff.officer()}),
        ("who", {"who": staff.manager()}),
        ("due_on", {"due_on": date(2021, 2, 9)}),
        ("due_on", {"due_on": date(2031, 2, 9)}),
    ):
        with pytest.raises(BadInput) as refused:
            flag(application, officer, **changed)
        assert refused.value.code == code


def test_a_tied_person_sets_clears_and_sees_to_none(application, officer) -> None:
    other = staff.officer(application.sub_program)
    row = flag(application, officer)
    Member.objects.create(
        company=application.company, user=other, role=MemberRole.VIEWER, since=NOW
    )
    for act in (
        lambda: flag(application, other, label=FlagLabel.LEGAL),
        lambda: flag(application, officer, who=other, label=FlagLabel.LEGAL),
        lambda: flags.clear(row, outcome="x", by=other, now=NOW),
    ):
        with pytest.raises(Tied):
            act()


def test_the_database_changes_no_cleared_flag_and_removes_none(application, officer) -> None:
    row = flag(application, officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.delete()
    flags.clear(row, outcome="끝", by=officer, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffFlag.objects.update(outcome="다름")
