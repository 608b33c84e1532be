"""Two people at one request, one invitation or the last two operators, at the same moment on PostgreSQL."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from portal.access import granting, invitations
from portal.access.roles import AUDITOR, OPERATOR, roles_of
from portal.core.clock import now
from portal.models import RoleChange, RoleRequest, StaffInvitation, User
from programs.roles import MANAGER
from tests.portal.test_signin import account
from tests.portal.test_staff_accounts import invited, keeper, token
from tests.programs.services.test_ledger_races import WAIT, race

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def waiting() -> RoleRequest:
    user = account(factor=True)
    return granting.request(user, AUDITOR, reason="x", by=keeper(OPERATOR), now=now())


def both(request: RoleRequest, one: User, other: User) -> list[str]:
    """Approve and withdraw a request at the same moment."""

    def act(place: int) -> None:
        if place:
            granting.approve(request, by=one, now=now())
        else:
            granting.withdraw(request, note="x", by=other, now=now())

    return race(act, threads=2)


def test_two_managers_approve_a_request_once() -> None:
    request, managers = waiting(), [keeper(MANAGER) for _ in range(4)]
    fared = race(lambda place: granting.approve(request, by=managers[place], now=now()), threads=4)
    assert sorted(fared) == ["done"] + ["request_ended"] * 3
    assert RoleChange.objects.count() == 1


def test_of_approval_and_withdrawal_one_takes_effect() -> None:
    request = waiting()
    fared = both(request, keeper(MANAGER), keeper(OPERATOR))
    assert sorted(fared) == ["done", "request_ended"]
    request.refresh_from_db()
    held = AUDITOR in roles_of(User.objects.get(pk=request.user_id))
    assert held is (request.state == "approved") is RoleChange.objects.exists()


def test_without_the_lock_a_role_is_given_and_withdrawn(monkeypatch) -> None:
    read = threading.Barrier(2)

    def unlocked(asked: RoleRequest) -> RoleRequest:
        found = RoleRequest.objects.get(pk=asked.pk)
        read.wait(WAIT)
        return found

    request, one, other = waiting(), keeper(MANAGER), keeper(OPERATOR)
    monkeypatch.setattr(granting, "_open", unlocked)
    assert both(request, one, other) == ["done", "done"]


def test_of_acceptance_and_withdrawal_one_takes_effect() -> None:
    operator = keeper(OPERATOR)
    made = invited(operator)
    text, at = token(), now() + timedelta(minutes=5)

    def act(place: int) -> None:
        if place < 2:
            invitations.accept(text, password="x", now=at)
        else:
            invitations.withdraw(made, by=operator, now=at)

    fared = race(act, threads=4)
    assert fared.count("done") == 1
    assert set(fared) <= {"done", "invitation_used", "invitation_withdrawn"}
    kept = StaffInvitation.objects.get()
    accounts = User.objects.filter(email=kept.email).count()
    assert accounts == int(kept.accepted_at is not None) == RoleRequest.objects.count()


def two_operators_lose_it() -> int:
    """Take the role of the last two operators at the same moment; return how many are left."""
    manager, last = keeper(MANAGER), [keeper(OPERATOR), keeper(OPERATOR)]
    race(
        lambda place: granting.take(last[place], OPERATOR, reason="x", by=manager, now=now()),
        threads=2,
    )
    return User.objects.filter(groups__name=OPERATOR).count()


def test_the_last_two_operators_do_not_lose_the_role_together() -> None:
    assert two_operators_lose_it() == 1


def test_without_the_lock_of_the_role_nobody_is_left(monkeypatch) -> None:
    counted, keep = threading.Barrier(2), granting.keep_one

    def together(user: User, names: list[str]) -> None:
        keep(user, names)
        counted.wait(WAIT)

    monkeypatch.setattr(
        granting, "_lock_groups", lambda names: list(Group.objects.filter(name__in=names))
    )
    monkeypatch.setattr(granting, "keep_one", together)
    assert two_operators_lose_it() == 0
