"""Staff screen of members, their wishes and assignments."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.access.requests import person
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form
from portal.templatetags.components import badge
from vouchers.models import AssignmentRun, Monitor
from vouchers.queries import panel
from vouchers.roles import PANEL_OPERATOR
from vouchers.services import assignment, members
from vouchers.states import Category, MonitorMoves, MonitorState, RuleKind
from vouchers.visibility import DESK, monitors_of

REASON = note_form("reason", max_length=300)
TONES = {
    MonitorState.ACTIVE: "success",
    MonitorState.LEFT: "neutral",
    MonitorState.EXCLUDED: "danger",
}


def rule_form(request: HttpRequest, monitor: Monitor) -> type[forms.Form]:
    services = panel.covered_services(monitor.round)
    fields: dict[str, forms.Field] = {
        "service": forms.ModelChoiceField(
            label="서비스", queryset=services, empty_label="고르세요"
        ),
        "kind": forms.ChoiceField(label="처리", choices=RuleKind.choices),
        "reason": forms.CharField(label="사유", max_length=300),
    }
    return type("RuleForm", (forms.Form,), fields)


def set_rule(request: HttpRequest, monitor: Monitor, data: dict[str, Any], at: datetime) -> None:
    assignment.set_rule(monitor, by=person(request), now=at, **data)


def leave(
    request: HttpRequest, monitor: Monitor, data: dict[str, Any], at: datetime
) -> AssignmentRun | None:
    return assignment.leave(monitor, by=person(request), now=at, **data)


def left(run: AssignmentRun | None) -> str:
    return "사퇴를 기록했습니다." + (" 빈자리를 채울 배정을 계산합니다." if run else "")


def propose_exclusion(
    request: HttpRequest, monitor: Monitor, data: dict[str, Any], at: datetime
) -> None:
    members.propose_exclusion(monitor.application, by=person(request), now=at, **data)


def restore(request: HttpRequest, monitor: Monitor, data: dict[str, Any], at: datetime) -> None:
    members.restore(monitor, by=person(request), now=at, **data)


@admin.register(Monitor)
class MonitorAdmin(WorkflowAdmin):
    read_roles = sorted(DESK)
    list_display = ["number", "person", "kind", "badge", "load"]
    list_filter = ["state", "kind", "round"]
    search_fields = ["=number", "user__name__startswith"]
    search_help_text = "단원 번호 또는 이름의 앞부분"
    fields = [
        "round",
        "number",
        "person",
        "kind",
        "state",
        "load",
        "joined_at",
        "left_at",
        "excluded_at",
        "exclusion_reason",
        "wished",
        "tries",
        "said",
    ]
    ordering = ["-round", "number"]
    acts = [
        Act(
            "rule",
            "서비스 고정·금지",
            set_rule,
            done="기록했습니다. 배정을 다시 계산하면 반영됩니다.",
            roles=[PANEL_OPERATOR],
            form=rule_form,
            show=lambda request, monitor: monitor.state == MonitorState.ACTIVE,
        ),
        Act(
            "leave",
            "중도 사퇴 기록",
            leave,
            done=left,
            move=MonitorMoves.LEAVE,
            form=REASON,
            danger=True,
        ),
        Act(
            "exclude",
            "제외 제안",
            propose_exclusion,
            done="제외를 제안했습니다. 다른 사람이 확정하기 전에는 아무것도 바뀌지 않습니다.",
            move=MonitorMoves.EXCLUDE,
            form=REASON,
            danger=True,
        ),
        Act(
            "restore",
            "제외 취소",
            restore,
            done="제외를 취소했습니다.",
            move=MonitorMoves.RESTORE,
            form=REASON,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Monitor]:
        return monitors_of(person(request)).select_related("round", "user", "application")

    @admin.display(description="이름")
    def person(self, monitor: Monitor) -> str:
        return monitor.user.name

    @admin.display(description="상태")
    def badge(self, monitor: Monitor) -> str:
        return badge(monitor.get_state_display(), tone=TONES[MonitorState(monitor.state)])

    @admin.display(description="희망 서비스")
    def wished(self, monitor: Monitor) -> str:
        return ", ".join(str(row) for row in monitor.wishes.select_related("service"))

    @admin.display(description="배정된 서비스")
    def tries(self, monitor: Monitor) -> str:
        rows = monitor.assignments.filter(state="active").select_related("service")
        return ", ".join(
            f"{row.service.name} ({Category(row.service.category).label})" for row in rows
        )

    @admin.display(description="고정·금지")
    def said(self, monitor: Monitor) -> str:
        rows = monitor.rules.filter(ended_at=None).select_related("service")
        return ", ".join(
            f"{row.service.name} {row.get_kind_display()} ({row.reason})" for row in rows
        )
