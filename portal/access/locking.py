"""Locking an account, which ends every session, and unlocking it: with a reason, told to the person."""

from datetime import datetime

from django.db import transaction

from portal.access import granting
from portal.access.accounts import end_access, lock_refusals
from portal.access.roles import OPERATOR, given_to, roles_of
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from portal.models import User
from portal.notices import outbox


@transaction.atomic
def lock(user: User, *, reason: str, by: User, now: datetime) -> None:
    """Lock an account as an operator.

    Raises MoveNotAllowed (`role`, `own_account`, `superuser`, `last_holder`, `account`), BadInput
    (`reason`), RuleBroken for what the apps refuse.
    """
    _check(user, reason, by)
    if refusals := lock_refusals(user):
        raise RuleBroken(refusals)
    granting.keep_one(user, roles_of(user))
    _set(user, active=False)
    end_access(user, now=now)
    _tell("portal/account_locked", user, reason, now)


@transaction.atomic
def unlock(user: User, *, reason: str, by: User, now: datetime) -> None:
    """Unlock an account as an operator; a password or session of before is no way in.

    One that had ended comes back without the roles of before, which need a request and an approval.

    Raises MoveNotAllowed (`role`, `own_account`, `superuser`, `account`), BadInput (`reason`).
    """
    _check(user, reason, by)
    for role in _left_by_an_end(user):
        granting.take_away(user, role, reason=reason.strip(), by=by, now=now)
    _set(user, active=True)
    _tell("portal/account_unlocked", user, reason, now)


def _check(user: User, reason: str, by: User) -> None:
    if OPERATOR not in roles_of(by):
        raise MoveNotAllowed("시스템 운영자만 할 수 있습니다.", code="role")
    granting.another_only(by, user)
    granting.no_superuser(user)
    if not reason.strip():
        raise BadInput("사유를 적어 주세요.", code="reason")


def _left_by_an_end(user: User) -> list[str]:
    """Return the roles that the account still has from before it ended."""
    ending = user.endings.filter(done_at__isnull=False).order_by("-done_at").first()
    if ending is None:
        return []
    since = user.role_changes.filter(given=True, at__gte=ending.done_at)
    given = set(since.values_list("role", flat=True))
    return [role for role in given_to(user) if role not in given]


def _set(user: User, *, active: bool) -> None:
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if locked.is_active == active:
        state = "쓰고 있는" if active else "잠긴"
        raise MoveNotAllowed(f"이미 {state} 계정입니다.", code="account")
    locked.is_active = active
    locked.save(update_fields=["is_active"])
    user.is_active, user.held_roles = active, None


def _tell(template: str, user: User, reason: str, now: datetime) -> None:
    outbox.write(
        template,
        to_email=user.email,
        user=user,
        key=f"{template}:{user.pk}:{now.isoformat()}",
        now=now,
        reason=reason.strip(),
    )
