"""Objections, decided by staff without part in the case."""

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
from applications.admin.search import FoundByApplication
from applications.models import BonusClaim, Objection
from applications.queries.objection import barred
from applications.services import objection as objection_services
from applications.services.assessment import committee
from applications.states import ObjectionMoves, ObjectionState, Remedy
from applications.visibility import objections_of
from portal.access.requests import person
from portal.core.clock import now
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import due, kst
from programs.roles import STAFF_READERS

SOON = timedelta(days=7)
URGENCY = Case(
    When(state=ObjectionState.FILED, then=Value(0)),
    When(state=ObjectionState.UPHELD, then=Value(1)),
    default=Value(2),
)


class UpholdForm(forms.Form):
    remedy = forms.ChoiceField(
        label="조치",
        choices=[(row, row.label) for row in (Remedy.BONUS, Remedy.SHEETS)],
    )
    note = forms.CharField(
        label="심의 결과와 이유", max_length=1_000, widget=forms.Textarea({"rows": 5})
    )


def uphold_form(request: HttpRequest, objection: Objection) -> type[forms.Form]:
    """Offer the refused bonuses of the case; without any, only a new assessment."""
    if objection.exclusion_id is not None:
        only = forms.ChoiceField(label="조치", choices=[(Remedy.SCREENING, Remedy.SCREENING.label)])
        return type("CaseForm", (UpholdForm,), {"remedy": only})
    refused = BonusClaim.objects.filter(application=objection.application_id, state="refused")
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


def uphold(request: HttpRequest, objection: Objection, data: dict[str, Any], at: datetime) -> None:
    objection_services.uphold(
        objection,
        remedy=Remedy(data["remedy"]),
        note=data["note"],
        bonuses=list(data.get("bonuses", ())),
        by=person(request),
        now=at,
    )


def dismiss(request: HttpRequest, objection: Objection, data: dict[str, Any], at: datetime) -> None:
    objection_services.dismiss(objection, by=person(request), now=at, **data)


def rescore(request: HttpRequest, objection: Objection, data: dict[str, Any], at: datetime) -> None:
    objection_services.rescore(objection, by=person(request), now=at)


def take_back(
    request: HttpRequest, objection: Objection, data: dict[str, Any], at: datetime
) -> None:
    objection_services.take_back(objection, by=person(request), now=at, **data)


def case(objection: Objection) -> str:
    return (
        f"이의신청 대상 결정: {objection.contested}\n\n"
        f"이의 내용: {objection.text}\n\n적은 이유는 신청기업에 그대로 알립니다."
    )


def before_upholding(objection: Objection) -> str:
    """Return the case, and whether enough people could assess it anew."""
    if objection.exclusion_id is not None:
        return case(objection)
    return f"{free_assessors(objection)}\n\n{case(objection)}"


def free_assessors(objection: Objection) -> str:
    number = committee.fresh(objection.application)
    least = objection.application.sub_program.minimum_sheets
    text = f"재평가를 새로 맡을 수 있는 평가위원: {number}명 (최소 {least}명)"
    if number >= least:
        return text
    return (
        f"{text}. 이대로 재평가를 인용하면 점수를 낼 수 없으니 먼저 평가위원이나 배정 건수를 늘려"
        " 주세요."
    )


def may_take_back(request: HttpRequest, objection: Objection) -> bool:
    return (
        objection.remedy == Remedy.SHEETS
        and objection.run_id is None
        and objection.decided_by_id != person(request).pk
        and may_judge(request, objection)
    )


def may_judge(request: HttpRequest, objection: Objection) -> bool:
    return person(request).pk not in barred(objection)


