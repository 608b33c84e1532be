"""Charts of the statistics tables, for pages and reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from applications.queries.open_data.publication import publication
from applications.queries.statistics.figures import Table
from portal.paper import charts
from portal.paper.charts import Chart
from portal.templatetags.dates import kdate
from programs.models import NationalGoal

# Money of a pot as on the home page: the further along, the darker; the rest is pale.
PAID, COMMITTED, RESERVED = charts.COLOURS[:3]
AVAILABLE = charts.LINE
LONG = 60  # days that the chart lists below its line; longer periods only in the table
UNDRAWN = "보여 줄 수가 없어 그림은 그리지 않았습니다."


@dataclass(frozen=True)
class Drawn:
    """A table with its chart (None where there is nothing to draw) and its formatted rows."""

    table: Table
    chart: Chart | None
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]

    @property
    def note(self) -> str:
        parts = (self.table.note, "" if self.chart else UNDRAWN)
        return " ".join(part for part in parts if part)


def drawn(tables: Sequence[Table]) -> list[Drawn]:
    """Return every non-empty table with its chart."""
    return [
        Drawn(table, _if_shown(draw(table)), labelled_rows(table)) for table in tables if table.rows
    ]


def _if_shown(chart: Chart | None) -> Chart | None:
    return chart if chart and chart.shows else None


def hidden() -> str:
    """Return what stands for a small number; the page explains the rule."""
    return publication().hidden


def labelled_rows(table: Table) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the rows as text, each cell with the name of its column."""
    return tuple(
        (
            kdate(date.fromisoformat(label)) if table.code == "days" else label,
            tuple(
                (name, _cell(table, value))
                for name, value in zip(table.columns, values, strict=True)
            ),
        )
        for label, values in table.rows
    )


def _cell(table: Table, value: int | None) -> str:
    if value is None:
        return hidden() if table.counts_firms else "없음"
    return charts.number(value, table.unit)


def draw(table: Table) -> Chart | None:
    """Draw a table: days as a line, money stacked, everything else as bars."""
    if table.code == "days":
        return _days(table)
    labels = [label for label, _ in table.rows]
    if table.code == "money":
        # The first column, the appropriation, is the sum of the other four. Pots differ by a factor
        # of hundreds: on one scale the small ones would not be seen.
        parts = {
            name: [_share(values[place], values[0]) for _, values in table.rows]
            for place, name in enumerate(table.columns)
            if place
        }
        return charts.bars(
            f"{table.title}(배정액에 대한 비율)",
            labels,
            parts,
            unit="%",
            unknown="배정 없음",
            stacked=True,
            colours=(RESERVED, COMMITTED, PAID, AVAILABLE),
        )
    places = range(1, len(table.columns)) if table.code == "steps" else range(len(table.columns))
    series = {table.columns[place]: [values[place] for _, values in table.rows] for place in places}
    unknown = hidden() if table.counts_firms else "없음"
    return charts.bars(table.title, labels, series, unit=table.unit, unknown=unknown)


def goals(rows: Sequence[NationalGoal]) -> Chart:
    """Draw the figures of the national plan side by side."""
    return charts.bars(
        "전국 스마트공장 보급 목표와 실적(개)",
        [row.label for row in rows],
        {"값": [row.value for row in rows]},
    )


def _days(table: Table) -> Chart | None:
    shown = [(label, values[0]) for label, values in table.rows if values[0] is not None]
    if not shown:
        return None
    first = date.fromisoformat(table.rows[0][0])
    last = date.fromisoformat(table.rows[-1][0])
    counts = {(date.fromisoformat(label) - first).days: value for label, value in shown}
    hidden = {
        (date.fromisoformat(label) - first).days
        for label, values in table.rows
        if values[0] is None
    }
    span = range((last - first).days + 1)
    points = [(day, counts.get(day, 0)) for day in span if day not in hidden]
    dates = {day: first + timedelta(days=day) for day in span}
    names: dict[int | float | Decimal, str] = {
        day: f"{at.month}. {at.day}." for day, at in dates.items()
    }
    return charts.lines(
        table.title, {table.columns[0]: points}, x="날짜", y="건", x_names=names, table_rows=LONG
    )


def _share(won: int | None, whole: int | None) -> float | None:
    """Return a part as percent of the whole, to a tenth; the table beside it has every won."""
    if won is None or not whole:
        return None
    return round(100 * won / whole, 1)
