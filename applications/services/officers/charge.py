"""Taking, giving and handing over applications; every change leaves a line of history.

Nobody has a file in charge who is no officer of its sub-programme, has no working account, or is tied
to its firms.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from applications.models import Application, OfficerChange
from applications.queries.officers.charge import chargeable, eligible, held_by
from applications.rules.officers.charge import giving
from applications.states import Charge
from portal.access import impartiality
from portal.access.handing_over import HandedOver, HandOver
from portal.access.impartiality import Tied
from portal.access.roles import roles_of
from portal.core.errors import BadInput, MoveNotAllowed, StaleVersion
from portal.models import User
from portal.records import bulk
from portal.records.guards import INSIDER
from programs.roles import MANAGER, OFFICER

CHUNK = 2_000
LINE = ["application_id", "kind", "officer_id", "previous_id", "by_id", "at", "reason"]
NOT_AN_OFFICER = (
    "이 내역사업의 담당자이고 계정을 쓰고 있는 사람만 신청을 맡을 수 있습니다. "
    "계정과 담당 내역사업을 확인해 주세요."
)


def take(application: Application, *, by: User, now: datetime) -> OfficerChange:
    """Put an application that is nobody's in one's own charge. Raises as `_change`."""
    if application.officer_id is not None:
        raise MoveNotAllowed("이미 담당자가 있는 신청입니다.", code="has_officer")
    return _change(application, Charge.TAKEN, to=by, by=by, now=now)


def take_over(application: Application, *, reason: str, by: User, now: datetime) -> OfficerChange:
    """Take an application over from somebody else, with a reason. Raises as `_change`."""
    if application.officer_id in {None, by.pk}:
        raise MoveNotAllowed("다른 담당자가 맡은 신청만 가져올 수 있습니다.", code="no_officer")
    return _change(application, Charge.TAKEN_OVER, to=by, by=by, reason=_said(reason), now=now)


def give(
    application: Application, *, to: User, by: User, now: datetime, reason: str = ""
) -> OfficerChange:
    """Give an application to another officer: one's own, or any as a manager.

    A manager who takes it from somebody says why. Raises as `_change`.
    """
    manages = MANAGER in roles_of(by)
    if found := giving(application.officer_id, to=to.pk, by=by.pk, manages=manages):
        raise MoveNotAllowed(found.message, code=found.code)
    if application.officer_id not in {None, by.pk}:
        reason = _said(reason)
    return _change(application, Charge.GIVEN, to=to, by=by, reason=reason.strip(), now=now)


def let_go(application: Application, *, by: User, now: datetime, reason: str = "") -> OfficerChange:
    """Give up one's own application, which is then nobody's; a tied officer may, too."""
    if application.officer_id != by.pk:
        raise MoveNotAllowed("자기가 맡은 신청만 내려놓을 수 있습니다.", code="not_own")
    return _change(application, Charge.LET_GO, to=None, by=by, reason=reason.strip(), now=now)


@transaction.atomic
def hand_over(
    officer: User, *, to: User | None, by: User | None, reason: str, now: datetime
) -> HandedOver:
    """Give everything that an officer has in charge to another, as when the account ends.

    What the other may not have, and what `by` is tied to, becomes nobody's; with `to` None everything
    does. Takes a few statements for 2,000 files. Raises BadInput (`officer`, `reason`).
    """
    if to is not None and (to == officer or not _works(to)):
        raise BadInput(
            "넘겨받을 사람은 계정을 쓰고 있는 다른 사업 담당자여야 합니다.", code="officer"
        )
    held, given = held_by(officer), 0
    how = How(Charge.ENDED, now, by, _said(reason))
    if to is not None:
        theirs = held.filter(sub_program__in=to.sub_programs.values("pk"))
        given = place(theirs, officer=to, how=how, without=tied_to([to, by], theirs))
    return HandedOver(given, freed=place(held, officer=None, how=how))


def free_unfit(officer: User, *, by: User | None, reason: str, now: datetime) -> int:
    """Make nobody's what an officer has in charge of sub-programmes that are no longer theirs."""
    theirs = officer.sub_programs.values("pk")
    how = How(Charge.ENDED, now, by, _said(reason))
    return place(held_by(officer).exclude(sub_program__in=theirs), officer=None, how=how)


def tied_to(people: Iterable[User | None], rows: QuerySet[Application]) -> frozenset[int]:
    """Return the keys of the applications that one of these people is tied to."""
    found = (impartiality.tied_among(person, rows) for person in people if person is not None)
    return frozenset().union(*found)


