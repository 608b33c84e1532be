"""Published showcases with their filters, and their figures as text and chart."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet, TextChoices

from kamp.models import Metric, Showcase
from kamp.states import DataKind, Direction, Process, Purpose
from kamp.visibility import public_showcases
from portal.paper.charts import Chart, bars

CHOICES: Mapping[str, type[TextChoices]] = {
    "process": Process,
    "purpose": Purpose,
    "data_kind": DataKind,
}
FILTERS = (*CHOICES, "equipment")
UNKNOWN_SIZE = "미공개"


def with_related(rows: QuerySet[Showcase]) -> QuerySet[Showcase]:
    return rows.prefetch_related("metrics", "steps", "testimonials", "images")


def published(filters: Mapping[str, str]) -> QuerySet[Showcase]:
    """Published cases, the latest first, narrowed by exact values of FILTERS."""
    exact = {name: filters[name] for name in FILTERS if filters.get(name)}
    return public_showcases().filter(**exact).order_by("-published_at", "-pk")


def published_by_slug(slug: str) -> Showcase | None:
    return with_related(public_showcases()).filter(slug=slug).first()


def facets() -> dict[str, list[tuple[str, str]]]:
    """Return (value, label) for each filter: only values that some published case has."""
    rows = list(public_showcases().values_list(*FILTERS).distinct()[:1_000])
    found: dict[str, list[tuple[str, str]]] = {}
    for place, name in enumerate(FILTERS):
        present = {row[place] for row in rows if row[place]}
        labels = dict(CHOICES[name].choices) if name in CHOICES else {one: one for one in present}
        found[name] = [
            (value, label) for value, label in sorted(labels.items()) if value in present
        ]
    return found


@dataclass(frozen=True)
class Comparison:
    """One figure before and after as text; `better` and `chart` are None without numbers."""

    metric: Metric
    before: str
    after: str
    change: str
    sample: str
    better: bool | None
    chart: Chart | None


def comparisons(case: Showcase) -> list[Comparison]:
    return [comparison(metric) for metric in case.metrics.all()]


def comparison(metric: Metric) -> Comparison:
    """Write one figure with its difference, and its chart where there are numbers."""
    sample = f"{metric.sample_size:,}개" if metric.sample_size is not None else UNKNOWN_SIZE
    if metric.before is None or metric.after is None:
        return Comparison(metric, "수치 없음", "수치 없음", metric.note, sample, None, None)
    before, after = _strip_zeros(metric.before), _strip_zeros(metric.after)
    gap = metric.after - metric.before
    chart = bars(
        f"{metric.name} 도입 전과 뒤 ({metric.get_origin_display()})",
        ["도입 전", "도입 뒤"],
        {f"{metric.name}({metric.unit})": [before, after]},
        unit=metric.unit,
    )
    return Comparison(
        metric,
        f"{before:,}{metric.unit}",
        f"{after:,}{metric.unit}",
        _change(metric, metric.before, gap),
        sample,
        None if not gap else (gap > 0) == (metric.direction == Direction.HIGHER),
        chart,
    )


def _change(metric: Metric, before: Decimal, gap: Decimal) -> str:
    sign = "+" if gap > 0 else "−" if gap < 0 else ""
    unit = "%p" if metric.unit == "%" else metric.unit
    change = f"{sign}{_strip_zeros(abs(gap)):,}{unit}"
    if metric.unit != "%" and before:
        share = abs(gap) * 100 / before
        change += f" ({share:.1f}% {'증가' if gap > 0 else '감소'})"
    return change


def _strip_zeros(value: Decimal) -> int | Decimal:
    # Drop the zeros that the column adds: 90.000 is 90.
    whole = int(value)
    return whole if value == whole else value.normalize()
