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

from applications.admin.application.status import NoteForm
from applications.models import BonusClaim, Objection
from applications.queries.objection import barred
from applications.services import objection
from applications.states import ObjectionMoves, ObjectionState, Remedy
from applications.visibility import objections_of
from portal.core.clock import now
from portal.staff.acts import Act, WorkflowAdmin
from portal.templatetags.components import badge
from portal.templatetags.dates import kst, until
from programs.roles import STAFF_READERS

SOON = timedelta(days=7)


URGENCY = Case(
    When(state=ObjectionState.FILED, then=Value(0)),
    When(state=ObjectionState.UPHELD, then=Value(1)),
    default=Value(2),
)


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
    objection.uphold(
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
    objection.dismiss(thing, by=request.user, now=at, **data)
    return "이의신청을 기각하고 이유를 알렸습니다."


def rescore(request: HttpRequest, thing: Objection, data: dict[str, Any], at: datetime) -> str:
    """Ask for the new run."""
    objection.rescore(thing, by=request.user, now=at)
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

    read_roles = STAFF_READERS
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
        Act(
            "uphold",
            "인용",
            uphold,
            move=ObjectionMoves.UPHOLD,
            form=uphold_form,
            show=may_judge,
            intro=case,
        ),
        Act(
            "dismiss",
            "기각(결정 유지)",
            dismiss,
            move=ObjectionMoves.DISMISS,
            form=NoteForm,
            show=may_judge,
            intro=case,
        ),
        Act(
            "rescore",
            "점수 다시 산정",
            rescore,
            move=ObjectionMoves.RESCORE,
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
