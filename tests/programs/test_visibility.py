"""Announced rounds are public; staff see their own programmes."""

import pytest

from applications.roles import ASSESSOR
from portal.access.roles import AUDITOR, OPERATOR
from portal.models import User
from programs import visibility
from programs.models import Budget, ProgramRound, SubProgram
from programs.roles import MANAGER, OFFICER
from tests.factories.applications import UserFactory
from tests.factories.programs import program

pytestmark = pytest.mark.usefixtures("round_2021")


@pytest.mark.parametrize("role", [MANAGER, AUDITOR, OPERATOR])
def test_managers_auditors_and_operators_see_all_seven(role: str) -> None:
    user = UserFactory(roles=[role])
    assert visibility.sub_programs_of(user).count() == 7
    assert visibility.rounds_of(user).count() == 1


def test_an_officer_sees_only_the_programmes_assigned() -> None:
    officer, other = UserFactory(roles=[OFFICER]), UserFactory(roles=[OFFICER])
    program("robot").officers.add(officer)
    assert [row.code for row in visibility.sub_programs_of(officer)] == ["robot"]
    assert not visibility.sub_programs_of(other).exists()
    assert visibility.rounds_of(officer).count() == 1
    assert not visibility.rounds_of(other).exists()


def test_an_officer_sees_the_money_of_the_programmes_assigned_only() -> None:
    officer = UserFactory(roles=[OFFICER])
    robot = program("robot")
    robot.officers.add(officer)
    assert list(visibility.pots_of(officer)) == [robot.pot]
    assert {row.budget for row in visibility.entries_of(officer)} == {robot.pot}
    for role in (MANAGER, AUDITOR, OPERATOR):
        everybody = UserFactory(roles=[role])
        assert visibility.pots_of(everybody).count() == Budget.objects.count() > 1
        assert visibility.entries_of(everybody).count() > 1
    assert not visibility.pots_of(UserFactory()).exists()
    assert not visibility.entries_of(UserFactory()).exists()


def test_a_former_officer_sees_nothing_though_still_listed() -> None:
    former = UserFactory()
    program("robot").officers.add(former)
    assert not visibility.sub_programs_of(former).exists()


def test_a_locked_officer_sees_nothing() -> None:
    officer = UserFactory(roles=[OFFICER])
    program("robot").officers.add(officer)
    User.objects.filter(pk=officer.pk).update(is_active=False)
    assert not visibility.sub_programs_of(User.objects.get(pk=officer.pk)).exists()


@pytest.mark.parametrize("roles", [[], [ASSESSOR]])
def test_applicants_and_assessors_see_no_programme_as_staff(roles: list[str]) -> None:
    assert not visibility.sub_programs_of(UserFactory(roles=roles)).exists()


def test_what_is_not_announced_is_not_public() -> None:
    ProgramRound.objects.update(announced=False)
    assert not visibility.public_rounds().exists()
    assert not visibility.public_sub_programs().exists()
    assert not visibility.public_pots().exists()
    assert SubProgram.objects.count() == 7


def test_a_pot_that_serves_no_programme_is_public() -> None:
    Budget.objects.create(code="2021/panel", name="모니터링단")
    assert visibility.public_pots().count() == 8
