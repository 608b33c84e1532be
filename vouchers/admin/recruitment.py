"""The operator's desk: applicants with their marks, and the selection."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.staff.acts import Act, WorkflowAdmin, history
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from vouchers.admin.catalogue import ReasonForm
from vouchers.models import PanelApplication, PanelMark
from vouchers.queries import recruitment as recruitment_queries
from vouchers.queries import selection as selection_queries
from vouchers.services import conflicts, recruitment, selection
from vouchers.states import PanelApplicationMoves, PanelApplicationState
from vouchers.visibility import DESK, staff_panel_applications

READERS = sorted(DESK)


A = PanelApplicationState


TONES = {
    A.SUBMITTED: "info",
    A.BARRED: "danger",
    A.SELECTED: "success",
    A.RESERVE: "warning",
    A.REJECTED: "neutral",
    A.DECLINED: "neutral",
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
    page_template = "admin/vouchers/recruitment/application.html"
    list_display = ["id", "name", "kind", "badge", "flags", "filed"]
    list_filter = ["state", "kind", "round"]
    search_fields = ["name__startswith", "=user__email"]
    search_help_text = "이름의 앞부분 또는 계정 전자우편"
    ordering = ["-pk"]
    acts = [
        Act("mark", "평가하기", mark, move=PanelApplicationMoves.MARK, form=mark_form),
        Act("bar", "자격 제외", bar, move=PanelApplicationMoves.BAR, form=ReasonForm, danger=True),
        Act("unbar", "자격 회복", unbar, move=PanelApplicationMoves.UNBAR, form=ReasonForm),
        Act("decline", "참여 사양 기록", decline, move=PanelApplicationMoves.DECLINE, danger=True),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PanelApplication]:
        """Never drafts."""
        return staff_panel_applications(request.user).select_related("round", "user")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Look for bursts once for each round of the list, whatever its length."""
        listed = super().get_changelist_instance(request)
        rows = list(listed.result_list)
        rounds_there = {row.round_id: row.round for row in rows}
        found = {pk: recruitment_queries.burst_flags(round) for pk, round in rounds_there.items()}
        for row in rows:
            row.bursts = found[row.round_id].get(row.pk, [])
        listed.result_list = rows
        return listed

    def page(self, request: HttpRequest, thing: PanelApplication) -> dict[str, Any]:
        """Everything that was filed, the marks, ties and flags."""
        return {
            "state_badge": self.badge(thing),
            "flags": recruitment_queries.burst_flags(thing.round).get(thing.pk, []),
            "evidence": list(thing.evidence.filter(removed_at=None)),
            "marks": list(thing.marks.select_related("by").order_by("pk")),
            "criteria": list(thing.round.criteria.all()),
            "ties": list(
                thing.user.supplier_ties.select_related("supplier").order_by("-ended_at", "-pk")[
                    :50
                ]
            ),
            "decision": selection_queries.result_of(thing),
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
