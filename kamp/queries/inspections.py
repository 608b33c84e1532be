"""Verdicts of a model, and the decisions of inspectors on them."""

from collections.abc import Iterable, Sequence

from kamp.models import InspectionModel, InspectorDecision
from kamp.states import Verdict
from portal.paper.charts import Chart, lines


def frame_score_chart(title: str, scores: Sequence[float]) -> Chart:
    """Chart the largest deviation in each frame of a film, in robust sigmas."""
    return lines(
        title,
        {"가장 뜨거운 점": [(place, round(score, 2)) for place, score in enumerate(scores, 1)]},
        x="프레임",
        y="점수(σ)",
    )


def verdict_counts(model: InspectionModel) -> dict[str, int]:
    """Count the verdicts of a model by their Korean label."""
    verdicts = list(model.inspections.values_list("verdict", flat=True))
    return {label: verdicts.count(value) for value, label in Verdict.choices}


def latest_decisions(inspections: Iterable[int]) -> dict[int, InspectorDecision]:
    """Return the latest decision on each of these inspections (ids) that has one."""
    rows = InspectorDecision.objects.filter(inspection__in=list(inspections)).select_related("by")
    return {row.inspection_id: row for row in rows.order_by("pk")}
