"""Inspections."""

from collections.abc import Iterable, Sequence

from kamp.models import (
    InspectionModel,
    InspectorDecision,
)
from kamp.states import Verdict
from portal.paper.charts import Chart, lines


def timeline(title: str, scores: Sequence[float]) -> Chart:
    """The hottest point of each frame over the film."""
    return lines(
        title,
        {"가장 뜨거운 점": [(place, round(score, 2)) for place, score in enumerate(scores, 1)]},
        x="프레임",
        y="점수(σ)",
    )


def tally(model: InspectionModel) -> dict[str, int]:
    """How many of each verdict."""
    found = list(model.inspections.values_list("verdict", flat=True))
    return {label: found.count(value) for value, label in Verdict.choices}


def latest_decisions(inspections: Iterable[int]) -> dict[int, InspectorDecision]:
    """The latest word of an inspector on each inspection."""
    rows = InspectorDecision.objects.filter(inspection__in=list(inspections)).select_related("by")
    return {row.inspection_id: row for row in rows.order_by("pk")}
