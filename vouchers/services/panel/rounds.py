"""Dates of a panel round and the services to be tried in it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from portal.access import impartiality
from portal.core import ranges
from portal.core.clock import KST
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from programs.rules.calendar import Window
from vouchers.models import CoveredService, PanelRound, PanelRoundChange, Service
from vouchers.roles import EDITORS
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
    """Change the dates of a round and record the reason; a closing is never moved into the past.

    Raises MoveNotAllowed (`role`), BadInput (`window`, `reason`).
    """
    _may_arrange(by, round)
    if not reason.strip():
        raise BadInput("날짜를 바꾸는 사유를 적어 주세요.", code="reason")
    Window(opens_at, closes_at)
    if not closes_at <= wishes_until <= active_until:
        raise BadInput("모집 마감, 희망 서비스 마감, 활동 마감의 순서여야 합니다.", code="window")
    for at in (opens_at, closes_at, wishes_until, active_until):
        ranges.check("panel_day", korean_day(at), today=korean_day(now), code="window")
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
    """Add services to a round; return how many were not covered yet.

    Raises MoveNotAllowed (`role`), BadInput (`not_on_sale`).
    """
    chosen = list(services)
    _may_arrange(by, Service.objects.filter(pk__in=[row.pk for row in chosen]))
    closed = [row.name for row in chosen if row.state != ServiceState.ON_SALE]
    if closed:
        raise BadInput(f"판매 중이 아닌 서비스입니다: {', '.join(closed[:5])}", code="not_on_sale")
    covered = set(round.coverage.values_list("service_id", flat=True))
    new = [row for row in chosen if row.pk not in covered]
    CoveredService.objects.bulk_create(
        [CoveredService(round=round, service=row, added_by=by, added_at=now) for row in new],
        ignore_conflicts=True,
    )
    return len(new)


@transaction.atomic
def uncover(round: PanelRound, services: Iterable[Service], *, by: User) -> int:
    """Remove services from a round, unless one is assigned; return how many were covered.

    Raises MoveNotAllowed (`role`, `assigned`).
    """
    chosen = list(services)
    _may_arrange(by, Service.objects.filter(pk__in=[row.pk for row in chosen]))
    # The lock that confirming an assignment takes, so that none is assigned meanwhile.
    PanelRound.objects.select_for_update(no_key=True).get(pk=round.pk)
    given = Service.objects.filter(pk__in=[row.pk for row in chosen], assignments__round=round)
    if names := list(given.distinct().values_list("name", flat=True)[:5]):
        raise MoveNotAllowed(
            f"이미 단원에게 배정한 서비스입니다: {', '.join(names)}", code="assigned"
        )
    removed, _ = round.coverage.filter(service__in=chosen).delete()
    return removed


def _dates(round: PanelRound) -> dict[str, str | None]:
    dates = {name: getattr(round, name) for name in DATES}
    return {name: at.astimezone(KST).isoformat() if at else None for name, at in dates.items()}


def _may_arrange(by: User, about: impartiality.Things) -> None:
    impartiality.require(
        by, EDITORS, about=about, message="모니터링단 회차를 고칠 권한이 없습니다."
    )
