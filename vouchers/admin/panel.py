"""The operator's desk: a panel round, its applicants, the selection, the members."""

from collections import Counter
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.admin import Act, WorkflowAdmin, history
from portal.roles import AGENCY, PANEL_OPERATOR
from portal.templatetags.portal import badge, kst, until
from programs.rules import calendar
from vouchers.admin.catalogue import ReasonForm
from vouchers.models import (
    Monitor,
    PanelApplication,
    PanelMark,
    PanelRound,
    PanelSelection,
    Service,
)
from vouchers.queries import panel as queries
from vouchers.services import assignment, conflicts, recruitment, rounds, selection
from vouchers.states import (
    Category,
    MemberKind,
    MonitorState,
    PanelApplicationState,
    PanelOutcome,
    PanelSelectionState,
    RuleKind,
)
from vouchers.templatetags.panel import points
from vouchers.visibility import DESK, monitors_of, staff_panel_applications

READERS = sorted(DESK)
SHOWN = 500
A = PanelApplicationState
TONES = {
    A.SUBMITTED: "info",
    A.BARRED: "danger",
    A.SELECTED: "success",
    A.RESERVE: "warning",
    A.REJECTED: "neutral",
    A.DECLINED: "neutral",
}
OUTCOME_TONES = {
    PanelOutcome.SELECTED: "success",
    PanelOutcome.RESERVE: "info",
    PanelOutcome.REJECTED: "neutral",
}
MEMBER_TONES = {
    MonitorState.ACTIVE: "success",
    MonitorState.LEFT: "neutral",
    MonitorState.EXCLUDED: "danger",
}


# --- A round -------------------------------------------------------------------------------------


