"""Ledger."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from portal.core.money import won
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.lists import ReadOnlyAdmin
from programs import queries
from programs.admin.rounds import READERS
from programs.forms.ledger import WonField
from programs.models import (
    Budget,
    LedgerEntry,
)
from programs.roles import MANAGER
from programs.services import ledger


class MoneyForm(forms.Form):
    """An amount, and why. The reference makes a second click harmless."""

    amount = WonField(label="금액")
    note = forms.CharField(label="사유", max_length=200)
    reference = forms.CharField(
        widget=forms.HiddenInput, initial=lambda: f"staff:{uuid4()}", max_length=100
    )


def appropriate(request: HttpRequest, pot: Budget, data: dict[str, Any], at: datetime) -> str:
    """Put money into a pot."""
    entry = ledger.appropriate(pot, by=request.user, now=at, **data)
    return f"{won(entry.amount_won)}을 배정했습니다."


def reduce(request: HttpRequest, pot: Budget, data: dict[str, Any], at: datetime) -> str:
    """Take money out of a pot."""
    entry = ledger.reduce(pot, by=request.user, now=at, **data)
    return f"{won(entry.amount_won)}을 감액했습니다."


@admin.register(Budget)
class BudgetAdmin(WorkflowAdmin):
    """Pots: counters beside the sums of their entries; money moves by acts."""

    read_roles = READERS
    list_display = ["name", "appropriated", "reserved", "committed", "paid", "available"]
    search_fields = ["=code"]
    fields = [
        "code", "name", "appropriated", "reserved", "committed", "paid", "available", "recomputed",
    ]  # fmt: skip
    readonly_fields = fields
    acts = [
        Act("appropriate", "예산 더 배정하기", appropriate, roles=[MANAGER], form=MoneyForm),
        Act("reduce", "예산 줄이기", reduce, roles=[MANAGER], form=MoneyForm, danger=True),
    ]

    @admin.display(description="배정", ordering="appropriated_won")
    def appropriated(self, pot: Budget) -> str:
        """Won."""
        return won(pot.appropriated_won)

    @admin.display(description="선정", ordering="reserved_won")
    def reserved(self, pot: Budget) -> str:
        """Won."""
        return won(pot.reserved_won)

    @admin.display(description="협약", ordering="committed_won")
    def committed(self, pot: Budget) -> str:
        """Won."""
        return won(pot.committed_won)

    @admin.display(description="지급", ordering="paid_won")
    def paid(self, pot: Budget) -> str:
        """Won."""
        return won(pot.paid_won)

    @admin.display(description="남음")
    def available(self, pot: Budget) -> str:
        """Won."""
        return won(pot.available_won)

    @admin.display(description="원장에서 다시 더한 값")
    def recomputed(self, pot: Budget) -> str:
        """The sums of the entries, and whether they agree with the counters."""
        sums = queries.recomputed(pot)
        return format_html(
            "배정 {} · 선정 {} · 협약 {} · 지급 {} · 남음 {} — <strong>{}</strong>",
            won(sums.appropriated),
            won(sums.reserved),
            won(sums.committed),
            won(sums.paid),
            won(sums.available),
            "일치" if sums == pot.balance else "불일치",
        )


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """Every movement of money, newest first."""

    read_roles = READERS
    list_display = ["id", "at", "budget", "kind", "amount", "subject", "reference", "by"]
    list_filter = ["kind", "budget"]
    list_select_related = ["budget", "by"]
    search_fields = ["=reference", "=subject"]
    search_help_text = "근거 번호 또는 대상(예: application:12)"
    ordering = ["-pk"]

    @admin.display(description="금액", ordering="amount_won")
    def amount(self, entry: LedgerEntry) -> str:
        """Won."""
        return won(entry.amount_won)
