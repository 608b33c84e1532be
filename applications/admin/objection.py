"""Changes of decisions and objections on the staff's desk, each signed by its own people."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from applications.admin.application import NoteForm
from applications.models import Application, BonusClaim, DecisionChange, Objection
from applications.queries.objection import barred
from applications.services import changes, objections
from applications.states import ChangeKind, ObjectionState, Outcome, Remedy
from applications.visibility import changes_of, objections_of
from portal.access.roles import AUDITOR, MANAGER, OFFICER
from portal.core.clock import now
from portal.core.money import won
from portal.staff.acts import Act, WorkflowAdmin
from portal.templatetags.portal import badge, kst, until

READERS = [OFFICER, MANAGER, AUDITOR]
SOON = timedelta(days=7)
URGENCY = Case(
    When(state=ObjectionState.FILED, then=Value(0)),
    When(state=ObjectionState.UPHELD, then=Value(1)),
    default=Value(2),
)


class ChangeForm(forms.Form):
    """What to propose of a released decision, and why."""

    kind = forms.ChoiceField(
        label="종류",
        choices=[
            (ChangeKind.CANCEL, "선정 취소(승인 1명)"),
            (ChangeKind.REVERSAL, "결정 번복(승인 2명)"),
        ],
    )
    outcome = forms.ChoiceField(
        label="새 결과(번복할 때)",
        required=False,
        choices=[
            ("", "고르지 않음"),
            *((row, Outcome(row).label) for row in ("selected", "reserve", "rejected")),
        ],
    )
    reason = forms.CharField(
        label="사유",
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text="신청기업과 결정 이력에 그대로 보입니다.",
    )


def propose(request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime) -> str:
    """Propose to change a released decision."""
    changes.propose(
        thing,
        kind=ChangeKind(data["kind"]),
        outcome=data["outcome"],
        reason=data["reason"],
        by=request.user,
        now=at,
    )
    return "결정 변경을 제안했습니다. ‘결정 변경’ 목록에서 다른 결정권자가 승인합니다."


def take_up(request: HttpRequest, thing: DecisionChange, data: dict[str, Any], at: datetime) -> str:
    """Take up what the portal has drafted."""
    changes.take_up(thing, by=request.user, now=at)
    return "변경안을 확인했습니다. 이제 결정권자가 승인할 수 있습니다."


def second(request: HttpRequest, thing: DecisionChange, data: dict[str, Any], at: datetime) -> str:
    """Give the first of two approvals."""
    changes.second(thing, by=request.user, now=at)
    return "1차 승인했습니다. 다른 결정권자가 한 번 더 승인하면 바뀝니다."


def approve(request: HttpRequest, thing: DecisionChange, data: dict[str, Any], at: datetime) -> str:
    """Put the new decision in force."""
    changes.approve(thing, by=request.user, now=at)
    return "새 결정을 확정하고 신청기업에 알렸습니다."


def discard(request: HttpRequest, thing: DecisionChange, data: dict[str, Any], at: datetime) -> str:
    """Drop it."""
    changes.discard(thing, by=request.user, now=at, **data)
    return "변경안을 폐기했습니다."


def unsigned(request: HttpRequest, thing: DecisionChange) -> bool:
    """Whether this person has not signed it yet."""
    return request.user.pk not in {thing.proposed_by_id, thing.seconded_by_id}


def approvable(request: HttpRequest, thing: DecisionChange) -> bool:
    """A reversal is approved after its first approval only."""
    waits = thing.kind == ChangeKind.REVERSAL and thing.seconded_by_id is None
    return unsigned(request, thing) and not waits


@admin.register(DecisionChange)
class DecisionChangeAdmin(WorkflowAdmin):
    """New decisions on their way, and those in force."""

    read_roles = READERS
    list_display = ["application", "kind", "state", "outcome", "grant", "drafted"]
    list_filter = ["state", "kind"]
    list_select_related = ["application"]
    search_fields = ["=application__number"]
    ordering = ["-pk"]
    fields = [
        "application", "kind", "state", "before", "outcome", "grant", "rank", "reason",
        "fills", "drafted", "proposed_by", "seconded_by", "approved_by",
    ]  # fmt: skip
    readonly_fields = ["before", "grant", "drafted"]
    acts = [
        Act("take-up", "변경안 확인", take_up, move="take_up"),
        Act(
            "second",
            "1차 승인",
            second,
            move="second",
            show=lambda request, thing: (
                thing.kind == ChangeKind.REVERSAL and unsigned(request, thing)
            ),
        ),
        Act(
            "approve",
            "승인",
            approve,
            move="approve",
            show=approvable,
            intro="승인하면 새 결정이 바로 효력을 갖고 지원금이 예산에서 옮겨지며 신청기업에 알립니다.",
        ),
        Act("discard", "변경안 폐기", discard, move="discard", form=NoteForm, danger=True),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DecisionChange]:
        """Of the own sub-programmes."""
        return changes_of(request.user).select_related("application", "replaces")

    @admin.display(description="이전 결과")
    def before(self, thing: DecisionChange) -> str:
        """What it replaces."""
        return f"{thing.replaces.get_outcome_display()} · {thing.replaces.reason}"

    @admin.display(description="지원금")
    def grant(self, thing: DecisionChange) -> str:
        """Won."""
        return won(thing.grant_won)

    @admin.display(description="작성 시각")
    def drafted(self, thing: DecisionChange) -> str:
        """When."""
        return kst(thing.drafted_at)


class UpholdForm(forms.Form):
    """How an objection is met, and why."""

    remedy = forms.ChoiceField(label="조치", choices=Remedy.choices)
    note = forms.CharField(
        label="심의 결과와 이유", max_length=1_000, widget=forms.Textarea({"rows": 5})
    )


def uphold_form(request: HttpRequest, thing: Objection) -> type[forms.Form]:
    """Offer the refused bonuses of the case; where there is none, other assessors judge again."""
    refused = BonusClaim.objects.filter(application=thing.application_id, state="refused")
    if not refused.exists():
        again = forms.ChoiceField(label="조치", choices=[(Remedy.SHEETS, Remedy.SHEETS.label)])
        return type("CaseForm", (UpholdForm,), {"remedy": again})
    field = forms.ModelMultipleChoiceField(
        label="다시 인정할 가점",
        queryset=refused,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    return type("CaseForm", (UpholdForm,), {"bonuses": field})


def uphold(request: HttpRequest, thing: Objection, data: dict[str, Any], at: datetime) -> str:
    """Accept the objection."""
    objections.uphold(
        thing,
        remedy=Remedy(data["remedy"]),
        note=data["note"],
        bonuses=list(data.get("bonuses", ())),
        by=request.user,
        now=at,
    )
    return "이의신청을 인용했습니다. 이제 점수를 다시 산정하세요."


def dismiss(request: HttpRequest, thing: Objection, data: dict[str, Any], at: datetime) -> str:
    """Confirm the decision."""
    objections.dismiss(thing, by=request.user, now=at, **data)
    return "이의신청을 기각하고 이유를 알렸습니다."


def rescore(request: HttpRequest, thing: Objection, data: dict[str, Any], at: datetime) -> str:
    """Ask for the new run."""
    objections.rescore(thing, by=request.user, now=at)
    return "다시 산정하고 있습니다. 끝나면 ‘결정 변경’ 목록에 변경안이 생깁니다."


def case(thing: Objection) -> str:
    """What is contested and why, and who reads the answer."""
    return (
        f"다투는 결정: {thing.decision.get_outcome_display()} · {thing.decision.reason}\n\n"
        f"이의 내용: {thing.text}\n\n적은 이유는 신청기업에 그대로 알립니다."
    )


def may_judge(request: HttpRequest, thing: Objection) -> bool:
    """Whether this person had no part in the case."""
    return request.user.pk not in barred(thing)


@admin.register(Objection)
class ObjectionAdmin(WorkflowAdmin):
    """Objections, those that wait first and by their due date, with the days left."""

    read_roles = READERS
    list_display = ["application", "state", "left", "answer_due", "filed", "decided_by"]
    list_filter = ["state"]
    list_select_related = ["application", "decided_by"]
    search_fields = ["=application__number"]
    ordering = [URGENCY.asc(), "answer_due_at", "pk"]
    fields = [
        "application", "state", "contested", "text", "evidence", "filed", "due", "answer_due",
        "decided_by", "answer", "remedy", "run",
    ]  # fmt: skip
    readonly_fields = ["contested", "evidence", "filed", "due", "answer_due"]
    acts = [
        Act("uphold", "인용", uphold, move="uphold", form=uphold_form, show=may_judge, intro=case),
        Act(
            "dismiss",
            "기각(결정 유지)",
            dismiss,
            move="dismiss",
            form=NoteForm,
            show=may_judge,
            intro=case,
        ),
        Act(
            "rescore",
            "점수 다시 산정",
            rescore,
            move="rescore",
            show=lambda request, thing: thing.run_id is None,
            intro="재평가로 인용했으면 새로 배정한 평가위원의 평가표가 모두 제출된 뒤에 하세요.",
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Objection]:
        """Of the own sub-programmes."""
        return objections_of(request.user).select_related("application", "decision")

    @admin.display(description="다투는 결정")
    def contested(self, thing: Objection) -> str:
        """Which decision."""
        return f"{thing.decision.get_outcome_display()} · {thing.decision.reason}"

    @admin.display(description="증빙")
    def evidence(self, thing: Objection) -> SafeString | str:
        """The files."""
        rows = [(reverse("objection_paper", args=[row.pk]), row.name) for row in thing.papers.all()]
        return format_html_join(SafeString("<br>"), '<a href="{}">{}</a>', rows) or "없음"

    @admin.display(description="접수")
    def filed(self, thing: Objection) -> str:
        """When."""
        return kst(thing.filed_at)

    @admin.display(description="신청 기한")
    def due(self, thing: Objection) -> str:
        """Until when it could be filed."""
        return until(thing.due_at)

    @admin.display(description="남은 날")
    def left(self, thing: Objection) -> SafeString | str:
        """How long the decision may still take; a day that has begun counts as one."""
        if thing.state != ObjectionState.FILED:
            return "—"
        remaining = thing.answer_due_at - now()
        days = -(-remaining // timedelta(days=1))
        if remaining <= timedelta(0):
            return badge(f"{1 - days:,}일 지남", tone="danger")
        return badge(f"{days:,}일 남음", tone="warning" if remaining <= SOON else "info")

    @admin.display(description="처리 기한")
    def answer_due(self, thing: Objection) -> str:
        """By when it is answered."""
        return "" if thing.state == ObjectionState.DISMISSED else until(thing.answer_due_at)
