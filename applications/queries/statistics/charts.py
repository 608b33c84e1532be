"""The tables of the statistics drawn as charts, for pages and reports alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from applications.queries.statistics.figures import Table
from portal.paper import charts
from portal.paper.charts import Chart
from portal.templatetags.dates import kdate
from programs.models import NationalGoal

EOK = 100_000_000
# Money of a pot as on the home page: the further along, the darker; what is left is pale.
PAID, COMMITTED, RESERVED = charts.COLOURS[:3]
AVAILABLE = charts.LINE
LONG = 60  # days drawn as they are; beyond it, the table holds them all and the line every one
HIDDEN = "비움"  # a small number, see the rule beside the tables
UNDRAWN = "날마다의 수가 작아 모두 비웠으므로 그림은 그리지 않았습니다."


@dataclass(frozen=True)
class Drawn:
    """A table with its chart (none where every number is left out)."""

    table: Table
    chart: Chart | None
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]

    @property
    def note(self) -> str:
        """What a reader must know to read it."""
        return self.table.note or ("" if self.chart else UNDRAWN)


def drawn(tables: Sequence[Table]) -> list[Drawn]:
    """Draw every table that has rows."""
    return [Drawn(table, draw(table), worded(table)) for table in tables if table.rows]


def worded(table: Table) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The rows in words, each cell with its column; a number that is left out says so."""
    return tuple(
        (
            kdate(date.fromisoformat(label)) if table.code == "days" else label,
            tuple(
                (name, _word(table, value))
                for name, value in zip(table.columns, values, strict=True)
            ),
        )
        for label, values in table.rows
    )


def _word(table: Table, value: int | None) -> str:
    if value is None:
        return HIDDEN if table.counts_firms else "없음"
    return charts.number(value, table.unit)


def draw(table: Table) -> Chart | None:
    """Draw one table: days as a line, money stacked, everything else as bars."""
    if table.code == "days":
        return _days(table)
    labels = [label for label, _ in table.rows]
    if table.code == "money":
        # What was appropriated is the whole of the other four.
        parts = {
            name: [_eok(values[place]) for _, values in table.rows]
            for place, name in enumerate(table.columns)
            if place
        }
        return charts.bars(
            f"{table.title}(억원)",
            labels,
            parts,
            stacked=True,
            colours=(RESERVED, COMMITTED, PAID, AVAILABLE),
        )
    places = range(1, len(table.columns)) if table.code == "steps" else range(len(table.columns))
    series = {table.columns[place]: [values[place] for _, values in table.rows] for place in places}
    unknown = HIDDEN if table.counts_firms else "없음"
    return charts.bars(table.title, labels, series, unit=table.unit, unknown=unknown)


def goals(rows: Sequence[NationalGoal]) -> Chart:
    """Draw the national plan's figures side by side, as they are quoted."""
    return charts.bars(
        "전국 스마트공장 보급 목표와 실적(개)",
        [row.label for row in rows],
        {"값": [row.value for row in rows]},
    )


def _days(table: Table) -> Chart | None:
    """Applications by day; a day whose number is left out is not drawn."""
    shown = [(label, values[0]) for label, values in table.rows if values[0] is not None]
    if not shown:
        return None
    first = date.fromisoformat(table.rows[0][0])
    last = date.fromisoformat(table.rows[-1][0])
    found = {(date.fromisoformat(label) - first).days: value for label, value in shown}
    hidden = {
        (date.fromisoformat(label) - first).days
        for label, values in table.rows
        if values[0] is None
    }
    span = range((last - first).days + 1)
    points = [(day, found.get(day, 0)) for day in span if day not in hidden]
    dates = {day: first + timedelta(days=day) for day in span}
    names = {day: f"{at.month}. {at.day}." for day, at in dates.items()}
    return charts.lines(
        table.title, {table.columns[0]: points}, x="날짜", y="건", x_names=names, table_rows=LONG
    )


def _eok(won: int | None) -> float | None:
    return None if won is None else round(won / EOK, 4)
