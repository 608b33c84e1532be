"""Budgets and charts, each drawn with its figures."""

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from portal.paper.charts import Chart
from portal.templatetags.library import library
from portal.templatetags.rendering import one_of, render


@dataclass(frozen=True)
class _Part:
    name: str
    label: str
    won: int
    start: float
    width: float


@library.simple_tag
def money_meter(
    *,
    appropriated: int | None,
    reserved: int = 0,
    committed: int = 0,
    paid: int = 0,
    label: str = "예산 현황",
) -> SafeString:
    """Render a budget as a bar with its figures (won). The three uses do not overlap.

    Raises ValueError when they exceed the appropriation: such a page must not be shown.
    """
    available = (appropriated or 0) - reserved - committed - paid
    if appropriated is not None and available < 0:
        raise ValueError(f"money_meter: {-available} won more used than appropriated")
    amounts = (
        ("paid", "지급", paid),
        ("committed", "협약", committed),
        ("reserved", "선정", reserved),
        ("available", "남음", available),
    )
    parts: list[_Part] = []
    start = 0.0
    for name, word, amount in amounts:
        width = round(amount * 1000 / appropriated, 2) if appropriated else 0.0
        parts.append(_Part(name, word, amount, round(start, 2), width))
        start += width
    return render("money_meter", appropriated=appropriated, parts=parts, label=label)


@library.simple_tag
def chart(drawn: Chart, *, table: str = "folded") -> SafeString:
    """Render a chart with its table; table: folded, open, none (where the page has one already).

    A chart with nothing to show is left out; its table stays.
    """
    one_of("chart", "table", table, ("folded", "open", "none"))
    if not drawn.shows and table == "none":
        return mark_safe("")
    svg = mark_safe(drawn.svg)  # noqa: S308 - escaped where it is drawn
    return render(
        "chart",
        chart=drawn,
        svg=svg if drawn.shows else "",
        table=table != "none",
        open=table == "open",
    )
