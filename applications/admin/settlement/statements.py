"""Statements."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest

from applications.models import (
    Agreement,
    Recovery,
    Settlement,
)
from applications.services.settlement import statements
from applications.states import RecoveryState, SettlementState
from portal.core.money import won
from portal.templatetags.dates import until


def propose(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Reckon the settlement."""
    made = statements.propose(thing, by=request.user, now=at)
    return f"정산안을 만들었습니다. 확정 지원금은 {won(made.settled_won)}입니다."


def proposed(thing: Agreement) -> Settlement:
    """The settlement that waits."""
    rows = thing.settlements.select_related("agreement__application")
    return rows.get(state=SettlementState.PROPOSED)


def settle(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Approve the settlement."""
    statements.approve(proposed(thing), by=request.user, now=at)
    return "정산을 확정했습니다."


def return_settlement(
    request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime
) -> str:
    """Send the settlement back."""
    statements.send_back(proposed(thing), note=data["note"], by=request.user, now=at)
    return "정산안을 돌려보냈습니다."


class RecoveryForm(forms.Form):
    """When the money came in, and how that is known."""

    received_on = forms.DateField(label="납부일", widget=forms.DateInput({"type": "date"}))
    evidence = forms.CharField(label="확인한 근거", max_length=200, help_text="예: 국고 수납 번호")


def recovery_of(thing: Agreement) -> Recovery:
    """What the approved settlement asks back."""
    rows = Recovery.objects.select_related("settlement__agreement")
    return rows.get(settlement__agreement=thing, settlement__state=SettlementState.APPROVED)


def recover(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Record that a recovery came in."""
    statements.record_recovery(recovery_of(thing), **data, by=request.user, now=at)
    return "환수금 납부를 확인했습니다."


def close(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Close at zero difference."""
    statements.close(thing, by=request.user, now=at)
    return "원장과 정산이 맞아 종료했습니다."


def to_settle(thing: Agreement) -> str:
    """What the settlement says."""
    row = proposed(thing)
    return (
        f"인정 사업비 {won(row.eligible_won)}, 확정 지원금 {won(row.settled_won)}, "
        f"지급한 금액 {won(row.paid_won)}\n\n"
        f"더 지급할 금액 {won(row.balance_won)}, 환수할 금액 {won(row.recover_won)}, "
        f"예산으로 돌아갈 금액 {won(row.release_won)}\n\n"
        "승인하면 남은 협약액은 예산으로 돌아가고, 더 지급한 금액은 환수합니다."
    )


def to_recover(thing: Agreement) -> str:
    """What is to come back, and until when."""
    row = recovery_of(thing)
    return (
        f"환수할 금액은 {won(row.amount_won)}, 납부 기한은 {until(row.due_at)}까지입니다. "
        "모두 들어온 것을 확인한 뒤 기록해 주세요."
    )


def is_proposed(request: HttpRequest, thing: Agreement) -> bool:
    """Whether a settlement waits."""
    return thing.settlements.filter(state=SettlementState.PROPOSED).exists()


def recovery_due(request: HttpRequest, thing: Agreement) -> bool:
    """Whether money is still to come back."""
    due = {"state": SettlementState.APPROVED, "recovery__state": RecoveryState.DUE}
    return thing.settlements.filter(**due).exists()


def ready_to_close(request: HttpRequest, thing: Agreement) -> bool:
    """Whether nothing but the close is left."""
    return thing.turns.filter(done_at=None, step="close").exists()
