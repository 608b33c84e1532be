"""The operator's desk: a panel round, its dates and the services it has tried."""

from datetime import datetime
from typing import Any

from auditlog.registry import auditlog
from django import forms
from django.contrib import admin
from django.http import HttpRequest

from portal.staff.acts import Act, WorkflowAdmin
from portal.templatetags.dates import until
from programs.rules import calendar
from vouchers.models import CoveredService, PanelRound, Service
from vouchers.queries import panel
from vouchers.roles import AGENCY, PANEL_OPERATOR
from vouchers.services import assignment, conflicts, selection
from vouchers.services.panel import rounds
from vouchers.states import MemberKind, PanelApplicationState
from vouchers.visibility import DESK

READERS = sorted(DESK)
A = PanelApplicationState


class CodesForm(forms.Form):
    """Which services."""

    codes = forms.CharField(
        label="서비스 번호",
        widget=forms.Textarea({"rows": 8}),
        help_text="한 줄에 하나씩 적으세요.",
    )

    def clean_codes(self) -> list[Service]:
        """Find the services."""
        codes = list(dict.fromkeys(self.cleaned_data["codes"].split()))
        there = {row.code: row for row in Service.objects.filter(code__in=codes)}
        if lacking := [code for code in codes if code not in there]:
            raise forms.ValidationError(
                f"없는 번호입니다: {', '.join(lacking[:10])}", code="unknown"
            )
        return [there[code] for code in codes]


class SeedForm(forms.Form):
    """The seed of an assignment."""

    seed = forms.IntegerField(
        label="시드",
        min_value=0,
        max_value=2**31 - 1,
        initial=1,
        help_text="같은 자료와 같은 시드는 언제나 같은 배정안을 냅니다.",
    )


class RescheduleForm(forms.Form):
    """New dates, and why."""

    opens_at = forms.DateTimeField(label="모집 시작")
    closes_at = forms.DateTimeField(label="모집 마감")
    wishes_until = forms.DateTimeField(label="희망 서비스 마감")
    active_until = forms.DateTimeField(label="활동 마감")
    reason = forms.CharField(label="사유", max_length=300)


def dates_of(request: HttpRequest, thing: PanelRound) -> type[forms.Form]:
    """The form with the dates as they are."""
    fields = {
        name: forms.DateTimeField(
            label=RescheduleForm.base_fields[name].label, initial=getattr(thing, name)
        )
        for name in rounds.DATES
    }
    return type("DatesForm", (RescheduleForm,), fields)


def cover(request: HttpRequest, thing: PanelRound, data: dict[str, Any], at: datetime) -> str:
    """Let services be tried."""
    count = rounds.cover(thing, data["codes"], by=request.user, now=at)
    return f"서비스 {count}개를 체험 서비스로 지정했습니다."


def uncover(request: HttpRequest, thing: PanelRound, data: dict[str, Any], at: datetime) -> str:
    """Let services be tried no more."""
    count = rounds.uncover(thing, data["codes"], by=request.user)
    return f"서비스 {count}개를 체험 서비스에서 뺐습니다."


def reschedule(request: HttpRequest, thing: PanelRound, data: dict[str, Any], at: datetime) -> str:
    """Move the dates."""
    rounds.reschedule(thing, by=request.user, now=at, **data)
    return "날짜를 바꾸었습니다."


def propose(request: HttpRequest, thing: PanelRound, data: dict[str, Any], at: datetime) -> str:
    """Make a ranked list."""
    made = selection.propose(thing, by=request.user, now=at)
    return f"{made.number}차 선정안을 만들었습니다. ‘단원 선정’에서 확인하고 발표하세요."


def assign(request: HttpRequest, thing: PanelRound, data: dict[str, Any], at: datetime) -> str:
    """Ask for an assignment."""
    made = assignment.start(thing, by=request.user, now=at, **data)
    return f"{made.number}차 배정을 계산하고 있습니다. ‘배정 계산’에서 볼 수 있습니다."


def recheck(request: HttpRequest, thing: PanelRound, data: dict[str, Any], at: datetime) -> str:
    """Read everybody's ties again now."""
    counts = conflicts.recheck(now=at)
    return (
        f"{counts['checked']:,}명을 다시 확인해 지원자 {counts['barred']}명, "
        f"단원 {counts['excluded']}명을 제외했습니다."
    )


auditlog.register(CoveredService)


@admin.register(PanelRound)
class PanelRoundAdmin(WorkflowAdmin):
    """Rounds; what they say comes from their data files."""

    read_roles = READERS
    page_template = "admin/vouchers/panel/round.html"
    list_display = ["name", "window", "closes", "target_count", "announced"]
    ordering = ["-opens_at"]
    acts = [
        Act(
            "cover",
            "체험 서비스 지정",
            cover,
            roles=[PANEL_OPERATOR, AGENCY],
            form=CodesForm,
            intro="판매 중인 서비스만 지정할 수 있습니다.",
        ),
        Act(
            "uncover",
            "체험 서비스 빼기",
            uncover,
            roles=[PANEL_OPERATOR, AGENCY],
            form=CodesForm,
            intro="단원에게 배정한 서비스는 뺄 수 없습니다.",
        ),
        Act(
            "select",
            "선정안 만들기",
            propose,
            roles=[PANEL_OPERATOR],
            intro="지금의 평가와 기준을 고정해 순위를 매깁니다. 먼저 모두의 이해관계를 다시 확인합니다.",
        ),
        Act("assign", "배정 계산", assign, roles=[PANEL_OPERATOR], form=SeedForm),
        Act("recheck", "이해관계 다시 확인", recheck, roles=[PANEL_OPERATOR, AGENCY]),
        Act(
            "reschedule",
            "날짜 바꾸기",
            reschedule,
            roles=[PANEL_OPERATOR, AGENCY],
            form=dates_of,
            danger=True,
        ),
    ]

    def page(self, request: HttpRequest, thing: PanelRound) -> dict[str, Any]:
        """Numbers, lists that lead on, and changes."""
        numbers = panel.standing(thing)
        return {
            "numbers": numbers,
            "plan": getattr(thing, "plan", None),
            "applications": [
                (label, numbers["applications"].get(value, 0))
                for value, label in A.choices
                if value != A.DRAFT
            ],
            "kinds": [
                (label, numbers["kinds"].get(value, 0)) for value, label in MemberKind.choices
            ],
            "selections": list(thing.selections.order_by("-pk")[:20]),
            "runs": list(thing.runs.order_by("-pk")[:20]),
            "changes": list(thing.changes.select_related("by").order_by("-pk")[:20]),
        }

    @admin.display(description="모집")
    def window(self, thing: PanelRound) -> str:
        """Since when."""
        return calendar.stamp(thing.opens_at)

    @admin.display(description="마감")
    def closes(self, thing: PanelRound) -> str:
        """Until when."""
        return until(thing.closes_at)
