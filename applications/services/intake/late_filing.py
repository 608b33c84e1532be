"""Late filing: permission of two managers for one company to file after the deadline, used once."""

from datetime import datetime, timedelta

from django.db.models import Q

from applications.models import Application, Company, LateGrant, Site
from portal.access import impartiality
from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, Closed, MoveNotAllowed
from portal.models import User
from programs.models import SubProgram
from programs.roles import MANAGER

USED = "기한 뒤 접수 허용이 이미 쓰였거나 취소되었거나 기한이 지났습니다."


def grant(
    sub_program: SubProgram,
    *,
    company: Company,
    site: Site | None,
    until: datetime,
    reason: str,
    by: User,
    now: datetime,
) -> LateGrant:
    """Propose that a company (one of its sites, if named) may file once after the deadline.

    It may from the approval of another manager on; the reason is published then. At most as many days from now as an outage may move the deadline of its round.

    Raises MoveNotAllowed (`role`) unless `by` is a manager, BadInput (`reason`, `until`, `site`).
    """
    impartiality.require(
        by, [MANAGER], about=company, message="결정권자만 기한 뒤 접수를 허용할 수 있습니다."
    )
    if not reason.strip():
        raise BadInput("허용하는 사유를 적어 주세요.", code="reason")
    if until <= now:
        raise BadInput("허용 기한은 지금보다 뒤여야 합니다.", code="until")
    today = korean_day(now)
    most = today + timedelta(days=sub_program.round.extension_days)
    ranges.check("late_until", korean_day(until), today=today, most=most, code="until")
    if site is not None and site.company_id != company.pk:
        raise BadInput("그 기업의 사업장이 아닙니다.", code="site")
    return LateGrant.objects.create(
        sub_program=sub_program,
        company=company,
        site=site,
        until=until,
        reason=reason.strip(),
        granted_by=by,
        granted_at=now,
    )


def approve(late_grant: LateGrant, *, by: User, now: datetime) -> None:
    """Let a permission take effect as another manager.

    Raises MoveNotAllowed (`role`, `same_person`, `leave_used`), Tied.
    """
    impartiality.require(by, [MANAGER], about=late_grant, message="결정권자만 승인할 수 있습니다.")
    if late_grant.granted_by_id == by.pk:
        raise MoveNotAllowed("허용을 만든 사람은 승인할 수 없습니다.", code="same_person")
    waiting = LateGrant.objects.filter(
        pk=late_grant.pk, approved_at=None, used_at=None, cancelled_at=None, until__gt=now
    )
    if not waiting.update(approved_by=by, approved_at=now):
        raise MoveNotAllowed(
            "이미 승인했거나 취소했거나 기한이 지난 허용입니다.", code="leave_used"
        )


def cancel(late_grant: LateGrant, *, by: User, now: datetime) -> None:
    """Cancel an unused permission. Raises MoveNotAllowed (`role`, `leave_used`)."""
    impartiality.require(by, [MANAGER], about=late_grant, message="결정권자만 취소할 수 있습니다.")
    unused = LateGrant.objects.filter(pk=late_grant.pk, used_at=None, cancelled_at=None)
    if not unused.update(cancelled_at=now):
        raise MoveNotAllowed("이미 쓰였거나 취소한 허용입니다.", code="leave_used")


def usable_grant(application: Application, now: datetime) -> LateGrant | None:
    """Return the permission that this draft may use now, the earliest to expire; None without one."""
    rows = LateGrant.objects.filter(
        Q(site=None) | Q(site=application.site_id),
        sub_program=application.sub_program_id,
        company=application.company_id,
        approved_at__isnull=False,
        used_at=None,
        cancelled_at=None,
        until__gt=now,
    )
    return rows.order_by("until", "pk").first()


def use(late_grant: LateGrant, application: Application, *, now: datetime) -> None:
    """Use a permission in the transaction that files. Raises Closed (`leave_used`) when it was used meanwhile."""
    unused = LateGrant.objects.filter(
        pk=late_grant.pk,
        approved_at__isnull=False,
        used_at=None,
        cancelled_at=None,
        until__gt=now,
    )
    if not unused.update(used_at=now, application=application):
        raise Closed(USED, code="leave_used")
