"""Acts on the settlement of an agreement: propose, approve, recover, close."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest

from applications.models import Agreement, Recovery, Settlement
from applications.services.settlement import statements
from applications.states import RecoveryState, SettlementState
from portal.access.requests import person
from portal.core.errors import MoveNotAllowed
from portal.core.money import won
from portal.forms.ranges import within
from portal.templatetags.dates import due


def propose(
    request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime
) -> Settlement:
    return statements.propose(agreement, by=person(request), now=at)


def proposed(agreement: Agreement) -> Settlement:
    rows = agreement.settlements.select_related("agreement__application")
    settlement = rows.filter(state=SettlementState.PROPOSED).first()
    if settlement is None:
        raise MoveNotAllowed("승인을 기다리는 정산안이 없습니다.", code="no_settlement")
    return settlement


def settle(request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime) -> None:
    statements.approve(proposed(agreement), by=person(request), now=at)


def return_settlement(
    request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime
) -> None:
    statements.send_back(proposed(agreement), note=data["note"], by=person(request), now=at)


class RecoveryForm(forms.Form):
    received_on = forms.DateField(
        label="납부일", widget=forms.DateInput({"type": "date"}), validators=[within("received_on")]
    )
    evidence = forms.CharField(label="확인한 근거", max_length=200, help_text="예: 국고 수납 번호")


def recovery_of(agreement: Agreement) -> Recovery:
    rows = Recovery.objects.select_related("settlement__agreement").filter(
        settlement__agreement=agreement, settlement__state=SettlementState.APPROVED
    )
    recovery = rows.first()
    if recovery is None:
        raise MoveNotAllowed("환수할 금액이 없습니다.", code="no_recovery")
    return recovery


def recover(request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime) -> None:
    statements.record_recovery(recovery_of(agreement), **data, by=person(request), now=at)


def close(request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime) -> None:
    statements.close(agreement, by=person(request), now=at)


def settle_intro(agreement: Agreement) -> str:
    row = proposed(agreement)
    return (
        f"인정 사업비 {won(row.eligible_won)}, 확정 지원금 {won(row.settled_won)}, "
        f"지급한 금액 {won(row.paid_won)}\n\n"
        f"더 지급할 금액 {won(row.balance_won)}, 초과 지급액 {won(row.recover_won)}, "
        f"예산으로 돌아갈 금액 {won(row.release_won)}\n\n"
        "승인하면 남은 협약액은 예산으로 돌아가고, 초과 지급액은 환수합니다."
    )


def recover_intro(agreement: Agreement) -> str:
    row = recovery_of(agreement)
    return (
        f"환수할 금액은 {won(row.amount_won)}, 납부 기한은 {due(row.due_at)}까지입니다. "
        "모두 들어온 것을 확인한 뒤 기록해 주세요."
    )


def is_proposed(request: HttpRequest, agreement: Agreement) -> bool:
    return agreement.settlements.filter(state=SettlementState.PROPOSED).exists()


def recovery_due(request: HttpRequest, agreement: Agreement) -> bool:
    states = {"state": SettlementState.APPROVED, "recovery__state": RecoveryState.DUE}
    return agreement.settlements.filter(**states).exists()


def ready_to_close(request: HttpRequest, agreement: Agreement) -> bool:
    return agreement.pending_steps.filter(done_at=None, step="close").exists()
