"""Setting flags on applications and clearing them; both stay on record."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from applications.models import Application, StaffFlag
from applications.queries.officers.charge import eligible
from portal.access import impartiality
from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from programs.roles import MANAGER, OFFICER

NOT_STAFF = "표시는 사업 담당자와 결정권자가 답니다."


def set_flag(
    application: Application,
    *,
    label: str,
    due_on: date,
    who: User,
    by: User,
    now: datetime,
    note: str = "",
) -> StaffFlag:
    """Set a flag: what, until which day (KST), and who sees to it.

    Raises BadInput (`due_on`, `who`), MoveNotAllowed (`set`, `role`), Tied.
    """
    impartiality.require(by, {OFFICER, MANAGER}, about=application, message=NOT_STAFF)
    if text := ranges.refusal("flag_due", due_on, today=korean_day(now)):
        raise BadInput(text, code="due_on")
    if not eligible(application.sub_program_id).filter(pk=who.pk).exists():
        raise BadInput("이 내역사업의 담당자만 할 사람으로 고를 수 있습니다.", code="who")
    impartiality.check(who, application)
    try:
        with transaction.atomic():
            return StaffFlag.objects.create(
                application=application,
                label=label,
                due_on=due_on,
                who=who,
                note=note.strip(),
                set_by=by,
                set_at=now,
            )
    except IntegrityError as twice:
        raise MoveNotAllowed("이미 같은 표시가 있습니다.", code="set") from twice


def clear(flag: StaffFlag, *, outcome: str, by: User, now: datetime) -> None:
    """Clear a flag with what came of it. Raises BadInput (`outcome`), MoveNotAllowed, Tied."""
    impartiality.require(by, {OFFICER, MANAGER}, about=flag, message=NOT_STAFF)
    if not outcome.strip():
        raise BadInput("어떻게 되었는지 적어 주세요.", code="outcome")
    done = StaffFlag.objects.filter(pk=flag.pk, cleared_at=None).update(
        cleared_by=by, cleared_at=now, outcome=outcome.strip()
    )
    if not done:
        raise MoveNotAllowed("이미 뗀 표시입니다.", code="cleared")
