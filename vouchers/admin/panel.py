"""Staff screen of panel rounds: counts, dates, covered services, selection and assignment."""

from datetime import datetime
from typing import Any

from auditlog.registry import auditlog
from django import forms
from django.contrib import admin
from django.http import HttpRequest

from portal.access.requests import person
from portal.core.errors import MoveNotAllowed
from portal.forms.ranges import within
from portal.staff.acts import Act, WorkflowAdmin
from portal.templatetags.dates import until
from programs.rules import calendar
from vouchers.models import AssignmentRun, CoveredService, PanelRound, PanelSelection, Service
from vouchers.queries import panel
from vouchers.roles import EDITORS, PANEL_OPERATOR
from vouchers.services import assignment, conflicts, selection
from vouchers.services.panel import rounds
from vouchers.states import MemberKind, PanelApplicationState
from vouchers.visibility import DESK


class CodesForm(forms.Form):
    codes = forms.CharField(
        label="서비스 번호",
        widget=forms.Textarea({"rows": 8}),
        help_text="한 줄에 하나씩 적으세요.",
    )

    def clean_codes(self) -> list[Service]:
        codes = list(dict.fromkeys(self.cleaned_data["codes"].split()))
        known = {row.code: row for row in Service.objects.filter(code__in=codes)}
        if lacking := [code for code in codes if code not in known]:
            raise forms.ValidationError(
                f"없는 번호입니다: {', '.join(lacking[:10])}", code="unknown"
            )
        return [known[code] for code in codes]


class SeedForm(forms.Form):
    seed = forms.IntegerField(
        label="시드",
        initial=1,
        help_text="같은 자료와 같은 시드는 언제나 같은 배정안을 냅니다.",
        validators=[within("seed")],
    )


class RescheduleForm(forms.Form):
    opens_at = forms.DateTimeField(label="모집 시작", validators=[within("panel_day")])
    closes_at = forms.DateTimeField(label="모집 마감", validators=[within("panel_day")])
    wishes_until = forms.DateTimeField(label="희망 서비스 마감", validators=[within("panel_day")])
    active_until = forms.DateTimeField(label="활동 마감", validators=[within("panel_day")])
    reason = forms.CharField(label="사유", max_length=300)


def dates_form(request: HttpRequest, round: PanelRound) -> type[forms.Form]:
    fields = {
        name: forms.DateTimeField(
            label=RescheduleForm.base_fields[name].label,
            initial=getattr(round, name),
            validators=[within("panel_day")],
        )
        for name in rounds.DATES
    }
    return type("DatesForm", (RescheduleForm,), fields)


def cover(request: HttpRequest, round: PanelRound, data: dict[str, Any], at: datetime) -> int:
    count = rounds.cover(round, data["codes"], by=person(request), now=at)
    if not count:
        raise MoveNotAllowed("이미 모두 체험 서비스로 지정했습니다.", code="already_covered")
    return count


def uncover(request: HttpRequest, round: PanelRound, data: dict[str, Any], at: datetime) -> int:
    count = rounds.uncover(round, data["codes"], by=person(request))
    if not count:
        raise MoveNotAllowed("체험 서비스로 지정하지 않은 서비스입니다.", code="not_covered")
    return count


def reschedule(request: HttpRequest, round: PanelRound, data: dict[str, Any], at: datetime) -> None:
    rounds.reschedule(round, by=person(request), now=at, **data)


def propose(
    request: HttpRequest, round: PanelRound, data: dict[str, Any], at: datetime
) -> PanelSelection:
    return selection.propose(round, by=person(request), now=at)


def assign(
    request: HttpRequest, round: PanelRound, data: dict[str, Any], at: datetime
) -> AssignmentRun:
    return assignment.start(round, by=person(request), now=at, **data)


def recheck(
    request: HttpRequest, round: PanelRound, data: dict[str, Any], at: datetime
) -> dict[str, int]:
    return conflicts.recheck(now=at)


def rechecked(counts: dict[str, int]) -> str:
    return (
        f"{counts['checked']:,}명을 다시 확인했습니다. 판단을 기다리는 관계가 있는 사람은 "
        f"{counts['flagged']:,}명입니다."
    )


auditlog.register(CoveredService)


@admin.register(PanelRound)
class PanelRoundAdmin(WorkflowAdmin):
    read_roles = sorted(DESK)
    page_template = "admin/vouchers/panel/round.html"
    list_display = ["name", "window", "closes", "target_count", "announced"]
    ordering = ["-opens_at"]
    acts = [
        Act(
            "cover",
            "체험 서비스 지정",
            cover,
            done=lambda count: f"서비스 {count}개를 체험 서비스로 지정했습니다.",
            roles=sorted(EDITORS),
            form=CodesForm,
            intro="판매 중인 서비스만 지정할 수 있습니다.",
        ),
        Act(
            "uncover",
            "체험 서비스 빼기",
            uncover,
            done=lambda count: f"서비스 {count}개를 체험 서비스에서 뺐습니다.",
            roles=sorted(EDITORS),
            form=CodesForm,
            intro="단원에게 배정한 서비스는 뺄 수 없습니다.",
            aside=True,
        ),
        Act(
            "select",
            "선정안 만들기",
            propose,
            done=lambda made: (
                f"{made.number}차 선정안을 만들었습니다. ‘단원 선정’에서 확인하고 발표하세요."
            ),
            roles=[PANEL_OPERATOR],
            intro="지금의 평가와 기준을 고정해 순위를 매깁니다. 먼저 모두의 이해관계를 다시 확인합니다.",
        ),
        Act(
            "assign",
            "배정 계산",
            assign,
            done=lambda run: (
                f"{run.number}차 배정을 계산하고 있습니다. ‘배정 계산’에서 볼 수 있습니다."
            ),
            roles=[PANEL_OPERATOR],
            form=SeedForm,
        ),
        Act(
            "recheck",
            "이해관계 다시 확인",
            recheck,
            done=rechecked,
            roles=sorted(EDITORS),
            aside=True,
        ),
        Act(
            "reschedule",
            "날짜 바꾸기",
            reschedule,
            done="날짜를 바꾸었습니다.",
            roles=sorted(EDITORS),
            form=dates_form,
            danger=True,
        ),
    ]

    def page(self, request: HttpRequest, round: PanelRound) -> dict[str, Any]:
        numbers = panel.round_counts(round)
        return {
            "numbers": numbers,
            "plan": getattr(round, "plan", None),
            "applications": [
                (label, numbers["applications"].get(value, 0))
                for value, label in PanelApplicationState.choices
                if value != PanelApplicationState.DRAFT
            ],
            "kinds": [
                (label, numbers["kinds"].get(value, 0)) for value, label in MemberKind.choices
            ],
            "selections": list(round.selections.order_by("-pk")[:20]),
            "runs": list(round.runs.order_by("-pk")[:20]),
            "changes": list(round.changes.select_related("by").order_by("-pk")[:20]),
        }

    @admin.display(description="모집")
    def window(self, round: PanelRound) -> str:
        return calendar.stamp(round.opens_at)

    @admin.display(description="마감")
    def closes(self, round: PanelRound) -> str:
        return until(round.closes_at)
