"""Ties to be lifted: proposed at the tie, approved here by the second person."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from applications.models import TieLift
from applications.queries.assessment import committee
from applications.services.assessment import lifts
from applications.visibility import lifts_of
from applications.worklists import OPEN_PROPOSAL
from portal.access.requests import person
from portal.forms.people import told_apart
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.filters import waiting
from portal.staff.forms import note_form
from portal.templatetags.components import badge
from programs.roles import MANAGER, OFFICER, STAFF_READERS


def approve(request: HttpRequest, lift: TieLift, data: dict[str, Any], at: datetime) -> TieLift:
    return lifts.approve(lift, by=person(request), now=at)


def discard(request: HttpRequest, lift: TieLift, data: dict[str, Any], at: datetime) -> None:
    lifts.discard(lift, by=person(request), now=at, **data)


BLIND = (
    "이 내역사업은 기업을 가리고 평가합니다. 되살리면 어느 기업의 평가표인지 알게 되므로, 본인이 밝힌 이해관계로 끝난 "
    "평가표는 되살리지 않습니다. 신청 화면의 ‘빈 자리 배정’으로 다른 평가위원을 배정해 주세요."
)


def approved(lift: TieLift) -> str:
    """Return the message after an approval."""
    if lifts.stays_ended(lift.tie):
        return f"이해관계를 해제했습니다. {BLIND}"
    return "이해관계를 해제했습니다. 끝났던 평가표가 있으면 되살리고 평가위원에게 알렸습니다."


def words(lift: TieLift) -> str:
    after = "승인하면 평가위원이 이 신청을 다시 맡을 수 있고, 이 이해관계로 끝난 평가표는 이력과 함께 되살아납니다."
    return (
        f"{told_apart(lift.proposed_by)}님이 해제를 제안했습니다.\n"
        f"평가위원: {told_apart(lift.tie.assessor)}\n이해관계: {lift.tie.reason}\n"
        f"해제 사유: {lift.reason}\n\n"
        f"{BLIND if lifts.stays_ended(lift.tie) else after}"
    )


@admin.register(TieLift)
class TieLiftAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["number", "assessor", "status", "proposed_by", "proposed_at"]
    list_filter = [waiting(OPEN_PROPOSAL)]
    list_select_related = ["tie__application", "proposed_by"]
    ordering = ["-pk"]
    fields = [
        "number", "assessor", "what", "reason", "status", "proposed_by", "proposed_at",
        "approved_by", "approved_at", "discarded_by", "discarded_at", "note",
    ]  # fmt: skip
    readonly_fields = ["number", "assessor", "what", "status"]
    acts = [
        Act(
            "approve",
            "해제 승인",
            approve,
            done=approved,
            roles=[OFFICER, MANAGER],
            show=lambda request, lift: lift.open and lift.proposed_by_id != person(request).pk,
            intro=words,
        ),
        Act(
            "discard",
            "제안 거두기",
            discard,
            done="제안을 거두었습니다. 이해관계는 그대로 있습니다.",
            roles=[OFFICER, MANAGER],
            form=note_form(max_length=300),
            show=lambda request, lift: lift.open,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TieLift]:
        return lifts_of(person(request)).prefetch_related(committee.named("tie__assessor"))

    @admin.display(description="접수번호")
    def number(self, lift: TieLift) -> str:
        return lift.tie.application.number or ""

    @admin.display(description="평가위원")
    def assessor(self, lift: TieLift) -> str:
        return told_apart(lift.tie.assessor)

    @admin.display(description="이해관계")
    def what(self, lift: TieLift) -> str:
        return lift.tie.reason

    @admin.display(description="상태")
    def status(self, lift: TieLift) -> SafeString:
        if lift.discarded_at:
            return badge("거둠", tone="neutral")
        if lift.approved_at:
            return badge("해제", tone="success")
        return badge("승인 대기", tone="warning")
