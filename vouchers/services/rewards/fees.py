"""Fees for accepted reports: committed on acceptance, paid or withheld once, through the ledger."""

from datetime import datetime

from django.db import IntegrityError, transaction

from portal.access import impartiality
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from programs.models import Budget
from programs.services import ledger
from vouchers.models import ConsumerReport, FeeSettlement, PanelRound, ReportFee
from vouchers.roles import PANEL_OPERATOR
from vouchers.services import members
from vouchers.states import FeeOutcome, MonitorState

PAID_AT_ONCE = 500


def earn(report: ConsumerReport, *, by: User, now: datetime) -> ReportFee:
    """Create the fee of an accepted report and commit it. Raises BadInput (`fee`), BudgetExceeded."""
    round = report.assignment.round
    if not round.fee_won:
        raise BadInput("이 회차의 원고료가 정해지지 않았습니다.", code="fee")
    pot = _pot(round)
    fee = ReportFee.objects.create(report=report, amount_won=round.fee_won, earned_at=now)
    subject, amount = subject_of(fee), fee.amount_won
    ledger.reserve(
        pot,
        ledger.Booking(amount=amount, reference=f"{subject}:reserve", subject=subject),
        by=by,
        now=now,
    )
    ledger.commit(
        pot,
        ledger.Booking(amount=amount, reference=f"{subject}:commit", subject=subject),
        by=by,
        now=now,
    )
    return fee


def pay(fee: ReportFee, *, by: User, now: datetime) -> FeeSettlement:
    """Pay a fee. Raises MoveNotAllowed (`role`, `settled`, `excluded_member`)."""
    if fee.report.assignment.monitor.state == MonitorState.EXCLUDED:
        raise MoveNotAllowed("제외된 단원의 원고료는 지급하지 않습니다.", code="excluded_member")
    with transaction.atomic():
        row = _settle(fee, FeeOutcome.PAID, "", by, now)
        subject = subject_of(fee)
        ledger.pay(
            _pot(fee.report.assignment.round),
            ledger.Booking(amount=fee.amount_won, reference=f"{subject}:pay", subject=subject),
            by=by,
            now=now,
        )
    return row


def withhold(fee: ReportFee, *, note: str, by: User, now: datetime) -> FeeSettlement:
    """Settle a fee without paying it and return the money to the budget.

    Raises BadInput (`reason`), MoveNotAllowed (`role`, `settled`).
    """
    if not note.strip():
        raise BadInput("지급하지 않는 사유를 적어 주세요.", code="reason")
    with transaction.atomic():
        row = _settle(fee, FeeOutcome.WITHHELD, note.strip(), by, now)
        subject = subject_of(fee)
        ledger.decommit(
            _pot(fee.report.assignment.round),
            ledger.Booking(amount=fee.amount_won, reference=f"{subject}:decommit", subject=subject),
            by=by,
            now=now,
        )
    return row


def pay_due(round: PanelRound, *, by: User, now: datetime) -> tuple[int, int]:
    """Pay the open fees of a round, oldest first; return their number and sum in won.

    Fees of excluded members stay open to be withheld; fees that another person pays meanwhile are
    skipped. A member gets one mail for all their fees.
    """
    open_fees = (
        ReportFee.objects.filter(report__assignment__round=round, settlement=None)
        .exclude(report__assignment__monitor__state=MonitorState.EXCLUDED)
        .select_related(
            "report__assignment__monitor__user",
            "report__assignment__round__fee_pot",
            "report__assignment__service",
        )
        .order_by("pk")[:PAID_AT_ONCE]
    )
    paid: dict[int, list[ReportFee]] = {}
    for fee in open_fees:
        try:
            pay(fee, by=by, now=now)
        except MoveNotAllowed as refused:
            if refused.code != "settled":
                raise
            continue
        paid.setdefault(fee.report.assignment.monitor_id, []).append(fee)
    for own in paid.values():
        members.notify(
            own[0].report.assignment.monitor,
            "vouchers/fee_paid",
            key=f"fee-paid:{own[0].pk}",
            now=now,
            fees=own,
            total=sum(fee.amount_won for fee in own),
        )
    amounts = [fee.amount_won for own in paid.values() for fee in own]
    return len(amounts), sum(amounts)


def subject_of(fee: ReportFee) -> str:
    return f"report-fee:{fee.pk}"


def _settle(
    fee: ReportFee, outcome: FeeOutcome, note: str, by: User, now: datetime
) -> FeeSettlement:
    impartiality.require(
        by, [PANEL_OPERATOR], about=fee, message="원고료를 처리할 권한이 없습니다."
    )
    try:
        with transaction.atomic():
            return FeeSettlement.objects.create(fee=fee, outcome=outcome, note=note, by=by, at=now)
    except IntegrityError as taken:
        raise MoveNotAllowed("이미 처리한 원고료입니다.", code="settled") from taken


def _pot(round: PanelRound) -> Budget:
    if round.fee_pot is None:
        raise BadInput("이 회차의 원고료 예산이 없습니다.", code="fee")
    return round.fee_pot
