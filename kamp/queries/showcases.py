"""Before and after: figures of a showcase in words and as a chart."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from kamp.models import Metric, Showcase
from kamp.states import DataKind, Direction, Process, Purpose
from kamp.visibility import public_showcases
from portal.paper.charts import Chart, bars

CHOICES: Mapping[str, type[Any]] = {
    "process": Process,
    "purpose": Purpose,
    "data_kind": DataKind,
}


FILTERS = (*CHOICES, "equipment")


def with_rows(rows: QuerySet[Showcase]) -> QuerySet[Showcase]:
    """Fetch the rows of each case in a fixed number of queries."""
    return rows.prefetch_related("metrics", "steps", "testimonials", "images")


def filtered(wanted: Mapping[str, str]) -> QuerySet[Showcase]:
    """Published cases, the latest first, narrowed by exact values of FILTERS."""
    asked = {name: wanted[name] for name in FILTERS if wanted.get(name)}
    return public_showcases().filter(**asked).order_by("-published_at", "-pk")


def facets() -> dict[str, list[tuple[str, str]]]:
    """The values that published cases have, so that no filter leads to nothing."""
    rows = list(public_showcases().values_list(*FILTERS).distinct()[:1_000])
    found: dict[str, list[tuple[str, str]]] = {}
    for place, name in enumerate(FILTERS):
        present = {row[place] for row in rows if row[place]}
        labels = dict(CHOICES[name].choices) if name in CHOICES else {one: one for one in present}
        found[name] = [
            (value, label) for value, label in sorted(labels.items()) if value in present
        ]
    return found


def whole(slug: str) -> Showcase | None:
    """One published case with its rows."""
    return with_rows(public_showcases()).filter(slug=slug).first()


UNKNOWN_SIZE = "미공개"


@dataclass(frozen=True)
class Comparison:
    """One figure before and after, ready to be read."""

    metric: Metric
    before: str
    after: str
    change: str
    sample: str
    better: bool | None
    chart: Chart | None


def plain(value: Decimal) -> int | Decimal:
    """Drop the zeros that a column adds: 90.000 is 90."""
    whole = int(value)
    return whole if value == whole else value.normalize()


def comparison(metric: Metric) -> Comparison:
    """Put one figure into words, with its difference and its chart where there are numbers."""
    sample = f"{metric.sample_size:,}개" if metric.sample_size is not None else UNKNOWN_SIZE
    if metric.before is None or metric.after is None:
        return Comparison(metric, "수치 없음", "수치 없음", metric.note, sample, None, None)
    before, after = plain(metric.before), plain(metric.after)
    gap = metric.after - metric.before
    higher = metric.direction == Direction.HIGHER
    points = "%p" if metric.unit == "%" else metric.unit
    change = f"{'+' if gap > 0 else '−' if gap < 0 else ''}{plain(abs(gap)):,}{points}"
    if metric.unit != "%" and metric.before:
        share = abs(gap) * 100 / metric.before
        change += f" ({share:.1f}% {'증가' if gap > 0 else '감소'})"
    better = None if not gap else (gap > 0) == higher
    origin = metric.get_origin_display()
    chart = bars(
        f"{metric.name} 도입 전과 뒤 ({origin})",
        ["도입 전", "도입 뒤"],
        {f"{metric.name}({metric.unit})": [before, after]},
        unit=metric.unit,
    )
    return Comparison(
        metric, f"{before:,}{metric.unit}", f"{after:,}{metric.unit}", change, sample, better, chart
    )
