"""Limits on the aid of one company, enforced under a lock wherever money is promised."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from applications.models import AidException, Application, Company
from applications.queries.selection import aid as aid_queries
from applications.states import ApplicationState
from portal.access import impartiality
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken
from portal.models import User
from programs.models import SubProgram
from programs.roles import MANAGER
from programs.rules.grants import limits

REASON_LENGTH = 300
SHOWN = 20
CHUNK = 500
OPEN_STATES = {
    ApplicationState.SUBMITTED,
    ApplicationState.SCREENING,
    ApplicationState.ASSESSING,
    ApplicationState.RELEASED,
    ApplicationState.CONTRACTED,
}


def allow(
    application: Application, *, limit: str, reason: str, by: User, now: datetime
) -> AidException:
    """Exempt one application from one limit, where the catalogue allows it; permanent.

    Raises MoveNotAllowed (`role`, `no_exception`, `exception_there`), BadInput (`limit`, `reason`).
    """
    impartiality.require(
        by,
        [MANAGER],
        about=application,
        message="결정권자만 지원 한도의 예외를 인정할 수 있습니다.",
    )
    rows = {row.code: row for row in application.sub_program.round.limits_parsed()}
    if limit not in rows:
        raise BadInput("그런 지원 한도가 없습니다.", code="limit")
    if not rows[limit].exception or application.state not in OPEN_STATES:
        raise MoveNotAllowed("예외를 둘 수 없는 한도이거나 시기입니다.", code="no_exception")
    if not reason.strip() or len(reason.strip()) > REASON_LENGTH:
        raise BadInput(f"사유를 {REASON_LENGTH}자 안에서 적어 주세요.", code="reason")
    try:
        with transaction.atomic():
            return AidException.objects.create(
                application=application, limit=limit, reason=reason.strip(), by=by, at=now
            )
    except IntegrityError as error:
        raise MoveNotAllowed("이미 예외를 인정했습니다.", code="exception_there") from error


def enforce(
    sub_program: SubProgram, amounts: Mapping[int, int], *, firm: int | None = None
) -> None:
    """Lock the companies and refuse amounts (won, by application) that exceed a limit.

    Call it inside the transaction that promises the money: of two transactions for one company, the
    second sees what the first has promised. `firm` names the future owner where that changes.
    Raises RuleBroken (`aid_limit`) with every application and limit.
    """
    rules = sub_program.round.limits_parsed()
    if not rules or not amounts:
        return
    owners = dict.fromkeys(amounts, firm) if firm else aid_queries.owners(amounts)
    firms = sorted(set(owners.values()))
    _lock_firms(firms)
    mine = AidException.objects.filter(application__sub_program=sub_program)
    book = limits.Holdings(rules, excepted=aid_queries.exceptions(mine.values("application")))
    for who, rows in aid_queries.of_firms(firms, year=sub_program.round.year).items():
        for row in rows:
            if row.application.pk not in amounts:
                book.add(who, row.aid)
    refused: dict[int, list[Finding]] = {}
    for application, amount in amounts.items():
        requested = limits.Aid(application, sub_program.code, amount)
        if reasons := book.refusals(owners[application], requested):
            refused[application] = reasons
        book.add(owners[application], requested)
    if refused:
        raise RuleBroken(_findings(refused), message=_message(refused), code="aid_limit")


def _lock_firms(firms: Sequence[int]) -> None:
    # Always in the same order, so that two transactions cannot deadlock.
    for start in range(0, len(firms), CHUNK):
        part = Company.objects.filter(pk__in=firms[start : start + CHUNK]).order_by("pk")
        list(part.select_for_update(no_key=True).values_list("pk", flat=True))


def _findings(refused: Mapping[int, list[Finding]]) -> list[Finding]:
    first = list(refused)[:SHOWN]
    numbers = dict(Application.objects.filter(pk__in=first).values_list("pk", "number"))
    return [
        Finding(row.code, f"{numbers[application]}: {row.message}")
        for application in first
        for row in refused[application]
    ]


def _message(refused: Mapping[int, list[Finding]]) -> str:
    reasons = " ".join(row.message for row in _findings(refused))
    return f"기업별 지원 한도를 넘는 신청이 {len(refused):,}건 있습니다. {reasons}"
