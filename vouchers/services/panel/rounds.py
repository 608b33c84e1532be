"""A panel round's dates and the services that it has tried; each act leaves its reason."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from portal.access.roles import roles_of
from portal.core.clock import KST
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from programs.rules.calendar import Window
from vouchers.models import CoveredService, PanelRound, PanelRoundChange, Service
from vouchers.roles import AGENCY, PANEL_OPERATOR
from vouchers.states import ServiceState

DATES = ("opens_at", "closes_at", "wishes_until", "active_until")


def reschedule(
    round: PanelRound,
    *,
    opens_at: datetime,
    closes_at: datetime,
    wishes_until: datetime,
    active_until: datetime,
    by: User,
    now: datetime,
    reason: str,
) -> PanelRoundChange:
    """Move a panel's dates, with the reason on record.

    A closing is never moved into the past. Raises MoveNotAllowed, BadInput (`window`, `reason`).
    """
    _may_arrange(by)
    if not reason.strip():
        raise BadInput("날짜를 바꾸는 사유를 적어 주세요.", code="reason")
    Window(opens_at, closes_at)
    if not closes_at <= wishes_until <= active_until:
        raise BadInput("모집 마감, 희망 서비스 마감, 활동 마감의 순서여야 합니다.", code="window")
    with transaction.atomic():
        locked = PanelRound.objects.select_for_update().get(pk=round.pk)
        if closes_at < now and closes_at != locked.closes_at:
            raise BadInput("모집 마감을 지난 시각으로 옮길 수 없습니다.", code="window")
        before = _dates(locked)
        locked.opens_at, locked.closes_at = opens_at, closes_at
        locked.wishes_until, locked.active_until = wishes_until, active_until
        locked.save(update_fields=[*DATES, "updated_at"])
        change = PanelRoundChange.objects.create(
            round=locked,
            act="reschedule",
            before=before,
            after=_dates(locked),
            reason=reason.strip(),
            by=by,
            at=now,
        )
    for name in DATES:
        setattr(round, name, getattr(locked, name))
    return change


@transaction.atomic
def cover(round: PanelRound, services: Iterable[Service], *, by: User, now: datetime) -> int:
    """Let a round have these services tried; those that are covered already stay. Returns how many.

    Raises MoveNotAllowed, and BadInput (`not_on_sale`) for a service that nobody can buy.
    """
    _may_arrange(by)
    chosen = list(services)
    closed = [row.name for row in chosen if row.state != ServiceState.ON_SALE]
    if closed:
        raise BadInput(f"판매 중이 아닌 서비스입니다: {', '.join(closed[:5])}", code="not_on_sale")
    there = set(round.coverage.values_list("service_id", flat=True))
    new = [row for row in chosen if row.pk not in there]
    CoveredService.objects.bulk_create(
        [CoveredService(round=round, service=row, added_by=by, added_at=now) for row in new],
        ignore_conflicts=True,
    )
    return len(new)


@transaction.atomic
def uncover(round: PanelRound, services: Iterable[Service], *, by: User) -> int:
    """Take services out of a round, unless somebody has one of them to try. Returns how many.

    Raises MoveNotAllowed (`role`, `assigned`).
    """
    _may_arrange(by)
    # The same lock as the assignment's: nobody gets one while it goes.
    PanelRound.objects.select_for_update(no_key=True).get(pk=round.pk)
    chosen = list(services)
    given = Service.objects.filter(pk__in=[row.pk for row in chosen], assignments__round=round)
    if names := list(given.distinct().values_list("name", flat=True)[:5]):
        raise MoveNotAllowed(
            f"이미 단원에게 배정한 서비스입니다: {', '.join(names)}", code="assigned"
        )
    gone, _ = round.coverage.filter(service__in=chosen).delete()
    return gone


def _dates(round: PanelRound) -> dict[str, str | None]:
    found = {name: getattr(round, name) for name in DATES}
    return {name: at.astimezone(KST).isoformat() if at else None for name, at in found.items()}


def _may_arrange(by: User) -> None:
    if not roles_of(by) & {PANEL_OPERATOR, AGENCY}:
        raise MoveNotAllowed("모니터링단 회차를 고칠 권한이 없습니다.", code="role")
