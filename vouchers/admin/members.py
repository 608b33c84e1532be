"""The operator's desk: the members, what they wish for and what they try."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.staff.acts import Act, WorkflowAdmin
from portal.templatetags.components import badge
from vouchers.admin.catalogue import ReasonForm
from vouchers.models import Monitor
from vouchers.queries import panel
from vouchers.roles import PANEL_OPERATOR
from vouchers.services import assignment, members
from vouchers.states import Category, MonitorMoves, MonitorState, RuleKind
from vouchers.visibility import DESK, monitors_of

READERS = sorted(DESK)
TONES = {
    MonitorState.ACTIVE: "success",
    MonitorState.LEFT: "neutral",
    MonitorState.EXCLUDED: "danger",
}


def rule_form(request: HttpRequest, thing: Monitor) -> type[forms.Form]:
    """Which covered service, pinned or forbidden."""
    services = panel.covered_services(thing.round)
    fields: dict[str, forms.Field] = {
        "service": forms.ModelChoiceField(
            label="서비스", queryset=services, empty_label="고르세요"
        ),
        "kind": forms.ChoiceField(label="처리", choices=RuleKind.choices),
        "reason": forms.CharField(label="사유", max_length=300),
    }
    return type("RuleForm", (forms.Form,), fields)


def say(request: HttpRequest, thing: Monitor, data: dict[str, Any], at: datetime) -> str:
    """Pin or forbid."""
    assignment.rule(thing, by=request.user, now=at, **data)
    return "기록했습니다. 배정을 다시 계산하면 반영됩니다."


def leave(request: HttpRequest, thing: Monitor, data: dict[str, Any], at: datetime) -> str:
    """Let a member go."""
    again = assignment.leave(thing, by=request.user, now=at, **data)
    return "사퇴를 기록했습니다." + (" 빈자리를 채울 배정을 계산합니다." if again else "")


def exclude(request: HttpRequest, thing: Monitor, data: dict[str, Any], at: datetime) -> str:
    """Take a member off the panel."""
    members.exclude(thing, by=request.user, now=at, **data)
    return "단원을 제외했습니다. 이미 공개된 보고서는 남고 평균에서 빠집니다."


def restore(request: HttpRequest, thing: Monitor, data: dict[str, Any], at: datetime) -> str:
    """Take an exclusion back."""
    members.restore(thing, by=request.user, now=at, **data)
    return "제외를 취소했습니다."


@admin.register(Monitor)
class MonitorAdmin(WorkflowAdmin):
    """Members, their wishes and what they have to try."""

    read_roles = READERS
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
            say,
            roles=[PANEL_OPERATOR],
            form=rule_form,
            show=lambda request, thing: thing.state == MonitorState.ACTIVE,
        ),
        Act(
            "leave", "중도 사퇴 기록", leave, move=MonitorMoves.LEAVE, form=ReasonForm, danger=True
        ),
        Act("exclude", "제외", exclude, move=MonitorMoves.EXCLUDE, form=ReasonForm, danger=True),
        Act("restore", "제외 취소", restore, move=MonitorMoves.RESTORE, form=ReasonForm),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Monitor]:
        """For the desk."""
        return monitors_of(request.user).select_related("round", "user")

    @admin.display(description="이름")
    def person(self, thing: Monitor) -> str:
        """Who."""
        return thing.user.name

    @admin.display(description="상태")
    def badge(self, thing: Monitor) -> str:
        """As a badge."""
        return badge(thing.get_state_display(), tone=TONES[MonitorState(thing.state)])

    @admin.display(description="희망 서비스")
    def wished(self, thing: Monitor) -> str:
        """By rank."""
        return ", ".join(str(row) for row in thing.wishes.select_related("service"))

    @admin.display(description="배정된 서비스")
    def tries(self, thing: Monitor) -> str:
        """Those that stand."""
        rows = thing.assignments.filter(state="active").select_related("service")
        return ", ".join(
            f"{row.service.name} ({Category(row.service.category).label})" for row in rows
        )

    @admin.display(description="고정·금지")
    def said(self, thing: Monitor) -> str:
        """What staff have said."""
        rows = thing.rules.filter(ended_at=None).select_related("service")
        return ", ".join(
            f"{row.service.name} {row.get_kind_display()} ({row.reason})" for row in rows
        )
