"""Arranging who stands in for an absent officer. No chains: who is absent stands in for nobody."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from applications.models import StandIn
from portal.access import impartiality
from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from programs.models import SubProgram
from programs.roles import MANAGER, OFFICER

BY_OTHERS = "자기 업무의 대행자만 정할 수 있습니다. 다른 사람의 대행자는 결정권자가 정합니다."


@transaction.atomic
def arrange(
    officer: User,
    *,
    stand_in: User,
    first_day: date,
    last_day: date,
    by: User,
    now: datetime,
) -> StandIn:
    """Let one officer stand in for another on these days (KST, both included).

    Raises BadInput (`period`, `stand_in`, `overlap`), MoveNotAllowed.
    """
    _may(officer, by)
    today = korean_day(now)
    for day in (first_day, last_day):
        if text := ranges.refusal("stand_in_day", day, today=today):
            raise BadInput(text, code="period")
    if last_day < first_day:
        raise BadInput("마지막 날은 첫날과 같거나 그 뒤여야 합니다.", code="period")
    _lock(officer, stand_in)
    _refuse_unfit(officer, stand_in)
    overlapping = StandIn.objects.filter(
        ended_at=None, first_day__lte=last_day, last_day__gte=first_day
    )
    _refuse_chain(officer, stand_in, overlapping)
    return StandIn.objects.create(
        officer=officer,
        stand_in=stand_in,
        first_day=first_day,
        last_day=last_day,
        arranged_by=by,
        arranged_at=now,
    )


def end(row: StandIn, *, by: User, now: datetime) -> None:
    """End a stand-in early, or one that has not begun. Raises MoveNotAllowed."""
    _may(row.officer, by)
    still = StandIn.objects.filter(pk=row.pk, ended_at=None, last_day__gte=korean_day(now))
    if not still.update(ended_by=by, ended_at=now):
        raise MoveNotAllowed("이미 끝난 대행입니다.", code="ended")


def _may(officer: User, by: User) -> None:
    roles = {OFFICER, MANAGER} if by == officer else {MANAGER}
    impartiality.require(by, roles, about=None, message=BY_OTHERS)


def _lock(*people: User) -> None:
    # Two arrangements that share a person wait for each other.
    list(User.objects.select_for_update().filter(pk__in=[row.pk for row in people]).order_by("pk"))


def _refuse_unfit(officer: User, stand_in: User) -> None:
    if officer == stand_in:
        raise BadInput("자기 업무를 대행할 수는 없습니다.", code="stand_in")
    working = User.objects.filter(is_active=True, groups__name=OFFICER)
    shared = SubProgram.objects.filter(officers=officer).filter(officers=stand_in)
    if not (working.filter(pk=stand_in.pk).exists() and shared.exists()):
        raise BadInput(
            "대행자는 내역사업을 하나 이상 함께 맡고 계정을 쓰고 있는 담당자여야 합니다.",
            code="stand_in",
        )


def _refuse_chain(officer: User, stand_in: User, overlapping: QuerySet[StandIn]) -> None:
    if overlapping.filter(officer=officer).exists():
        raise BadInput("그 기간에는 이미 대행자가 있습니다.", code="overlap")
    if overlapping.filter(officer=stand_in).exists():
        raise BadInput(f"{stand_in}님도 그 기간에 자리를 비웁니다.", code="overlap")
    if overlapping.filter(Q(stand_in=officer)).exists():
        raise BadInput(
            "그 기간에 다른 사람의 업무를 대행하기로 했습니다. 그 대행을 먼저 끝내 주세요.",
            code="overlap",
        )
