"""Limits on what one firm may hold: they bind wherever money is promised, under the firm's lock."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from applications.models import AidException, Application, Company
from applications.queries.selection import aid as queries
from applications.states import ApplicationState
from portal.access.roles import roles_of
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken
from portal.models import User
from programs.models import SubProgram
from programs.roles import MANAGER
from programs.rules.grants import limits

REASON_LENGTH = 300
SHOWN = 20
CHUNK = 500
OPEN = {
    ApplicationState.SUBMITTED,
    ApplicationState.SCREENING,
    ApplicationState.ASSESSING,
    ApplicationState.RELEASED,
    ApplicationState.CONTRACTED,
}


def allow(
    application: Application, *, limit: str, reason: str, by: User, now: datetime
) -> AidException:
    """Let one application pass one limit, where the catalogue allows an exception; for good.

    Raises MoveNotAllowed (`role`, `no_exception`, `exception_there`), BadInput (`limit`,
    `reason`).
    """
    if MANAGER not in roles_of(by):
        raise MoveNotAllowed("결정권자만 지원 한도의 예외를 인정할 수 있습니다.", code="role")
    rows = {row.code: row for row in application.sub_program.round.limits_parsed()}
    if limit not in rows:
        raise BadInput("그런 지원 한도가 없습니다.", code="limit")
    if not rows[limit].exception or application.state not in OPEN:
        raise MoveNotAllowed("예외를 둘 수 없는 한도이거나 시기입니다.", code="no_exception")
    if not reason.strip() or len(reason.strip()) > REASON_LENGTH:
        raise BadInput(f"사유를 {REASON_LENGTH}자 안에서 적어 주세요.", code="reason")
    try:
        with transaction.atomic():
            return AidException.objects.create(
                application=application, limit=limit, reason=reason.strip(), by=by, at=now
            )
    except IntegrityError as there:
        raise MoveNotAllowed("이미 예외를 인정했습니다.", code="exception_there") from there


def bind(sub_program: SubProgram, wanted: Mapping[int, int], *, firm: int | None = None) -> None:
    """Hold firms and refuse what would pass a limit; `wanted` is won by application.

    Called within the transaction that promises the money: of two at once for one firm the second
    sees what the first has promised. `firm` says whose it will be where that changes. Raises
    RuleBroken (`aid_limit`) with every application and limit.
    """
    rules = sub_program.round.limits_parsed()
    if not rules or not wanted:
        return
    owners = dict.fromkeys(wanted, firm) if firm else queries.owners(wanted)
    firms = sorted(set(owners.values()))
    _hold(firms)
    mine = AidException.objects.filter(application__sub_program=sub_program)
    book = limits.Book(rules, excepted=queries.exceptions(mine.values("application")))
    for who, rows in queries.of_firms(firms, year=sub_program.round.year).items():
        for row in rows:
            if row.application.pk not in wanted:
                book.add(who, row.aid)
    refused: dict[int, list[Finding]] = {}
    for application, amount in wanted.items():
        asked = limits.Aid(application, sub_program.code, amount)
        if found := book.refusals(owners[application], asked):
            refused[application] = found
        book.add(owners[application], asked)
    if refused:
        raise RuleBroken(_told(refused), message=_message(refused), code="aid_limit")


def _hold(firms: Sequence[int]) -> None:
    """Lock the firms, always in the same order."""
    for start in range(0, len(firms), CHUNK):
        part = Company.objects.filter(pk__in=firms[start : start + CHUNK]).order_by("pk")
        list(part.select_for_update(no_key=True).values_list("pk", flat=True))


def _told(refused: Mapping[int, list[Finding]]) -> list[Finding]:
    first = list(refused)[:SHOWN]
    numbers = dict(Application.objects.filter(pk__in=first).values_list("pk", "number"))
    return [
        Finding(row.code, f"{numbers[application]}: {row.message}")
        for application in first
        for row in refused[application]
    ]


def _message(refused: Mapping[int, list[Finding]]) -> str:
    told = " ".join(row.message for row in _told(refused))
    return f"기업별 지원 한도를 넘는 신청이 {len(refused):,}건 있습니다. {told}"
