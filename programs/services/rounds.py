"""Announce a round and move its dates; each act leaves its reason."""

from datetime import datetime
from typing import Any

from django.db import transaction

from portal.access.roles import roles_of
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken
from portal.models import User
from programs.models import ProgramRound, RoundChange, RoundProposal
from programs.queries import rounds
from programs.roles import MANAGER
from programs.rules.calendar import KST, Window
from programs.states import Ground


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

    An announced round moves only by what went wrong in the portal itself, whose minutes go on
    record with it; another lawful reason needs a second person (`propose`, `approve`). A closing
    is never moved into the past: what was accepted in time stays in time. Raises MoveNotAllowed,
    BadInput (`window`, `reason`), RuleBroken (`no_outage`).
    """
    _manager_only(by)
    _check(opens_at, closes_at, reason)
    with transaction.atomic():
        locked = ProgramRound.objects.select_for_update().get(pk=round.pk)
        found = rounds.outage(locked, now=now) if locked.announced else []
        if locked.announced and not found:
            raise RuleBroken(
                [
                    Finding(
                        "no_outage",
                        "마감 전에 포털이 남긴 장애 기록이 없습니다. 다른 법적 사유라면 변경안을 만들어"
                        " 다른 결정권자의 승인을 받으세요.",
                    )
                ]
            )
        words = {"ground": Ground.OUTAGE, "evidence": rounds.told(found)} if found else {}
        change = _apply(
            locked, opens_at=opens_at, closes_at=closes_at, now=now, reason=reason, by=by, **words
        )
    round.opens_at, round.closes_at = opens_at, closes_at
    return change


def propose(
    round: ProgramRound,
    *,
    opens_at: datetime,
    closes_at: datetime,
    by: User,
    now: datetime,
    reason: str,
) -> RoundProposal:
    """Propose new dates for a lawful reason that is no outage; somebody else approves them.

    Raises MoveNotAllowed, BadInput (`window`, `reason`).
    """
    _manager_only(by)
    _check(opens_at, closes_at, reason)
    with transaction.atomic():
        locked = ProgramRound.objects.select_for_update().get(pk=round.pk)
        if locked.proposals.filter(ended_at=None).exists():
            raise MoveNotAllowed("아직 승인하지 않은 변경안이 있습니다.", code="proposal_open")
        return RoundProposal.objects.create(
            round=locked,
            opens_at=opens_at,
            closes_at=closes_at,
            reason=reason.strip(),
            by=by,
            at=now,
        )


def approve(proposal: RoundProposal, *, by: User, now: datetime) -> RoundChange:
    """Approve proposed dates as another manager; they hold at once.

    Raises MoveNotAllowed (`same_person`), BadInput (`window`).
    """
    _manager_only(by)
    if proposal.by_id == by.pk:
        raise MoveNotAllowed("제안한 사람은 승인할 수 없습니다.", code="same_person")
    with transaction.atomic():
        locked = ProgramRound.objects.select_for_update().get(pk=proposal.round_id)
        _end(proposal, now, approved_by=by)
        return _apply(
            locked,
            opens_at=proposal.opens_at,
            closes_at=proposal.closes_at,
            now=now,
            reason=proposal.reason,
            by=proposal.by,
            ground=Ground.LEGAL,
            approved_by=by,
        )


def drop(proposal: RoundProposal, *, by: User, now: datetime) -> None:
    """Drop proposed dates. Raises MoveNotAllowed."""
    _manager_only(by)
    _end(proposal, now)


def _end(proposal: RoundProposal, now: datetime, **signature: User) -> None:
    open_still = RoundProposal.objects.filter(pk=proposal.pk, ended_at=None)
    if not open_still.update(ended_at=now, **signature):
        raise MoveNotAllowed("이미 처리한 변경안입니다.", code="proposal_ended")


def _check(opens_at: datetime, closes_at: datetime, reason: str) -> None:
    if not reason.strip():
        raise BadInput("접수 기간을 바꾸는 사유를 적어 주세요.", code="reason")
    Window(opens_at, closes_at)


def _apply(
    locked: ProgramRound,
    *,
    opens_at: datetime,
    closes_at: datetime,
    now: datetime,
    reason: str,
    **words: Any,
) -> RoundChange:
    if closes_at < now and closes_at != locked.closes_at:
        raise BadInput("접수 마감을 지난 시각으로 옮길 수 없습니다.", code="window")
    before = _dates(locked)
    locked.opens_at, locked.closes_at = opens_at, closes_at
    locked.save(update_fields=["opens_at", "closes_at", "updated_at"])
    return RoundChange.objects.create(
        round=locked,
        act="reschedule",
        before=before,
        after=_dates(locked),
        reason=reason.strip(),
        at=now,
        **words,
    )


def _dates(round: ProgramRound) -> dict[str, str]:
    return {
        "opens_at": round.opens_at.astimezone(KST).isoformat(),
        "closes_at": round.closes_at.astimezone(KST).isoformat(),
    }


def _manager_only(by: User) -> None:
    if MANAGER not in roles_of(by):
        raise MoveNotAllowed("결정권자만 할 수 있는 처리입니다.", code="role")
