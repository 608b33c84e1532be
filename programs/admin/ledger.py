"""Staff screens of budget pots and ledger entries."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from portal.access.requests import person
from portal.core.money import won
from portal.forms.fields import WonField
from portal.forms.ranges import within
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.lists import ReadOnlyAdmin
from portal.staff.sorting import Sort
from programs.admin.pots import room_words
from programs.admin.rounds import READERS
from programs.models import Budget, LedgerEntry, PotProposal
from programs.queries import ledger as ledger_queries
from programs.roles import MANAGER
from programs.services import pots
from programs.states import EntryKind
from programs.visibility import entries_of, pots_of


class MoneyForm(forms.Form):
    """An amount and its reason."""

    amount = WonField(label="금액", validators=[within("pot_won")])
    reason = forms.CharField(
        label="사유", max_length=200, help_text="공개됩니다. 사람의 이름을 적지 마세요."
    )


def appropriate(
    request: HttpRequest, pot: Budget, data: dict[str, Any], now: datetime
) -> PotProposal:
    return pots.propose(pot, EntryKind.APPROPRIATE, by=person(request), now=now, **data)


def reduce(request: HttpRequest, pot: Budget, data: dict[str, Any], now: datetime) -> PotProposal:
    return pots.propose(pot, EntryKind.REDUCE, by=person(request), now=now, **data)


def proposed(made: PotProposal) -> str:
    return (
        f"예산은 아직 바뀌지 않았습니다. {won(made.amount_won)}의 변경안을 만들었으며, 다른"
        " 결정권자가 ‘예산 변경안’에서 승인하면 바뀝니다."
    )


@admin.register(Budget)
class BudgetAdmin(WorkflowAdmin):
    """Pots: counters beside the sums of their entries; acts move the money."""

    read_roles = READERS
    list_display = ["name", "appropriated", "reserved", "committed", "paid", "available"]
    search_fields = ["=code"]
    fields = readonly_fields = (
        "code", "name", "appropriated", "reserved", "committed", "paid", "available", "recomputed",
    )  # fmt: skip
    acts = [
        Act(
            "appropriate",
            "예산 증액안 만들기",
            appropriate,
            roles=[MANAGER],
            form=MoneyForm,
            done=proposed,
            intro=lambda pot: f"{room_words(pot)}\n다른 결정권자가 승인하면 원장에 적습니다.",
        ),
        Act(
            "reduce",
            "예산 감액안 만들기",
            reduce,
            roles=[MANAGER],
            form=MoneyForm,
            danger=True,
            done=proposed,
            intro=lambda pot: (
                f"남은 예산 {won(pot.available_won)}\n다른 결정권자가 승인하면 원장에 적습니다."
            ),
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        return pots_of(person(request))

    @admin.display(description="배정", ordering="appropriated_won")
    def appropriated(self, pot: Budget) -> str:
        return won(pot.appropriated_won)

    @admin.display(description="선정", ordering="reserved_won")
    def reserved(self, pot: Budget) -> str:
        return won(pot.reserved_won)

    @admin.display(description="협약", ordering="committed_won")
    def committed(self, pot: Budget) -> str:
        return won(pot.committed_won)

    @admin.display(description="지급", ordering="paid_won")
    def paid(self, pot: Budget) -> str:
        return won(pot.paid_won)

    @admin.display(description="남음")
    def available(self, pot: Budget) -> str:
        return won(pot.available_won)

    @admin.display(description="원장에서 다시 더한 값")
    def recomputed(self, pot: Budget) -> str:
        sums = ledger_queries.recomputed(pot)
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
    read_roles = READERS
    list_display = ["id", "at", "budget", "kind", "amount", "what_for", "by", "second"]
    fields = ["at", "budget", "kind", "amount", "what_for", "note", "by", "second"]
    list_filter = ["kind", "budget"]
    list_select_related = ["budget", "by", "proposal__approved_by"]
    search_fields = ["=reference", "=subject"]
    search_help_text = "접수번호나 그 끝자리(예: 31)"
    ordering = ["-pk"]
    sorts = [Sort("id")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        return entries_of(person(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LedgerEntry], search_term: str
    ) -> tuple[QuerySet[LedgerEntry], bool]:
        """Find the money of an application by its receipt number or the end of it."""
        tail = search_term.rpartition("-")[2]
        if tail.isascii() and tail.isdigit():
            return queryset.filter(subject=f"application:{int(tail)}"), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="대상")
    def what_for(self, entry: LedgerEntry) -> str:
        return ledger_queries.subject_words(entry.subject)

    @admin.display(description="금액", ordering="amount_won")
    def amount(self, entry: LedgerEntry) -> str:
        return won(entry.amount_won)

    @admin.display(description="승인자")
    def second(self, entry: LedgerEntry) -> str:
        proposal = getattr(entry, "proposal", None)
        return str(proposal.approved_by) if proposal else "—"
