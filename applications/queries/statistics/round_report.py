"""Contents of a round report: figures, charts, the cut-off lines, and the selected."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from applications.models import Decision, Selection
from applications.queries.selection.decisions import holding, standing_of
from applications.queries.statistics.charts import Drawn, drawn
from applications.queries.statistics.figures import figures, goals
from applications.states import Outcome
from applications.visibility import open_selections
from portal.core.money import won
from portal.templatetags.dates import kdate
from programs.models import NationalGoal, ProgramRound
from programs.states import Region

LIST = ("내역사업", "순위", "접수번호", "기업명", "지역", "지원유형", "지원금(원)")
CHUNK = 2_000
COUNTED = (Outcome.SELECTED, Outcome.RESERVE, Outcome.REJECTED)
STOPPED_BY = {"budget": "남은 예산", "quota": "선정 수", "end": "기준점수 이상 모두"}
LINES = (
    "내역사업", "발표 당시 선정", "예비", "탈락", "마지막 선정 점수", "선정선 기준", "발표", "지금 선정",
    "지금 지원금",
)  # fmt: skip
LINE_VALUES = (
    "내역사업", "발표 당시 선정(건)", "예비(건)", "탈락(건)", "마지막 선정 점수", "선정선 기준", "발표",
    "지금 선정(건)", "지금 지원금(원)",
)  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """The short part of a report: charts with their tables, goals, and cut-off lines."""

    drawn: list[Drawn]
    goals: list[NationalGoal]
    lines: list[tuple[str, ...]]
    total_won: int


def summary(round: ProgramRound) -> Figures:
    """Return the public figures: released results only, small numbers left out."""
    return Figures(
        drawn=drawn(figures(round, public=True)),
        goals=goals(),
        lines=[_line(row) for row in selections(round)],
        total_won=sum(selected(round).values_list("grant_won", flat=True).iterator(CHUNK)),
    )


def selections(round: ProgramRound) -> QuerySet[Selection]:
    """Return the released selections of a round."""
    rows = open_selections().filter(sub_program__round=round)
    return rows.select_related("sub_program").order_by("sub_program__order", "pk")


def selected(round: ProgramRound) -> QuerySet[Decision]:
    """Return the released decisions that select an application and hold its place now."""
    return holding().filter(
        application__sub_program__round=round,
        selection__in=open_selections().values("pk"),
    )


def selected_rows(round: ProgramRound) -> Iterator[tuple[Any, ...]]:
    """Return the rows of the list of selected applications, by programme and rank."""
    regions = dict(Region.choices)
    rows = (
        selected(round)
        .order_by("application__sub_program__order", "rank", "pk")
        .values_list(
            "application__sub_program__name",
            "rank",
            "application__number",
            "application__company__name",
            "application__region",
            "application__track__name",
            "grant_won",
        )
    )
    for program, rank, number, company, region, track, grant in rows.iterator(chunk_size=CHUNK):
        yield (program, rank, number, company, regions.get(region, ""), track or "", grant)


def _line(row: Selection) -> tuple[str, ...]:
    counts = row.cut["counts"]
    now = standing_of(row)
    return (
        row.sub_program.name,
        *(f"{counts[name]:,}건" for name in COUNTED),
        f"{row.cut['cut_total']}점" if row.cut["cut_total"] else "없음",
        STOPPED_BY[row.cut["stopped_by"]],
        kdate(row.released_at),
        f"{now.selected:,}건",
        won(now.amount_won),
    )


def line_values(round: ProgramRound) -> list[tuple[object, ...]]:
    """Return the cut-off lines as values for a table: numbers, and times of release."""
    rows = []
    for row in selections(round):
        cut = row.cut
        counts = (cut["counts"][name] for name in COUNTED)
        last = Decimal(cut["cut_total"]) if cut["cut_total"] else None
        stopped = STOPPED_BY[cut["stopped_by"]]
        now = standing_of(row)
        standing = (now.selected, now.amount_won)
        rows.append((row.sub_program.name, *counts, last, stopped, row.released_at, *standing))
    return rows


def labels(row: tuple[Any, ...]) -> list[str]:
    """Return a row of the list as text."""
    *head, grant = row
    return [*("" if cell is None else str(cell) for cell in head), won(grant)]
