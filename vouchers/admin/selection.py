"""Selection."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from portal.staff.acts import Act, WorkflowAdmin, history
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from vouchers.admin.catalogue import ReasonForm
from vouchers.admin.recruitment import READERS
from vouchers.models import PanelSelection
from vouchers.services import selection
from vouchers.states import PanelOutcome, PanelSelectionMoves, PanelSelectionState
from vouchers.templatetags.vouchers import points

SHOWN = 500


OUTCOME_TONES = {
    PanelOutcome.SELECTED: "success",
    PanelOutcome.RESERVE: "info",
    PanelOutcome.REJECTED: "neutral",
}


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
    page_template = "admin/vouchers/selection/selection.html"
    list_display = ["__str__", "state", "made", "requested_by"]
    list_filter = ["state", "round"]
    list_select_related = ["round", "requested_by"]
    ordering = ["-pk"]
    acts = [
        Act(
            "release",
            "결과 발표",
            release,
            move=PanelSelectionMoves.RELEASE,
            intro="모든 지원자에게 결과를 함께 알리고 선정된 사람을 단원으로 위촉합니다. 되돌릴 수 없습니다.",
        ),
        Act(
            "discard",
            "선정안 폐기",
            discard_selection,
            move=PanelSelectionMoves.DISCARD,
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
