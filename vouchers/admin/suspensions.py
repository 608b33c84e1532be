"""Staff screen of suspensions of sale: a second person confirms, a third decides objections."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.access.requests import person
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form
from portal.templatetags.components import badge
from vouchers.models import SaleSuspension
from vouchers.services.catalogue import sale
from vouchers.states import SuspensionMoves, SuspensionState
from vouchers.visibility import STAFF

NOTE = note_form(max_length=1_000, rows=4)
DECISION = note_form(
    "decision",
    label="결정한 까닭",
    max_length=2_000,
    rows=5,
    help_text="공급기업이 그대로 읽습니다.",
)
TONES = {
    SuspensionState.PROPOSED: "warning",
    SuspensionState.IN_FORCE: "danger",
    SuspensionState.DECLINED: "neutral",
    SuspensionState.LIFTED: "success",
}


def confirm(request: HttpRequest, row: SaleSuspension, data: dict[str, Any], at: datetime) -> None:
    sale.confirm_suspension(row, by=person(request), now=at)


def decline(request: HttpRequest, row: SaleSuspension, data: dict[str, Any], at: datetime) -> None:
    sale.decline_suspension(row, by=person(request), now=at, **data)


def uphold(request: HttpRequest, row: SaleSuspension, data: dict[str, Any], at: datetime) -> None:
    sale.uphold(row, by=person(request), now=at, **data)


def reject(request: HttpRequest, row: SaleSuspension, data: dict[str, Any], at: datetime) -> None:
    sale.reject(row, by=person(request), now=at, **data)


def is_second(request: HttpRequest, row: SaleSuspension) -> bool:
    return row.proposed_by_id != request.user.pk


def may_decide(request: HttpRequest, row: SaleSuspension) -> bool:
    waiting = row.objected_at is not None and row.decided_at is None
    return waiting and request.user.pk not in (row.proposed_by_id, row.confirmed_by_id)


@admin.register(SaleSuspension)
class SaleSuspensionAdmin(WorkflowAdmin):
    read_roles = sorted(STAFF)
    list_display = ["service", "badge", "reason", "proposed_by", "started_at", "objected_at"]
    list_filter = [
        "state",
        ("objected_at", admin.EmptyFieldListFilter),
        ("decided_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["service", "proposed_by"]
    search_fields = ["=service__code"]
    search_help_text = "서비스 번호(전체)"
    fields = ["service", "correction", "state", "reason", "proposed_by", "proposed_at"]
    fields += ["confirmed_by", "started_at", "objection_until", "objection", "objected_at"]
    fields += ["upheld", "decision", "decided_by", "decided_at", "ended_at"]
    ordering = ["-pk"]
    acts = [
        Act(
            "confirm",
            "판매 중지 확정",
            confirm,
            done="판매를 중지하고 공급기업에 알렸습니다. 사유는 서비스 화면에 공개됩니다.",
            move=SuspensionMoves.CONFIRM,
            show=is_second,
            danger=True,
            intro="판매를 중지하고 사유를 공개합니다. 제안한 사람과 다른 사람만 확정합니다.",
        ),
        Act(
            "decline",
            "중지하지 않음",
            decline,
            done="판매를 중지하지 않기로 했습니다.",
            move=SuspensionMoves.DECLINE,
            form=NOTE,
        ),
        Act(
            "uphold",
            "이의 인용",
            uphold,
            done="이의를 받아들이고 공급기업에 알렸습니다.",
            move=SuspensionMoves.UPHOLD,
            form=DECISION,
            show=may_decide,
            intro="다른 까닭으로 중지되어 있지 않으면 판매를 다시 시작합니다.",
        ),
        Act(
            "reject",
            "이의 기각",
            reject,
            done="이의를 받아들이지 않고 공급기업에 알렸습니다.",
            move=SuspensionMoves.REJECT,
            form=DECISION,
            show=may_decide,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SaleSuspension]:
        return super().get_queryset(request).select_related("service__supplier", "correction")

    @admin.display(description="상태")
    def badge(self, row: SaleSuspension) -> str:
        return badge(row.get_state_display(), tone=TONES[SuspensionState(row.state)])
