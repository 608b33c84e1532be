"""Announce a round and change its dates; each change records its reason."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken, StaleVersion
from portal.models import User
from programs.models import ProgramRound, RoundChange, RoundProposal
from programs.queries import rounds as rounds_queries
from programs.rules.calendar import KST, Window
from programs.services import proposals
from programs.states import Ground


def announce(round: ProgramRound, *, by: User, now: datetime) -> RoundChange:
    """Publish a round. Raises MoveNotAllowed (`role`, `already_announced`)."""
    proposals.manager_only(by)
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
    """Change a round's dates and record the reason.

    An announced round moves only for an outage that the portal itself recorded, whose minutes are
    stored with the change; any other lawful reason needs a second person (`propose`, `approve`).
    A closing is never moved into the past: what was submitted in time stays in time. Raises
    MoveNotAllowed, BadInput (`window`, `reason`, `extension` beyond what was lost), RuleBroken
    (`no_outage`).
    """
    proposals.manager_only(by)
    _check(opens_at, closes_at, reason, now)
    with transaction.atomic():
        locked = ProgramRound.objects.select_for_update().get(pk=round.pk)
        outage = rounds_queries.outage_minutes(locked, now=now) if locked.announced else []
        if locked.announced and not outage:
            raise RuleBroken(
                [
                    Finding(
                        "no_outage",
                        "마감 전에 포털이 남긴 장애 기록이 없습니다. 다른 법적 사유라면 변경안을 만들어"
                        " 다른 결정권자의 승인을 받으세요.",
                    )
                ]
            )
        grounds: dict[str, Any] = {}
        if outage:
            _check_extension(locked, opens_at, closes_at, rounds_queries.lost(outage))
            grounds = {"ground": Ground.OUTAGE, "evidence": rounds_queries.outage_record(outage)}
        change = _apply(
            locked, opens_at=opens_at, closes_at=closes_at, now=now, reason=reason, by=by, **grounds
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
    """Propose new dates for a lawful reason other than an outage; another manager approves.

    Raises MoveNotAllowed, BadInput (`window`, `reason`).
    """
    proposals.manager_only(by)
    _check(opens_at, closes_at, reason, now)
    with transaction.atomic():
        locked = ProgramRound.objects.select_for_update().get(pk=round.pk)
        if locked.proposals.filter(ended_at=None).exists():
            raise proposals.still_open()
        return RoundProposal.objects.create(
            round=locked,
            opens_at=opens_at,
            closes_at=closes_at,
            reason=reason.strip(),
            before=_dates(locked),
            by=by,
            at=now,
        )


def approve(proposal: RoundProposal, *, by: User, now: datetime) -> RoundChange:
    """Approve proposed dates as another manager; they take effect at once.

    Raises MoveNotAllowed (`same_person`), StaleVersion (`round_stale`) where the dates have changed
    since it was made, BadInput (`window`).
    """
    proposals.manager_only(by)
    proposals.another_only(proposal, by)
    with transaction.atomic():
        locked = ProgramRound.objects.select_for_update().get(pk=proposal.round_id)
        proposals.end(proposal, now, approved_by=by)
        if proposal.before not in (None, _dates(locked)):
            raise StaleVersion(
                "변경안을 만든 뒤에 접수 기간이 바뀌었습니다. 변경안을 폐기하고 지금 기간을 확인한 뒤"
                " 다시 만들어 주세요.",
                code="round_stale",
            )
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
    """Discard proposed dates. Raises MoveNotAllowed."""
    proposals.manager_only(by)
    proposals.end(proposal, now)


def _check_extension(
    round: ProgramRound, opens_at: datetime, closes_at: datetime, lost: timedelta
) -> None:
    """Refuse more than was lost, and other dates than the closing. Raises BadInput (`extension`)."""
    left = timedelta(days=round.extension_days) - rounds_queries.extended(round)
    most = min(lost, left)
    if opens_at != round.opens_at or not round.closes_at < closes_at <= round.closes_at + most:
        hours = max(most // timedelta(hours=1), 0)
        raise BadInput(
            "장애를 근거로는 접수 마감만, 접수하지 못한 시간만큼 늘릴 수 있습니다. 지금 기록으로는"
            f" {hours}시간까지입니다(분의 합을 시간 단위로 올림, 모두 합해 {round.extension_days}일까지)."
            " 더 늘리거나 다른 날짜를 바꾸려면 변경안을 만들어 다른 결정권자의 승인을 받으세요.",
            code="extension",
        )


def _check(opens_at: datetime, closes_at: datetime, reason: str, now: datetime) -> None:
    if not reason.strip():
        raise BadInput("접수 기간을 바꾸는 사유를 적어 주세요.", code="reason")
    Window(opens_at, closes_at)
    for at, label in ((opens_at, "접수 시작"), (closes_at, "접수 마감")):
        ranges.check(
            "intake_day", korean_day(at), today=korean_day(now), code="window", label=label
        )


def _apply(
    locked: ProgramRound,
    *,
    opens_at: datetime,
    closes_at: datetime,
    now: datetime,
    reason: str,
    **grounds: Any,
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
        **grounds,
    )


def _dates(round: ProgramRound) -> dict[str, str]:
    return {
        "opens_at": round.opens_at.astimezone(KST).isoformat(),
        "closes_at": round.closes_at.astimezone(KST).isoformat(),
    }
