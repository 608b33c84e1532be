"""Staff screens of ties to suppliers and of proposals to exclude somebody."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.access.requests import person
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from vouchers.models import ExclusionProposal, SupplierTie
from vouchers.roles import EDITORS
from vouchers.services import assignment, conflicts, members
from vouchers.states import TieStanding
from vouchers.visibility import DESK

REASON = note_form("reason", max_length=200)
NOTE = note_form("note", max_length=300)
TONES = {
    TieStanding.BARS: "danger",
    TieStanding.FLAGGED: "warning",
    TieStanding.DISMISSED: "neutral",
}


def dismiss(request: HttpRequest, tie: SupplierTie, data: dict[str, Any], at: datetime) -> None:
    conflicts.dismiss(tie, by=person(request), now=at, **data)


def confirm(
    request: HttpRequest, tie: SupplierTie, data: dict[str, Any], at: datetime
) -> ExclusionProposal | None:
    return conflicts.confirm(tie, by=person(request), now=at, **data)


def confirmed(proposal: ExclusionProposal | None) -> str:
    if proposal is None:
        return "이해관계가 있다고 기록했습니다."
    return "제외를 제안했습니다. 다른 사람이 확정하기 전에는 아무것도 바뀌지 않습니다."


def is_open(request: HttpRequest, tie: SupplierTie) -> bool:
    return tie.ended_at is None and tie.standing != TieStanding.DISMISSED


@admin.register(SupplierTie)
class SupplierTieAdmin(WorkflowAdmin):
    read_roles = sorted(DESK)
    list_display = ["person", "firm", "reason", "judged", "asked", "found_at", "ended_at"]
    list_filter = ["standing", ("ended_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user", "supplier"]
    search_fields = ["user__name__startswith", "=supplier__business_number"]
    search_help_text = "이름의 앞부분 또는 공급기업의 사업자등록번호"
    fields = ["person", "firm", "reason", "stated", "judged", "appeal", "appealed_at"]
    fields += ["found_at", "ended_at", "decided"]
    ordering = ["-pk"]
    sorts = [Sort("found_at")]
    acts = [
        Act(
            "confirm",
            "이해관계 있음",
            confirm,
            done=confirmed,
            roles=sorted(EDITORS),
            form=REASON,
            show=lambda request, tie: is_open(request, tie) and tie.standing == TieStanding.FLAGGED,
            danger=True,
            intro="아직 발표하지 않은 지원은 자격에서 제외하고, 단원과 예비는 제외를 제안합니다.",
        ),
        Act(
            "dismiss",
            "이해관계 없음",
            dismiss,
            done="이해관계가 없다고 기록했습니다. 같은 까닭으로 다시 알리지 않습니다.",
            roles=sorted(EDITORS),
            form=REASON,
            show=is_open,
        ),
    ]

    @admin.display(description="공급기업")
    def firm(self, tie: SupplierTie) -> str:
        return str(tie.supplier)

    @admin.display(description="사람")
    def person(self, tie: SupplierTie) -> str:
        return tie.user.name

    @admin.display(description="판단")
    def judged(self, tie: SupplierTie) -> str:
        return badge(tie.get_standing_display(), tone=TONES[TieStanding(tie.standing)])

    @admin.display(description="확인 요청", boolean=True)
    def asked(self, tie: SupplierTie) -> bool:
        return bool(tie.appeal)

    @admin.display(description="판단한 내용")
    def decided(self, tie: SupplierTie) -> str:
        rows = tie.decisions.select_related("by")
        return " / ".join(f"{row.get_standing_display()}: {row.reason} ({row.by})" for row in rows)


def confirm_exclusion(
    request: HttpRequest, proposal: ExclusionProposal, data: dict[str, Any], at: datetime
) -> None:
    assignment.exclude(proposal, by=person(request), now=at)


def decline_exclusion(
    request: HttpRequest, proposal: ExclusionProposal, data: dict[str, Any], at: datetime
) -> None:
    members.decline_exclusion(proposal, by=person(request), now=at, **data)


@admin.register(ExclusionProposal)
class ExclusionProposalAdmin(WorkflowAdmin):
    read_roles = sorted(DESK)
    list_display = ["application", "reason", "proposed_by", "proposed_at", "result"]
    list_filter = ["confirmed"]
    list_select_related = ["application__user", "proposed_by"]
    fields = ["application", "reason", "proposed_by", "proposed_at", "result"]
    fields += ["note", "decided_by", "decided_at"]
    ordering = ["-pk"]
    sorts = [Sort("proposed_at")]
    acts = [
        Act(
            "confirm",
            "제외 확정",
            confirm_exclusion,
            done="제외하고 본인에게 알렸습니다. 이미 공개된 보고서는 남고 평균에서 빠집니다.",
            roles=sorted(EDITORS),
            show=lambda request, row: (
                row.confirmed is None and row.proposed_by_id != request.user.pk
            ),
            danger=True,
            intro="배정을 취소하고 보고서를 평균에서 뺍니다. 제안한 사람과 다른 사람만 확정합니다.",
        ),
        Act(
            "decline",
            "제외하지 않음",
            decline_exclusion,
            done="제외하지 않기로 했습니다.",
            roles=sorted(EDITORS),
            form=NOTE,
            show=lambda request, row: row.confirmed is None,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExclusionProposal]:
        return (
            super().get_queryset(request).select_related("application__user", "application__round")
        )

    @admin.display(description="결과")
    def result(self, row: ExclusionProposal) -> str:
        return {None: "확인을 기다림", True: "제외함", False: "제외하지 않음"}[row.confirmed]
