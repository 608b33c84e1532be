"""Sale of a service: its start, its suspension by two people, objections, its return."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from portal.access import impartiality
from portal.core.errors import BadInput, Closed, MoveNotAllowed
from portal.models import User
from portal.records.workflow import move
from programs.queries.calendar import holidays
from vouchers.models import Correction, SaleSuspension, Service
from vouchers.queries import plans
from vouchers.roles import AGENCY
from vouchers.services import suppliers
from vouchers.services.catalogue import standing
from vouchers.states import (
    CorrectionMoves,
    CorrectionState,
    ServiceMoves,
    ServiceState,
    SuspensionMoves,
    SuspensionState,
)


def sell(service: Service, *, by: User | None, now: datetime) -> Service:
    move(service, ServiceMoves.SELL, by=by, now=now)
    return service


@transaction.atomic
def propose_suspension(
    service: Service, *, reason: str, by: User, now: datetime, case: Correction | None = None
) -> SaleSuspension:
    """Propose to suspend the sale; it goes on until another person confirms.

    Raises MoveNotAllowed (`role`, `tied`, `not_on_sale`, `proposed`), BadInput (`reason`).
    """
    message = "판매 중지를 제안할 권한이 없습니다."
    impartiality.require(by, [AGENCY], about=service, message=message)
    if not reason.strip():
        raise BadInput("판매를 중지하려는 사유를 적어 주세요.", code="reason")
    if case is None and service.state != ServiceState.ON_SALE:
        raise MoveNotAllowed("판매 중인 서비스만 중지할 수 있습니다.", code="not_on_sale")
    return _propose(service, case, reason.strip(), by, now)


def _propose(
    service: Service, case: Correction | None, reason: str, by: User | None, now: datetime
) -> SaleSuspension:
    try:
        with transaction.atomic():
            return SaleSuspension.objects.create(
                service=service, correction=case, reason=reason, proposed_by=by, proposed_at=now
            )
    except IntegrityError as twice:
        raise MoveNotAllowed(
            "이미 중지를 제안했거나 중지한 서비스입니다.", code="proposed"
        ) from twice


@transaction.atomic
def confirm_suspension(suspension: SaleSuspension, *, by: User, now: datetime) -> None:
    """Suspend the sale, as another person than the one who proposed it.

    Raises MoveNotAllowed (`second_person`; also when the correction has moved on).
    """
    if suspension.proposed_by_id == by.pk:
        raise MoveNotAllowed(
            "제안한 사람은 확정할 수 없습니다. 다른 사람이 확인해야 합니다.", code="second_person"
        )
    _start(suspension, by=by, now=now)
    if suspension.correction is not None:
        move(
            suspension.correction,
            CorrectionMoves.FAIL,
            by=by,
            now=now,
            note=suspension.reason,
            changes={"suspended_service": True},
        )
        standing.refresh([suspension.service_id])


def decline_suspension(
    suspension: SaleSuspension, *, note: str, by: User | None, now: datetime
) -> None:
    """Close a proposal without suspending the sale. Raises MoveNotAllowed."""
    move(suspension, SuspensionMoves.DECLINE, by=by, now=now, note=note, changes={"ended_at": now})


def suspend_overdue(case: Correction, *, reason: str, now: datetime) -> SaleSuspension:
    """Suspend the sale at the due date of a correction, as the portal itself (ADR 0023)."""
    for stale in case.suspensions.filter(state=SuspensionState.PROPOSED):
        decline_suspension(stale, note=reason, by=None, now=now)
    suspension = _propose(case.service, case, reason, None, now)
    _start(suspension, by=None, now=now)
    return suspension


def _start(suspension: SaleSuspension, *, by: User | None, now: datetime) -> None:
    service = _locked(suspension)
    plan = plans.of_service(service)
    move(
        suspension,
        SuspensionMoves.BEGIN if by is None else SuspensionMoves.CONFIRM,
        by=by,
        now=now,
        note=suspension.reason,
        changes={
            "confirmed_by": by,
            "started_at": now,
            "objection_until": plan.due_after("objection_days", now, holidays()) if plan else None,
        },
    )
    if service.state == ServiceState.ON_SALE:
        move(service, ServiceMoves.SUSPEND, by=by, now=now, note=suspension.reason)
    _notify(suspension, "vouchers/service_suspended", "service-suspended", now)


@transaction.atomic
def object_to(suspension: SaleSuspension, *, text: str, by: User, now: datetime) -> None:
    """Record the supplier's objection, once and in time; the sale stays suspended meanwhile.

    The caller checks that `by` acts for the supplier. Raises BadInput (`text`), Closed
    (`objection_closed`), MoveNotAllowed (`objected`).
    """
    if not text.strip():
        raise BadInput("무엇이 사실과 다르거나 지나친지 적어 주세요.", code="text")
    if suspension.objected_at is not None:
        raise MoveNotAllowed("이 판매 중지에는 이미 이의를 신청했습니다.", code="objected")
    if suspension.objection_until is not None and now >= suspension.objection_until:
        raise Closed("이의신청 기한이 지났습니다.", code="objection_closed")
    move(
        suspension,
        SuspensionMoves.OBJECT,
        by=by,
        now=now,
        owner=True,
        note=text.strip(),
        where={"objected_at": None},
        changes={"objection": text.strip(), "objected_by": by, "objected_at": now},
    )


@transaction.atomic
def uphold(suspension: SaleSuspension, *, decision: str, by: User, now: datetime) -> None:
    """Decide that the supplier is right: the sale resumes, an unfinished correction is judged again.

    Raises MoveNotAllowed (`first_person`, `not_objected`).
    """
    _decide(suspension, SuspensionMoves.UPHOLD, True, decision, by, now)
    case = suspension.correction
    if case is not None and case.state == CorrectionState.SUSPENDED:
        _reopen(case, decision, by, now)
    _resume_if_free(_locked(suspension), note=f"이의신청 인용: {decision.strip()}", by=by, now=now)
    _notify(suspension, "vouchers/suspension_decided", "suspension-decided", now)


@transaction.atomic
def reject(suspension: SaleSuspension, *, decision: str, by: User, now: datetime) -> None:
    """Decide that the suspension stays. Raises MoveNotAllowed (`first_person`, `not_objected`)."""
    _decide(suspension, SuspensionMoves.REJECT, False, decision, by, now)
    _notify(suspension, "vouchers/suspension_decided", "suspension-decided", now)


def _decide(
    suspension: SaleSuspension, step: Any, upheld: bool, decision: str, by: User, now: datetime
) -> None:
    if suspension.objected_at is None or suspension.decided_at is not None:
        raise MoveNotAllowed("결정을 기다리는 이의신청이 없습니다.", code="not_objected")
    if by.pk in (suspension.proposed_by_id, suspension.confirmed_by_id):
        raise MoveNotAllowed(
            "판매를 중지한 사람은 이의신청을 결정할 수 없습니다.", code="first_person"
        )
    move(
        suspension,
        step,
        by=by,
        now=now,
        note=decision,
        where={"decided_at": None},
        changes={
            "upheld": upheld,
            "decision": decision.strip(),
            "decided_by": by,
            "decided_at": now,
            "ended_at": now if upheld else None,
        },
    )


def _reopen(case: Correction, decision: str, by: User, now: datetime) -> None:
    """Return a case to its answer; without one since the request, to the request with new time."""
    answered = case.answered_at is not None and (
        case.asked_at is None or case.answered_at >= case.asked_at
    )
    changes: dict[str, object] = {"suspended_service": False}
    if not answered:
        plan = plans.of_service(case.service)
        changes["due_at"] = plan.due_after("correction_days", now, holidays()) if plan else now
    step = CorrectionMoves.RECONSIDER if answered else CorrectionMoves.RENEW
    move(case, step, by=by, now=now, note=decision, changes=changes)
    standing.refresh([case.service_id])


@transaction.atomic
def resume(service: Service, *, reason: str, by: User, now: datetime) -> Service:
    """End a suspension that no correction keeps up. Raises MoveNotAllowed (`correction_open`)."""
    held = service.suspensions.filter(state=SuspensionState.IN_FORCE)
    if held.filter(correction__isnull=False).exists():
        raise MoveNotAllowed(
            "시정이 확인되지 않아 중지된 서비스입니다. 시정을 확인하면 판매를 다시 시작합니다.",
            code="correction_open",
        )
    for one in held:
        lift(one, reason=reason, by=by, now=now)
    move(service, ServiceMoves.RESUME, by=by, now=now, note=reason)
    return service


def lift(suspension: SaleSuspension, *, reason: str, by: User, now: datetime) -> None:
    move(suspension, SuspensionMoves.LIFT, by=by, now=now, note=reason, changes={"ended_at": now})


def release_case(case: Correction, *, reason: str, by: User, now: datetime) -> None:
    """End what a correction keeps up or would suspend; the sale resumes unless something else holds it."""
    for one in case.suspensions.filter(state=SuspensionState.PROPOSED):
        decline_suspension(one, note=reason, by=by, now=now)
    for one in case.suspensions.filter(state=SuspensionState.IN_FORCE):
        lift(one, reason=reason, by=by, now=now)
    service = Service.objects.select_for_update(of=("self",)).get(pk=case.service_id)
    _resume_if_free(service, note=reason, by=by, now=now)


def _resume_if_free(service: Service, *, note: str, by: User, now: datetime) -> None:
    held = service.suspensions.filter(state=SuspensionState.IN_FORCE)
    if service.state == ServiceState.SUSPENDED and not held.exists():
        move(service, ServiceMoves.RESUME, by=by, now=now, note=note)


def _locked(suspension: SaleSuspension) -> Service:
    return Service.objects.select_for_update(of=("self",)).get(pk=suspension.service_id)


def _notify(suspension: SaleSuspension, template: str, key: str, now: datetime) -> None:
    suppliers.notify(
        suspension.service.supplier,
        template,
        key=f"{key}:{suspension.pk}",
        now=now,
        suspension=suspension,
        service=suspension.service,
    )
