"""Staff screens of computed assignments and the rules they follow."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from portal.access.requests import person
from portal.core.errors import MoveNotAllowed
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from vouchers.models import AssignmentRule, AssignmentRun, Monitor, Service
from vouchers.roles import PANEL_OPERATOR
from vouchers.services import assignment
from vouchers.states import AssignmentRunMoves, AssignmentRunState, MemberKind
from vouchers.visibility import DESK

SHOWN_SERVICES, SHOWN_MESSAGES = 300, 200
TONES = {
    AssignmentRunState.PREPARING: "info",
    AssignmentRunState.PROPOSED: "warning",
    AssignmentRunState.CONFIRMED: "success",
    AssignmentRunState.DISCARDED: "neutral",
}


def confirm(request: HttpRequest, run: AssignmentRun, data: dict[str, Any], at: datetime) -> int:
    return assignment.confirm(run, by=person(request), now=at)


def discard(request: HttpRequest, run: AssignmentRun, data: dict[str, Any], at: datetime) -> None:
    assignment.discard(run, by=person(request), now=at, **data)


@admin.register(AssignmentRun)
class AssignmentRunAdmin(WorkflowAdmin):
    read_roles = sorted(DESK)
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
            done=lambda count: f"새 배정 {count:,}건을 확정하고 단원에게 알렸습니다.",
            move=AssignmentRunMoves.CONFIRM,
            intro="새로 배정된 단원에게 체험할 서비스를 알립니다. 이미 배정된 사람은 그대로입니다.",
        ),
        Act(
            "discard",
            "배정안 폐기",
            discard,
            done="배정안을 폐기했습니다.",
            move=AssignmentRunMoves.DISCARD,
            form=note_form("reason", max_length=300),
            danger=True,
        ),
    ]

    def page(self, request: HttpRequest, run: AssignmentRun) -> dict[str, Any]:
        by_service: dict[int, list[int]] = {}
        for monitor, service in run.pairs:
            by_service.setdefault(service, []).append(monitor)
        shown = sorted(by_service)[:SHOWN_SERVICES]
        services = Service.objects.in_bulk(shown)
        wanted = {row[0]: row[1] for row in run.inputs.get("services", [])}
        members = Monitor.objects.filter(round=run.round_id).in_bulk()
        return {
            "mine": run.requested_by_id == request.user.pk,
            "state_badge": self.badge(run),
            "explanation": run.explanation[:SHOWN_MESSAGES],
            "more_messages": max(0, len(run.explanation) - SHOWN_MESSAGES),
            "rows": [
                {
                    "service": services[pk],
                    "wanted": wanted.get(pk, 0),
                    "members": [members[member] for member in sorted(by_service[pk])],
                    "kinds": len({members[member].kind for member in by_service[pk]}),
                }
                for pk in shown
            ],
            "more_rows": max(0, len(by_service) - len(shown)),
            "all_kinds": len(MemberKind),
            "moves": history(run),
        }

    @admin.display(description="상태")
    def badge(self, run: AssignmentRun) -> str:
        return badge(run.get_state_display(), tone=TONES[AssignmentRunState(run.state)])

    @admin.display(description="요청 시각")
    def asked(self, run: AssignmentRun) -> str:
        return kst(run.requested_at)


def lift(request: HttpRequest, rule: AssignmentRule, data: dict[str, Any], at: datetime) -> None:
    if not assignment.end_rule(rule, by=person(request), now=at):
        raise MoveNotAllowed("이미 푼 고정·금지입니다.", code="rule_ended")


@admin.register(AssignmentRule)
class AssignmentRuleAdmin(WorkflowAdmin):
    read_roles = sorted(DESK)
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
            done="고정·금지를 풀었습니다. 배정을 다시 계산하면 반영됩니다.",
            roles=[PANEL_OPERATOR],
            show=lambda request, rule: rule.ended_at is None,
        )
    ]