class CoverForm(forms.Form):
    """Which services the round has tried."""

    codes = forms.CharField(
        label="서비스 번호",
        widget=forms.Textarea({"rows": 8}),
        help_text="한 줄에 하나씩 적으세요. 판매 중인 서비스만 지정할 수 있습니다.",
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


@admin.register(PanelRound)
class PanelRoundAdmin(WorkflowAdmin):
    """Rounds; what they say comes from their data files."""

    read_roles = READERS
    page_template = "admin/vouchers/panelround/change_form.html"
    list_display = ["name", "window", "closes", "target_count", "announced"]
    ordering = ["-opens_at"]
    acts = [
        Act("cover", "체험 서비스 지정", cover, roles=[PANEL_OPERATOR, AGENCY], form=CoverForm),
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
        numbers = queries.standing(thing)
        return {
            "numbers": numbers,
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


# --- Applicants ----------------------------------------------------------------------------------


def mark_form(request: HttpRequest, thing: PanelApplication) -> type[forms.Form]:
    """Points for each criterion, and the opinion."""
    mine = PanelMark.objects.filter(application=thing, by=request.user).first()
    fields: dict[str, forms.Field] = {
        f"p_{row.code}": forms.IntegerField(
            label=f"{row.label} (0~{row.max_points}점, 비중 {row.weight}%)",
            min_value=0,
            max_value=row.max_points,
            initial=mine.points.get(row.code) if mine else None,
            help_text=row.guide,
        )
        for row in thing.round.criteria.all()
    }
    fields["reason"] = forms.CharField(
        label="평가 의견",
        max_length=1_000,
        widget=forms.Textarea({"rows": 4}),
        initial=mine.reason if mine else "",
    )
    return type("MarkForm", (forms.Form,), fields)


def mark(request: HttpRequest, thing: PanelApplication, data: dict[str, Any], at: datetime) -> str:
    """Mark an applicant."""
    given = {name[2:]: value for name, value in data.items() if name.startswith("p_")}
    selection.mark(thing, points=given, reason=data["reason"], by=request.user, now=at)
    return "평가를 저장했습니다."


def bar(request: HttpRequest, thing: PanelApplication, data: dict[str, Any], at: datetime) -> str:
    """Bar an applicant."""
    conflicts.bar(thing, by=request.user, now=at, **data)
    return "지원 자격에서 제외하고 본인에게 알렸습니다."


def unbar(request: HttpRequest, thing: PanelApplication, data: dict[str, Any], at: datetime) -> str:
    """Let an applicant back in."""
    recruitment.unbar(thing, by=request.user, now=at, **data)
    return "자격을 회복했습니다."


def decline(
    request: HttpRequest, thing: PanelApplication, data: dict[str, Any], at: datetime
) -> str:
    """Record that a place was given up."""
    risen = selection.decline(thing, by=request.user, now=at, owner=False)
    return f"사양을 기록했습니다. {risen}을(를) 선정했습니다." if risen else "사양을 기록했습니다."


@admin.register(PanelApplication)
class PanelApplicationAdmin(WorkflowAdmin):
    """Filed applications, with marks and the flags of bursts."""

    read_roles = READERS
    page_template = "admin/vouchers/panelapplication/change_form.html"
    list_display = ["id", "name", "kind", "badge", "flags", "filed"]
    list_filter = ["state", "kind", "round"]
    search_fields = ["name__startswith", "=user__email"]
    search_help_text = "이름의 앞부분 또는 계정 전자우편"
    ordering = ["-pk"]
    acts = [
        Act("mark", "평가하기", mark, move="mark", form=mark_form),
        Act("bar", "자격 제외", bar, move="bar", form=ReasonForm, danger=True),
        Act("unbar", "자격 회복", unbar, move="unbar", form=ReasonForm),
        Act("decline", "참여 사양 기록", decline, move="decline", danger=True),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PanelApplication]:
        """Never drafts."""
        return staff_panel_applications(request.user).select_related("round", "user")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Look for bursts once for each round of the list, whatever its length."""
        listed = super().get_changelist_instance(request)
        rows = list(listed.result_list)
        rounds_there = {row.round_id: row.round for row in rows}
        found = {pk: queries.burst_flags(round) for pk, round in rounds_there.items()}
        for row in rows:
            row.bursts = found[row.round_id].get(row.pk, [])
        listed.result_list = rows
        return listed

    def page(self, request: HttpRequest, thing: PanelApplication) -> dict[str, Any]:
        """Everything that was filed, the marks, ties and flags."""
        return {
            "state_badge": self.badge(thing),
            "flags": queries.burst_flags(thing.round).get(thing.pk, []),
            "evidence": list(thing.evidence.filter(removed_at=None)),
            "marks": list(thing.marks.select_related("by").order_by("pk")),
            "criteria": list(thing.round.criteria.all()),
            "ties": list(
                thing.user.supplier_ties.select_related("supplier").order_by("-ended_at", "-pk")[
                    :50
                ]
            ),
            "decision": queries.result_of(thing),
            "moves": history(thing),
        }

    @admin.display(description="상태")
    def badge(self, thing: PanelApplication) -> str:
        """As a badge."""
        return badge(thing.get_state_display(), tone=TONES.get(A(thing.state), "neutral"))

    @admin.display(description="몰린 지원")
    def flags(self, thing: PanelApplication) -> str:
        """Bursts that it belongs to."""
        return ", ".join(flag.words for flag in thing.bursts)

    @admin.display(description="접수 시각")
    def filed(self, thing: PanelApplication) -> str:
        """When."""
        return kst(thing.submitted_at)


# --- Selections ----------------------------------------------------------------------------------


def release(request: HttpRequest, thing: PanelSelection, data: dict[str, Any], at: datetime) -> str:
    """Tell everybody at once."""
    counts = selection.release(thing, by=request.user, now=at)
    return (
        f"선정 {counts['selected']}명, 예비 {counts['reserve']}명, "
        f"미선정 {counts['rejected']}명을 발표하고 알렸습니다."
    )


def discard_selection(
    request: HttpRequest, thing: PanelSelection, data: dict[str, Any], at: datetime
) -> str:
    """Throw a list away."""
    selection.discard(thing, by=request.user, now=at, **data)
    return "선정안을 폐기했습니다."


@admin.register(PanelSelection)
class PanelSelectionAdmin(WorkflowAdmin):
    """Ranked lists of applicants."""

    read_roles = READERS
    page_template = "admin/vouchers/panelselection/change_form.html"
    list_display = ["__str__", "state", "made", "requested_by"]
    list_filter = ["state", "round"]
    list_select_related = ["round", "requested_by"]
    ordering = ["-pk"]
    acts = [
        Act(
            "release",
            "결과 발표",
            release,
            move="release",
            intro="모든 지원자에게 결과를 함께 알리고 선정된 사람을 단원으로 위촉합니다. 되돌릴 수 없습니다.",
        ),
        Act(
            "discard",
            "선정안 폐기",
            discard_selection,
            move="discard",
            form=ReasonForm,
            danger=True,
        ),
    ]

    def page(self, request: HttpRequest, thing: PanelSelection) -> dict[str, Any]:
        """The list with its lines."""
        rows = list(thing.decisions.select_related("application").order_by("rank")[:SHOWN])
        counts = Counter(thing.decisions.values_list("outcome", flat=True))
        labels = {row["code"]: row["label"] for row in thing.rules["criteria"]}
        return {
            "rows": [
                {
                    "decision": row,
                    "badge": badge(
                        row.get_outcome_display(), tone=OUTCOME_TONES[PanelOutcome(row.outcome)]
                    ),
                    "total": points(row.total),
                    "parts": ", ".join(
                        f"{labels.get(code, code)} {points(part)}"
                        for code, part in row.breakdown.items()
                    ),
                }
                for row in rows
            ],
            "counts": [(label, counts[value]) for value, label in PanelOutcome.choices],
            "proposed": thing.state == PanelSelectionState.PROPOSED,
            "moves": history(thing),
        }

    @admin.display(description="작성 시각")
    def made(self, thing: PanelSelection) -> str:
        """When."""
        return kst(thing.requested_at)


# --- Members -------------------------------------------------------------------------------------


def rule_form(request: HttpRequest, thing: Monitor) -> type[forms.Form]:
    """Which covered service, pinned or forbidden."""
    services = queries.covered_services(thing.round)
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
    conflicts.exclude(thing, by=request.user, now=at, **data)
    return "단원을 제외했습니다. 이미 공개된 보고서는 남고 평균에서 빠집니다."


def restore(request: HttpRequest, thing: Monitor, data: dict[str, Any], at: datetime) -> str:
    """Take an exclusion back."""
    conflicts.restore(thing, by=request.user, now=at, **data)
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
        Act("leave", "중도 사퇴 기록", leave, move="leave", form=ReasonForm, danger=True),
        Act("exclude", "제외", exclude, move="exclude", form=ReasonForm, danger=True),
        Act("restore", "제외 취소", restore, move="restore", form=ReasonForm),
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
        return badge(thing.get_state_display(), tone=MEMBER_TONES[MonitorState(thing.state)])

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
