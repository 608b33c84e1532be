"""Staff screen of ranked lists of applicants."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from portal.access.requests import person
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from vouchers.models import PanelSelection
from vouchers.services import selection
from vouchers.states import PanelOutcome, PanelSelectionMoves, PanelSelectionState
from vouchers.templatetags.vouchers import points
from vouchers.visibility import DESK

SHOWN = 500
OUTCOME_TONES = {
    PanelOutcome.SELECTED: "success",
    PanelOutcome.RESERVE: "info",
    PanelOutcome.REJECTED: "neutral",
}


def release(
    request: HttpRequest, chosen: PanelSelection, data: dict[str, Any], at: datetime
) -> dict[str, int]:
    return selection.release(chosen, by=person(request), now=at)


def released(counts: dict[str, int]) -> str:
    return (
        f"선정 {counts['selected']}명, 예비 {counts['reserve']}명, "
        f"미선정 {counts['rejected']}명을 발표하고 알렸습니다."
    )


def discard(
    request: HttpRequest, chosen: PanelSelection, data: dict[str, Any], at: datetime
) -> None:
    selection.discard(chosen, by=person(request), now=at, **data)


@admin.register(PanelSelection)
class PanelSelectionAdmin(WorkflowAdmin):
    read_roles = sorted(DESK)
    page_template = "admin/vouchers/selection/selection.html"
    list_display = ["__str__", "state", "made", "requested_by"]
    list_filter = ["state", "round"]
    list_select_related = ["round", "requested_by"]
    ordering = ["-pk"]
    sorts = [Sort("made")]
    acts = [
        Act(
            "release",
            "결과 발표",
            release,
            done=released,
            move=PanelSelectionMoves.RELEASE,
            intro="모든 지원자에게 결과를 함께 알리고 선정된 사람을 단원으로 위촉합니다. 되돌릴 수 없습니다.",
        ),
        Act(
            "discard",
            "선정안 폐기",
            discard,
            done="선정안을 폐기했습니다.",
            move=PanelSelectionMoves.DISCARD,
            form=note_form("reason", max_length=300),
            danger=True,
        ),
    ]

    def page(self, request: HttpRequest, chosen: PanelSelection) -> dict[str, Any]:
        rows = list(chosen.decisions.select_related("application").order_by("rank")[:SHOWN])
        counts = Counter(chosen.decisions.values_list("outcome", flat=True))
        labels = {row["code"]: row["label"] for row in chosen.rules["criteria"]}
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
            "proposed": chosen.state == PanelSelectionState.PROPOSED,
            "moves": history(chosen),
        }

    @admin.display(description="작성 시각")
    def made(self, chosen: PanelSelection) -> str:
        return kst(chosen.requested_at)
