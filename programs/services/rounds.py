"""Announce a round and move its dates; each act leaves its reason."""

from datetime import datetime

from django.db import transaction

from portal.errors import BadInput, MoveNotAllowed
from portal.models import User
from portal.roles import MANAGER, roles_of
from programs.models import ProgramRound, RoundChange
from programs.rules.calendar import KST, Window


def announce(round: ProgramRound, *, by: User, now: datetime) -> RoundChange:
    """Show a round to the public. Raises MoveNotAllowed unless a manager does it, once."""
    _manager_only(by)
    with transaction.atomic():
        locked = ProgramRound.objects.select_for_update().get(pk=round.pk)
        if locked.announced:
            raise MoveNotAllowed("이미 공고한 회차입니다.", code="already_announced")
        locked.announced = True
        locked.save(update_fields=["announced", "updated_at"])
        change = RoundChange.objects.create(round=locked, act="announce", by=by, at=now)
    round.announced = True
    return change


def reschedule(
    round: ProgramRound,
    *,
    opens_at: datetime,
    closes_at: datetime,
    by: User,
    now: datetime,
    reason: str,
) -> RoundChange:
    """Move a round's dates, with the reason on record.

    A closing is never moved into the past: what was accepted in time stays in time. Raises
    MoveNotAllowed, BadInput (`window`, `reason`).
    """
    _manager_only(by)
    if not reason.strip():
        raise BadInput("접수 기간을 바꾸는 사유를 적어 주세요.", code="reason")
    Window(opens_at, closes_at)
    with transaction.atomic():
        locked = ProgramRound.objects.select_for_update().get(pk=round.pk)
        if closes_at < now and closes_at != locked.closes_at:
            raise BadInput("접수 마감을 지난 시각으로 옮길 수 없습니다.", code="window")
        before = _dates(locked)
        locked.opens_at, locked.closes_at = opens_at, closes_at
        locked.save(update_fields=["opens_at", "closes_at", "updated_at"])
        change = RoundChange.objects.create(
            round=locked,
            act="reschedule",
            before=before,
            after=_dates(locked),
            reason=reason.strip(),
            by=by,
            at=now,
        )
    round.opens_at, round.closes_at = opens_at, closes_at
    return change


def _dates(round: ProgramRound) -> dict[str, str]:
    return {
        "opens_at": round.opens_at.astimezone(KST).isoformat(),
        "closes_at": round.closes_at.astimezone(KST).isoformat(),
    }


def _manager_only(by: User) -> None:
    if MANAGER not in roles_of(by):
        raise MoveNotAllowed("결정권자만 할 수 있는 처리입니다.", code="role")
