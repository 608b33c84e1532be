"""What a round report holds: figures, charts, the lines of all selections, the list of selected."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from applications.models import Decision, Selection
from applications.queries.selection.decisions import in_force
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
STOPPED = {"budget": "남은 예산", "quota": "선정 수", "end": "기준점수 이상 모두"}
LINES = ("내역사업", "선정", "예비", "탈락", "마지막 선정 점수", "선정선 기준", "발표")


@dataclass(frozen=True)
class Figures:
    """The part of a report that is short: charts with their tables, and the lines."""

    drawn: list[Drawn]
    goals: list[NationalGoal]
    lines: list[tuple[str, ...]]
    total_won: int


def short(round: ProgramRound) -> Figures:
    """Figures as anybody may see them: only what was released, small numbers left out."""
    return Figures(
        drawn=drawn(figures(round, public=True)),
        goals=goals(),
        lines=[_line(row) for row in selections(round)],
        total_won=sum(chosen(round).values_list("grant_won", flat=True).iterator(CHUNK)),
    )


def selections(round: ProgramRound) -> QuerySet[Selection]:
    """Released selections of a round."""
    rows = open_selections().filter(sub_program__round=round)
    return rows.select_related("sub_program").order_by("sub_program__order", "pk")


def chosen(round: ProgramRound) -> QuerySet[Decision]:
    """Selected applications as decided now, released ones alone."""
    return in_force().filter(
        outcome=Outcome.SELECTED,
        application__sub_program__round=round,
        selection__in=open_selections().values("pk"),
    )


def listed(round: ProgramRound) -> Iterator[tuple[Any, ...]]:
    """The list of selected applications, programme by programme, by rank."""
    regions = dict(Region.choices)
    rows = (
        chosen(round)
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
    return (
        row.sub_program.name,
        *(f"{counts[name]:,}건" for name in (Outcome.SELECTED, Outcome.RESERVE, Outcome.REJECTED)),
        f"{row.cut['cut_total']}점" if row.cut["cut_total"] else "없음",
        STOPPED[row.cut["stopped_by"]],
        kdate(row.released_at),
    )


def worded(row: tuple[Any, ...]) -> list[str]:
    """A line of the list in words."""
    *head, grant = row
    return [*("" if cell is None else str(cell) for cell in head), won(grant)]
