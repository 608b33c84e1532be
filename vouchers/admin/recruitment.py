"""Staff screen of applications to a panel, with marks and burst flags."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.access.requests import person
from portal.core.particles import with_particle
from portal.forms.ranges import within
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from vouchers.models import Monitor, PanelApplication, PanelMark
from vouchers.queries import recruitment as recruitment_queries
from vouchers.queries import selection as selection_queries
from vouchers.roles import EDITORS, PANEL_OPERATOR
from vouchers.services import members, recruitment, selection
from vouchers.states import PanelApplicationMoves, PanelApplicationState
from vouchers.visibility import DESK, staff_panel_applications

REASON = note_form("reason", max_length=300)
TONES = {
    PanelApplicationState.SUBMITTED: "info",
    PanelApplicationState.BARRED: "danger",
    PanelApplicationState.SELECTED: "success",
    PanelApplicationState.RESERVE: "warning",
    PanelApplicationState.REJECTED: "neutral",
    PanelApplicationState.DECLINED: "neutral",
}


def mark_form(request: HttpRequest, application: PanelApplication) -> type[forms.Form]:
    mine = PanelMark.objects.filter(application=application, by=person(request)).first()
    fields: dict[str, forms.Field] = {
        f"p_{row.code}": forms.IntegerField(
            label=f"{row.label} (0~{row.max_points}점, 비중 {row.weight}%)",
            min_value=0,
            max_value=row.max_points,
            initial=mine.points.get(row.code) if mine else None,
            help_text=row.guide,
            validators=[within("points")],
        )
        for row in application.round.criteria.all()
    }
    fields["reason"] = forms.CharField(
        label="평가 의견",
        max_length=1_000,
        widget=forms.Textarea({"rows": 4}),
        initial=mine.reason if mine else "",
    )
    return type("MarkForm", (forms.Form,), fields)


def mark(
    request: HttpRequest, application: PanelApplication, data: dict[str, Any], at: datetime
) -> None:
    given = {name[2:]: value for name, value in data.items() if name.startswith("p_")}
    selection.mark(application, points=given, reason=data["reason"], by=person(request), now=at)


def bar(
    request: HttpRequest, application: PanelApplication, data: dict[str, Any], at: datetime
) -> None:
    members.bar(application, by=person(request), now=at, **data)


def propose_exclusion(
    request: HttpRequest, application: PanelApplication, data: dict[str, Any], at: datetime
) -> None:
    members.propose_exclusion(application, by=person(request), now=at, **data)


def fill(
    request: HttpRequest, application: PanelApplication, data: dict[str, Any], at: datetime
) -> Monitor:
    return selection.fill(application.round, by=person(request), now=at)


def unbar(
    request: HttpRequest, application: PanelApplication, data: dict[str, Any], at: datetime
) -> None:
    recruitment.unbar(application, by=person(request), now=at, **data)


def decline(
    request: HttpRequest, application: PanelApplication, data: dict[str, Any], at: datetime
) -> Monitor | None:
    return selection.decline(application, by=person(request), now=at, owner=False)


def declined(successor: Monitor | None) -> str:
    if successor is None:
        return "사양을 기록했습니다."
    return f"사양을 기록했습니다. {with_particle(successor, '을/를')} 선정했습니다."


@admin.register(PanelApplication)
class PanelApplicationAdmin(WorkflowAdmin):
    read_roles = sorted(DESK)
    page_template = "admin/vouchers/recruitment/application.html"
    list_display = ["id", "name", "kind", "badge", "flags", "filed"]
    list_filter = ["state", "kind", "round"]
    search_fields = ["name__startswith", "=user__email"]
    search_help_text = "이름의 앞부분 또는 계정 전자우편"
    ordering = ["-pk"]
    sorts = [Sort("id")]
    acts = [
        Act(
            "mark",
            "평가하기",
            mark,
            done="평가를 저장했습니다.",
            move=PanelApplicationMoves.MARK,
            form=mark_form,
        ),
        Act(
            "bar",
            "자격 제외",
            bar,
            done="지원 자격에서 제외하고 본인에게 알렸습니다.",
            move=PanelApplicationMoves.BAR,
            form=REASON,
            danger=True,
            show=lambda request, application: application.state == PanelApplicationState.SUBMITTED,
        ),
        Act(
            "propose-exclusion",
            "제외 제안",
            propose_exclusion,
            done="제외를 제안했습니다. 다른 사람이 확정하면 본인에게 알립니다.",
            roles=sorted(EDITORS),
            form=REASON,
            danger=True,
            show=lambda request, application: application.state == PanelApplicationState.RESERVE,
        ),
        Act(
            "fill",
            "다음 예비를 단원으로",
            fill,
            done=lambda monitor: f"{with_particle(monitor, '을/를')} 선정하고 본인에게 알렸습니다.",
            roles=[PANEL_OPERATOR],
            show=lambda request, application: application.state == PanelApplicationState.RESERVE,
            intro="빈자리가 있으면 예비 가운데 순위가 가장 높은 사람을 단원으로 합니다.",
            aside=True,
        ),
        Act(
            "unbar",
            "자격 회복",
            unbar,
            done="자격을 회복했습니다.",
            move=PanelApplicationMoves.UNBAR,
            form=REASON,
            aside=True,
        ),
        Act(
            "decline",
            "참여 사양 기록",
            decline,
            done=declined,
            move=PanelApplicationMoves.DECLINE,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PanelApplication]:
        return staff_panel_applications(person(request)).select_related("round", "user")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        # Burst flags are computed once per round on the page, not once per row.
        changelist = super().get_changelist_instance(request)
        rows = list(changelist.result_list)
        rounds = {row.round_id: row.round for row in rows}
        flags = {pk: recruitment_queries.burst_flags(round) for pk, round in rounds.items()}
        for row in rows:
            row.bursts = flags[row.round_id].get(row.pk, [])
        changelist.result_list = rows
        return changelist

    def page(self, request: HttpRequest, application: PanelApplication) -> dict[str, Any]:
        return {
            "state_badge": self.badge(application),
            "flags": recruitment_queries.burst_flags(application.round).get(application.pk, []),
            "evidence": list(application.evidence.filter(removed_at=None)),
            "marks": list(application.marks.select_related("by").order_by("pk")),
            "criteria": list(application.round.criteria.all()),
            "ties": list(
                application.user.supplier_ties.select_related("supplier").order_by(
                    "-ended_at", "-pk"
                )[:50]
            ),
            "decision": selection_queries.result_of(application),
            "moves": history(application),
        }

    @admin.display(description="상태")
    def badge(self, application: PanelApplication) -> str:
        return badge(
            application.get_state_display(),
            tone=TONES.get(PanelApplicationState(application.state), "neutral"),
        )

    @admin.display(description="몰린 지원")
    def flags(self, application: PanelApplication) -> str:
        return ", ".join(flag.label for flag in getattr(application, "bursts", ()))

    @admin.display(description="접수 시각")
    def filed(self, application: PanelApplication) -> str:
        return kst(application.submitted_at)
