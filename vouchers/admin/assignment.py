"""Computed assignments and the words of staff that they follow."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from portal.staff.acts import Act, WorkflowAdmin, history
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from vouchers.admin.catalogue import ReasonForm
from vouchers.models import AssignmentRule, AssignmentRun, Monitor, Service
from vouchers.roles import PANEL_OPERATOR
from vouchers.services import assignment
from vouchers.states import AssignmentRunMoves, AssignmentRunState, MemberKind
from vouchers.visibility import DESK

READERS = sorted(DESK)
SHOWN_SERVICES, SHOWN_WORDS = 300, 200
TONES = {
    AssignmentRunState.PREPARING: "info",
    AssignmentRunState.PROPOSED: "warning",
    AssignmentRunState.CONFIRMED: "success",
    AssignmentRunState.DISCARDED: "neutral",
}


def confirm(request: HttpRequest, thing: AssignmentRun, data: dict[str, Any], at: datetime) -> str:
    """Assign what was proposed."""
    count = assignment.confirm(thing, by=request.user, now=at)
    return f"새 배정 {count:,}건을 확정하고 단원에게 알렸습니다."


def discard(request: HttpRequest, thing: AssignmentRun, data: dict[str, Any], at: datetime) -> str:
    """Throw a proposal away."""
    assignment.discard(thing, by=request.user, now=at, **data)
    return "배정안을 폐기했습니다."


@admin.register(AssignmentRun)
class AssignmentRunAdmin(WorkflowAdmin):
    """Proposals: who tries what, and exactly what is short."""

    read_roles = READERS
    page_template = "admin/vouchers/assignment/run.html"
    list_display = ["__str__", "badge", "filled", "wanted", "added", "wished", "asked"]
    list_filter = ["state", "round"]
    list_select_related = ["round"]
    ordering = ["-pk"]
    acts = [
        Act(
            "confirm",
            "배정 확정",
            confirm,
            move=AssignmentRunMoves.CONFIRM,
            intro="새로 배정된 단원에게 체험할 서비스를 알립니다. 이미 배정된 사람은 그대로입니다.",
        ),
        Act(
            "discard",
            "배정안 폐기",
            discard,
            move=AssignmentRunMoves.DISCARD,
            form=ReasonForm,
            danger=True,
        ),
    ]

    def page(self, request: HttpRequest, thing: AssignmentRun) -> dict[str, Any]:
        """Progress, the explanation, and the proposal service by service."""
        by_service: dict[int, list[int]] = {}
        for monitor, service in thing.pairs:
            by_service.setdefault(service, []).append(monitor)
        shown = sorted(by_service)[:SHOWN_SERVICES]
        services = Service.objects.in_bulk(shown)
        wanted = {row[0]: row[1] for row in thing.inputs.get("services", [])}
        members = Monitor.objects.filter(round=thing.round_id).in_bulk()
        return {
            "mine": thing.requested_by_id == request.user.pk,
            "state_badge": self.badge(thing),
            "explanation": thing.explanation[:SHOWN_WORDS],
            "more_words": max(0, len(thing.explanation) - SHOWN_WORDS),
            "rows": [
                {
                    "service": services[pk],
                    "wanted": wanted.get(pk, 0),
                    "members": [members[one] for one in sorted(by_service[pk])],
                    "kinds": len({members[one].kind for one in by_service[pk]}),
                }
                for pk in shown
            ],
            "more_rows": max(0, len(by_service) - len(shown)),
            "all_kinds": len(MemberKind),
            "moves": history(thing),
        }

    @admin.display(description="상태")
    def badge(self, thing: AssignmentRun) -> str:
        """As a badge."""
        return badge(thing.get_state_display(), tone=TONES[AssignmentRunState(thing.state)])

    @admin.display(description="요청 시각")
    def asked(self, thing: AssignmentRun) -> str:
        """When."""
        return kst(thing.requested_at)


def lift(request: HttpRequest, thing: AssignmentRule, data: dict[str, Any], at: datetime) -> str:
    """Take staff's word back."""
    assignment.lift(thing, by=request.user, now=at)
    return "고정·금지를 풀었습니다. 배정을 다시 계산하면 반영됩니다."


@admin.register(AssignmentRule)
class AssignmentRuleAdmin(WorkflowAdmin):
    """What was pinned and forbidden."""

    read_roles = READERS
    list_display = ["monitor", "service", "kind", "reason", "by", "ended_at"]
    list_filter = ["kind", "round"]
    list_select_related = ["monitor", "service", "by"]
    fields = ["round", "monitor", "service", "kind", "reason", "by", "at", "ended_at"]
    ordering = ["-pk"]
    acts = [
        Act(
            "lift",
            "풀기",
            lift,
            roles=[PANEL_OPERATOR],
            show=lambda request, thing: thing.ended_at is None,
        )
    ]
