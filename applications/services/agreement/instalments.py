"""Pay the instalments of an agreement: requested by an officer, paid once by a manager."""

from datetime import datetime

from django.db import IntegrityError, transaction

from applications.models import Agreement, Instalment
from applications.queries.agreement import payable_parts, requested_parts, sums_waiting
from applications.services.agreement import pending_steps
from applications.services.agreement.contracts import pot_of
from applications.states import AgreementMoves, AgreementState, InstalmentState
from portal.core.errors import MoveNotAllowed
from portal.core.money import won
from portal.core.moves import Move
from portal.models import User
from portal.records.workflow import move, set_state
from programs.services import ledger

NOT_REQUESTED = {"requested_by": None, "requested_at": None}


def next_payable(agreement: Agreement) -> Instalment | None:
    """Return the first planned instalment whose condition is met."""
    return payable_parts().filter(agreement=agreement).select_related("agreement").first()


def requested(agreement: Agreement) -> Instalment | None:
    """Return the instalment that waits for its approval."""
    return requested_parts().filter(agreement=agreement).select_related("agreement").first()


def request(part: Instalment, *, by: User, now: datetime) -> None:
    """Request an instalment whose condition is met.

    Raises MoveNotAllowed (`not_payable`, `instalment_done`, `change_open` while changed sums wait for
    signatures).
    """
    agreement = part.agreement
    with transaction.atomic():
        move(
            agreement,
            _move_for(agreement, AgreementMoves.REQUEST_PAY, AgreementMoves.REQUEST_BALANCE),
            by=by,
            now=now,
            note=str(part),
        )
        _refuse_changing(agreement)
        if not payable_parts().filter(pk=part.pk).exists():
            raise MoveNotAllowed("아직 지급 조건이 채워지지 않았습니다.", code="not_payable")
        planned = Instalment.objects.filter(pk=part.pk, state=InstalmentState.PLANNED)
        if not set_state(planned, InstalmentState.REQUESTED, requested_by=by, requested_at=now):
            raise MoveNotAllowed("이미 요청했거나 지급한 차수입니다.", code="instalment_done")
        pending_steps.sync(agreement, now=now)
    part.refresh_from_db()


def send_back(part: Instalment, *, reason: str, by: User, now: datetime) -> None:
    """Return a request to the officer with the reason. Raises MoveNotAllowed."""
    agreement = part.agreement
    with transaction.atomic():
        move(
            agreement,
            _move_for(agreement, AgreementMoves.RETURN_PAY, AgreementMoves.RETURN_BALANCE),
            by=by,
            now=now,
            note=reason,
        )
        asked = Instalment.objects.filter(pk=part.pk, state=InstalmentState.REQUESTED)
        if not set_state(asked, InstalmentState.PLANNED, **NOT_REQUESTED):
            raise MoveNotAllowed("지급 요청된 차수가 아닙니다.", code="instalment_done")
        pending_steps.sync(agreement, now=now)
    part.refresh_from_db()


def pay(part: Instalment, *, by: User, now: datetime) -> None:
    """Pay an instalment that another person has requested, once, out of the committed money.

    Raises MoveNotAllowed (`same_person`, `instalment_done`, `change_open`), BudgetExceeded.
    """
    agreement = part.agreement
    try:
        with transaction.atomic():
            move(
                agreement,
                _move_for(agreement, AgreementMoves.PAY, AgreementMoves.PAY_BALANCE),
                by=by,
                now=now,
                note=str(part),
            )
            _refuse_changing(agreement)
            asked = Instalment.objects.filter(pk=part.pk, state=InstalmentState.REQUESTED)
            if asked.filter(requested_by=by).exists():
                raise MoveNotAllowed(
                    "지급을 요청한 사람은 승인할 수 없습니다. 다른 결정권자가 해야 합니다.",
                    code="same_person",
                )
            if not set_state(asked, InstalmentState.PAID, paid_by=by, paid_at=now):
                raise MoveNotAllowed("지급 요청된 차수가 아닙니다.", code="instalment_done")
            part.refresh_from_db()
            ledger.pay(
                pot_of(agreement),
                ledger.Booking(
                    amount=part.amount_won,
                    reference=part.reference,
                    subject=agreement.subject,
                    note=f"협약 {agreement.number} {part.label}",
                ),
                by=by,
                now=now,
            )
            pending_steps.notify(
                agreement,
                key=f"instalment:{part.pk}",
                title=f"{part.label}을 지급했습니다",
                lines=[f"지급액은 {won(part.amount_won)}입니다."],
                now=now,
            )
            pending_steps.sync(agreement, now=now)
    except IntegrityError as refused:
        if "payment_has_four_eyes" in str(refused):
            raise MoveNotAllowed(
                "지급을 요청한 사람은 승인할 수 없습니다.", code="same_person"
            ) from refused
        raise


def withdraw_requests(agreement: Agreement) -> None:
    """Set requests that were not paid back to planned, as the work has ended meanwhile."""
    asked = Instalment.objects.filter(agreement=agreement, state=InstalmentState.REQUESTED)
    set_state(asked, InstalmentState.PLANNED, **NOT_REQUESTED)


def cancel_rest(agreement: Agreement) -> None:
    """Cancel every instalment that is not paid."""
    open_states = [InstalmentState.PLANNED, InstalmentState.REQUESTED]
    rest = Instalment.objects.filter(agreement=agreement, state__in=open_states)
    set_state(rest, InstalmentState.CANCELLED)


def _refuse_changing(agreement: Agreement) -> None:
    # After the move, which has locked the agreement: read as it is now.
    if sums_waiting(agreement):
        raise MoveNotAllowed(
            "금액을 바꾸는 협약서가 서명을 기다리고 있습니다. 체결한 뒤에 지급하세요.",
            code="change_open",
        )


def _move_for(agreement: Agreement, ordinary: Move, balance: Move) -> Move:
    # The balance after a settlement has moves of its own.
    return balance if agreement.state == AgreementState.SETTLED else ordinary
