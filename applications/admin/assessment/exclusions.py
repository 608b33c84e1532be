"""Decisions about sheets: excluded, kept in spite of a tie, restored; the second person approves."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from applications.admin.search import FoundByApplication
from applications.models import SheetDecision
from applications.queries.assessment import committee
from applications.services.assessment import exclusions
from applications.visibility import sheet_decisions_of
from applications.worklists import OPEN_PROPOSAL
from portal.access.requests import person
from portal.core.particles import particle
from portal.forms.people import told_apart
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.filters import waiting
from portal.staff.forms import note_form
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from programs.roles import MANAGER, OFFICER, STAFF_READERS


def approve(
    request: HttpRequest, decision: SheetDecision, data: dict[str, Any], at: datetime
) -> SheetDecision:
    return exclusions.approve(decision, by=person(request), now=at)


def discard(
    request: HttpRequest, decision: SheetDecision, data: dict[str, Any], at: datetime
) -> None:
    exclusions.discard(decision, by=person(request), now=at, **data)


@admin.register(SheetDecision)
class SheetDecisionAdmin(FoundByApplication, WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["number", "assessor", "kind", "status", "proposed_by", "proposed_at"]
    list_filter = [waiting(OPEN_PROPOSAL), "kind"]
    list_select_related = ["sheet__application", "proposed_by"]
    application_path = "sheet__application"
    ordering = ["-pk"]
    sorts = [Sort("proposed_at")]
    fields = [
        "sheet", "kind", "reason", "status", "proposed_by", "proposed_at", "approved_by",
        "approved_at", "discarded_by", "discarded_at", "note",
    ]  # fmt: skip
    readonly_fields = ["status"]
    acts = [
        Act(
            "approve",
            "승인",
            approve,
            done=lambda decision: f"확정했습니다: {decision.get_kind_display()}",
            roles=[OFFICER, MANAGER],
            show=lambda request, decision: (
                decision.open and decision.proposed_by_id != person(request).pk
            ),
            intro=lambda decision: (
                f"{told_apart(decision.proposed_by)}님이 제안한 ‘{decision.get_kind_display()}’{particle(decision.get_kind_display(), '을/를')} 확정합니다. "
                f"사유: {decision.reason}"
            ),
        ),
        Act(
            "discard",
            "제안 거두기",
            discard,
            done="제안을 거두었습니다. 평가표는 그대로 있습니다.",
            roles=[OFFICER, MANAGER],
            form=note_form(max_length=300),
            show=lambda request, decision: decision.open,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SheetDecision]:
        return sheet_decisions_of(person(request)).prefetch_related(
            committee.named("sheet__assessor")
        )

    @admin.display(description="접수번호")
    def number(self, decision: SheetDecision) -> str:
        return decision.sheet.application.number or ""

    @admin.display(description="평가위원")
    def assessor(self, decision: SheetDecision) -> str:
        return told_apart(decision.sheet.assessor)

    @admin.display(description="상태")
    def status(self, decision: SheetDecision) -> SafeString:
        if decision.discarded_at:
            return badge("거둠", tone="neutral")
        if decision.approved_at:
            return badge("확정", tone="success")
        return badge("승인 대기", tone="warning")
