"""The operator's desk: applicants with their marks, and the selection."""

from collections import Counter
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.staff.acts import Act, WorkflowAdmin, history
from portal.templatetags.portal import badge, kst
from vouchers.admin.catalogue import ReasonForm
from vouchers.models import PanelApplication, PanelMark, PanelSelection
from vouchers.queries import panel as queries
from vouchers.services import conflicts, recruitment, selection
from vouchers.states import PanelApplicationState, PanelOutcome, PanelSelectionState
from vouchers.templatetags.panel import points
from vouchers.visibility import DESK, staff_panel_applications

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
