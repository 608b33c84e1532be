"""Staff screens of money and totals that another manager has not approved yet."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.access.requests import person
from portal.core.money import won
from portal.staff.acts import WorkflowAdmin
from portal.staff.filters import waiting
from programs.admin import proposals
from programs.admin.rounds import READERS
from programs.models import Budget, PotProposal, TotalProposal
from programs.queries import pots as queries
from programs.queries import rule_changes as rule_queries
from programs.services import pots
from programs.states import EntryKind
from programs.visibility import pots_of, rounds_of
from programs.worklists import OPEN_PROPOSAL


def drop(
    request: HttpRequest, row: PotProposal | TotalProposal, data: dict[str, Any], now: datetime
) -> None:
    pots.drop(row, by=person(request), now=now)


def approve(request: HttpRequest, row: PotProposal, data: dict[str, Any], now: datetime) -> None:
    pots.approve(row, by=person(request), now=now)


def approve_total(
    request: HttpRequest, row: TotalProposal, data: dict[str, Any], now: datetime
) -> None:
    pots.approve_total(row, by=person(request), now=now)


def after(row: PotProposal) -> int:
    sign = 1 if row.kind == EntryKind.APPROPRIATE else -1
    return row.pot.appropriated_won + sign * row.amount_won


def room_words(pot: Budget) -> str:
    """Return how much the rounds of a pot may still appropriate."""
    room = queries.room(pot)
    if room is None:
        return "이 예산을 쓰는 회차가 없습니다."
    return f"총예산 {won(room.total)} · 배정 {won(room.appropriated)} · 더 배정할 수 있는 금액 {won(room.left)}"


def pot_intro(row: PotProposal) -> str:
    return "\n".join(
        [
            f"{row.pot} 배정액: {won(row.pot.appropriated_won)} → {won(after(row))}",
            f"회차: {room_words(row.pot)}",
            f"제안: {row.by}. 사유: {row.reason}",
            f"이 변경이 미치는 곳: {', '.join(map(str, row.pot.sub_programs.all())) or '없음'}",
            "승인하면 바로 원장에 적고, 사람의 이름을 뺀 내용이 공개 이력에 남습니다.",
        ]
    )


def total_intro(row: TotalProposal) -> str:
    return "\n".join(
        [
            f"{row.round} 총예산: {won(row.before_won)} → {won(row.after_won)}",
            f"제안: {row.by}. 사유: {row.reason}",
            f"이 변경이 미치는 곳: {rule_queries.concerned_by_round(row.round)}",
            "승인하면 바로 바뀌고, 사람의 이름을 뺀 내용이 공개 이력에 남습니다.",
        ]
    )


KEPT = "변경안을 폐기했습니다. 금액은 그대로입니다."


@admin.register(PotProposal)
class PotProposalAdmin(WorkflowAdmin):
    """Money proposed for pots, before and after."""

    read_roles = READERS
    list_display = ["pot", "kind", "amount", "reason", "by", "approved_by", "ended_at"]
    list_select_related = ["pot", "by", "approved_by"]
    list_filter = [waiting(OPEN_PROPOSAL)]
    ordering = ["-pk"]
    fields = readonly_fields = (
        "pot", "kind", "amount", "change", "room", "reason", "by", "at", "approved_by", "ended_at",
    )  # fmt: skip
    acts = proposals.acts(
        approve, drop, intro=pot_intro, done="예산을 바꾸고 원장에 적었습니다.", dropped=KEPT
    )

    @admin.display(description="금액", ordering="amount_won")
    def amount(self, row: PotProposal) -> str:
        return won(row.amount_won)

    @admin.display(description="배정액")
    def change(self, row: PotProposal) -> str:
        if row.ended_at is not None:
            return won(row.pot.appropriated_won)
        return f"{won(row.pot.appropriated_won)} → {won(after(row))}"

    @admin.display(description="회차의 총예산")
    def room(self, row: PotProposal) -> str:
        return room_words(row.pot)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PotProposal]:
        return PotProposal.objects.filter(pot__in=pots_of(person(request)).values("pk"))


@admin.register(TotalProposal)
class TotalProposalAdmin(WorkflowAdmin):
    """Totals proposed for rounds, before and after."""

    read_roles = READERS
    list_display = ["round", "before", "after", "reason", "by", "approved_by", "ended_at"]
    list_select_related = ["round", "by", "approved_by"]
    list_filter = [waiting(OPEN_PROPOSAL)]
    ordering = ["-pk"]
    fields = readonly_fields = (
        "round", "before", "after", "reason", "by", "at", "approved_by", "ended_at",
    )  # fmt: skip
    acts = proposals.acts(
        approve_total, drop, intro=total_intro, done="총예산을 바꾸었습니다.", dropped=KEPT
    )

    @admin.display(description="지금 총예산", ordering="before_won")
    def before(self, row: TotalProposal) -> str:
        return won(row.before_won)

    @admin.display(description="바꿀 총예산", ordering="after_won")
    def after(self, row: TotalProposal) -> str:
        return won(row.after_won)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TotalProposal]:
        return TotalProposal.objects.filter(round__in=rounds_of(person(request)).values("pk"))