@admin.register(Objection)
class ObjectionAdmin(FoundByApplication, WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["application", "state", "left", "answer_due", "filed", "decided_by"]
    list_filter = ["state"]
    list_select_related = ["application", "decided_by"]
    ordering = [URGENCY.asc(), "answer_due_at", "pk"]
    sorts = [Sort("answer_due", ["answer_due_at", "pk"]), Sort("filed")]
    fields = [
        "application", "state", "contested", "text", "evidence", "filed", "due", "answer_due",
        "fresh", "decided_by", "answer", "remedy", "run",
    ]  # fmt: skip
    readonly_fields = ["contested", "evidence", "filed", "due", "answer_due", "fresh"]
    acts = [
        Act(
            "uphold",
            "인용",
            uphold,
            done="이의신청을 인용했습니다. 결과에 대한 이의신청이면 이제 점수를 다시 산정하세요.",
            move=ObjectionMoves.UPHOLD,
            form=uphold_form,
            show=may_judge,
            intro=before_upholding,
        ),
        Act(
            "dismiss",
            "기각(결정 유지)",
            dismiss,
            done="이의신청을 기각하고 이유를 알렸습니다.",
            move=ObjectionMoves.DISMISS,
            form=NoteForm,
            danger=True,
            show=may_judge,
            intro=case,
        ),
        Act(
            "rescore",
            "점수 다시 산정",
            rescore,
            done="다시 산정하고 있습니다. 끝나면 ‘결정 변경’ 목록에 변경안이 생깁니다.",
            move=ObjectionMoves.RESCORE,
            show=lambda request, objection: objection.run_id is None,
            intro="재평가로 인용했으면 새로 배정한 평가위원의 평가표가 모두 제출된 뒤에 하세요.",
        ),
        Act(
            "take-back",
            "재평가 거두기",
            take_back,
            done="재평가를 거두고 신청기업에 알렸습니다. 이의신청을 다시 심의하세요.",
            move=ObjectionMoves.TAKE_BACK,
            form=NoteForm,
            danger=True,
            show=may_take_back,
            intro="평가위원을 더 구할 수 없는 등 재평가를 마칠 수 없을 때 거둡니다. 신청은 원래 결정으로 "
            "돌아가고, 새로 배정한 평가표는 점수와 의견을 남긴 채 세지 않으며, 이의신청은 다시 심의합니다. "
            "인용한 사람이 아닌 결정권자만 할 수 있고, 적은 사유는 신청기업에 그대로 알립니다.",
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Objection]:
        return objections_of(person(request)).select_related("application", "decision", "exclusion")

    @admin.display(description="이의신청 대상 결정")
    def contested(self, objection: Objection) -> str:
        return objection.contested

    @admin.display(description="재평가할 사람")
    def fresh(self, objection: Objection) -> str:
        waits = objection.state == ObjectionState.FILED and objection.exclusion_id is None
        return free_assessors(objection) if waits else ""

    @admin.display(description="증빙")
    def evidence(self, objection: Objection) -> SafeString | str:
        rows = [
            (reverse("objection_paper", args=[row.pk]), row.name) for row in objection.papers.all()
        ]
        return format_html_join(SafeString("<br>"), '<a href="{}">{}</a>', rows) or "없음"

    @admin.display(description="접수")
    def filed(self, objection: Objection) -> str:
        return kst(objection.filed_at)

    @admin.display(description="신청 기한")
    def due(self, objection: Objection) -> str:
        return due(objection.due_at)

    @admin.display(description="남은 날")
    def left(self, objection: Objection) -> SafeString | str:
        if objection.state != ObjectionState.FILED:
            return "—"
        remaining = objection.answer_due_at - now()
        days = -(-remaining // timedelta(days=1))  # a day that has begun counts as one
        if remaining <= timedelta(0):
            return badge(f"{1 - days:,}일 지남", tone="danger")
        return badge(f"{days:,}일 남음", tone="warning" if remaining <= SOON else "info")

    @admin.display(description="처리 기한")
    def answer_due(self, objection: Objection) -> str:
        over = {ObjectionState.DISMISSED, ObjectionState.LAPSED}
        return "" if objection.state in over else due(objection.answer_due_at)