@dataclass(frozen=True)
class How:
    """By what kind of change files are placed, by whom, when and why; `by` None is the portal."""

    kind: str
    now: datetime
    by: User | None = None
    reason: str = ""


def place(
    rows: QuerySet[Application],
    *,
    officer: User | None,
    how: How,
    without: frozenset[int] = frozenset(),
    most: int | None = None,
) -> int:
    """Put all of these applications, or the `most` oldest, in one officer's charge, or nobody's.

    Returns how many. Set by set, each with its lines of history. `rows` no longer holds a file once it
    was placed, so that of two who place the same the second finds it gone. What the officer may not
    have at that moment stays as it is, though it was filed after the caller looked.
    """
    wanted = rows.exclude(pk__in=without) if without else rows
    keys = list(wanted.order_by("pk").values_list("pk", flat=True)[:most])
    parts = (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))
    return sum(_place(rows, part, officer, how) for part in parts)


def lock_officer(officer: User) -> User:
    """Return the person locked: their role and account do not end before this transaction does.

    The person comes before the files, as where an account ends and a role is taken.
    """
    return User.objects.select_for_update(no_key=True).get(pk=officer.pk)


@transaction.atomic
def _place(
    rows: QuerySet[Application], keys: Collection[int], officer: User | None, how: How
) -> int:
    if officer is not None:
        keys = _fit(lock_officer(officer), Application.objects.filter(pk__in=keys))
    locked = rows.filter(pk__in=keys).order_by("pk").select_for_update(of=("self",))
    before = list(locked.values_list("pk", "officer_id"))
    if not before:
        return 0
    to, by = officer and officer.pk, how.by and how.by.pk
    Application.objects.filter(pk__in=[pk for pk, _ in before]).update(officer=to)
    _write([(pk, how.kind, to, was, by, how.now, how.reason) for pk, was in before])
    return len(before)


def _fit(officer: User, rows: QuerySet[Application]) -> list[int]:
    """Return which of these files a locked person may have: by account, role, sub-programme and ties."""
    if not _works(officer):
        return []
    theirs = rows.filter(sub_program__in=officer.sub_programs.values("pk"))
    tied = tied_to([officer], rows)
    return [pk for pk in theirs.values_list("pk", flat=True) if pk not in tied]


def _change(
    application: Application,
    kind: str,
    *,
    to: User | None,
    by: User,
    now: datetime,
    reason: str = "",
) -> OfficerChange:
    """Change the officer of one application by one conditional UPDATE, and write the line.

    Raises BadInput (`officer`), Tied, and StaleVersion when another came first.
    """
    if to is not None and by != to:
        impartiality.check(by, application)
    line = OfficerChange(
        application=application,
        kind=kind,
        officer=to,
        previous_id=application.officer_id,
        by=by,
        at=now,
        reason=reason,
    )
    try:
        with transaction.atomic():
            if to is not None:
                _refuse(lock_officer(to), application)
            as_read = chargeable().filter(pk=application.pk, officer=application.officer_id)
            if not as_read.update(officer=to):
                raise StaleVersion(_who_came_first(application))
            line.save(force_insert=True)
    except IntegrityError as error:
        if INSIDER in str(error):  # became one after the check
            raise Tied from error
        raise
    application.officer = to
    return line


def _refuse(officer: User, application: Application) -> None:
    if not eligible(application.sub_program_id).filter(pk=officer.pk).exists():
        raise BadInput(NOT_AN_OFFICER, code="officer")
    impartiality.check(officer, application)


def _who_came_first(application: Application) -> str:
    found = Application.objects.select_related("officer").get(pk=application.pk)
    if found.officer is None:
        return "그 사이에 담당자가 내려놓았거나 취하된 신청입니다. 화면을 새로 열어 확인해 주세요."
    return f"{found.officer} 담당자가 먼저 맡았습니다. 화면을 새로 열어 확인해 주세요."


def _write(lines: list[tuple[object, ...]]) -> None:
    try:
        bulk.insert(OfficerChange, LINE, lines)
    except IntegrityError as error:
        if INSIDER in str(error):
            raise Tied from error
        raise


def _said(reason: str) -> str:
    if not reason.strip():
        raise BadInput("사유를 적어 주세요.", code="reason")
    return reason.strip()


def _works(person: User) -> bool:
    return User.objects.filter(pk=person.pk, is_active=True, groups__name=OFFICER).exists()


def _held(officer: User) -> int:
    return held_by(officer).count()


HAND_OVER = HandOver("담당 신청", held=_held, hand_over=hand_over, free_unfit=free_unfit)
