"""How far the applications of a round have come: how many are in each stage, and for how many days."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count

from applications.models import Application
from applications.queries.statistics import figures
from applications.rules.statistics import percentile
from applications.states import ApplicationState
from portal.paper import charts
from portal.paper.charts import Chart
from programs.models import ProgramRound, SubProgram

S = ApplicationState
STAGES = tuple(state for state in S if state != S.DRAFT)
# The stage that each step of `figures.STEPS` measures.
MEASURED = (S.SUBMITTED, S.SCREENING, S.ASSESSING, S.DECIDED)
# Who has come so far, whatever happened afterwards; one that ended early may have had no agreement.
REACHED = (
    ("접수", STAGES),
    ("요건 충족", (S.ASSESSING, S.DECIDED, S.RELEASED, S.CONTRACTED, S.CLOSED, S.ENDED)),
    ("결정", (S.DECIDED, S.RELEASED, S.CONTRACTED, S.CLOSED, S.ENDED)),
    ("결과 발표", (S.RELEASED, S.CONTRACTED, S.CLOSED, S.ENDED)),
    ("협약·수행", (S.CONTRACTED, S.CLOSED)),
    ("종료", (S.CLOSED,)),
)


@dataclass(frozen=True)
class Stage:
    """Applications of a sub-programme in one state, and the median of days that this stage took."""

    state: ApplicationState
    count: int
    days: int | None


@dataclass(frozen=True)
class Line:
    program: int
    label: str
    stages: tuple[Stage, ...]


def lines(round: ProgramRound, programs: Collection[int]) -> list[Line]:
    """Return a line for each of these sub-programmes, at most a minute old while counting is quick."""
    whole: list[Line] = figures.cached(f"progress:{round.pk}", lambda: compute(round))
    return [line for line in whole if line.program in programs]


def compute(round: ProgramRound) -> list[Line]:
    """Count every sub-programme of a round now."""
    counts: dict[int, Counter[str]] = {}
    filed = Application.objects.filter(sub_program__round=round, submitted_at__isnull=False)
    counted = filed.order_by().values_list("sub_program", "state").annotate(count=Count("pk"))
    for program, state, count in counted:
        counts.setdefault(program, Counter())[state] = count
    days = figures.days_of_steps(round, public=False)
    rows = SubProgram.objects.filter(round=round).order_by("order").values_list("pk", "name")
    return [
        Line(pk, name, _stages(counts.get(pk, Counter()), days.get(pk, []))) for pk, name in rows
    ]


def _stages(counts: Counter[str], steps: Sequence[Counter[int]]) -> tuple[Stage, ...]:
    days = dict(zip(MEASURED, steps, strict=False))
    return tuple(
        Stage(state, counts[state], percentile(days.get(state, Counter()), figures.MIDDLE))
        for state in STAGES
    )


def funnel(rows: Sequence[Line]) -> Chart:
    """Draw how many have come how far."""
    sums: Counter[str] = Counter()
    for line in rows:
        sums.update({stage.state: stage.count for stage in line.stages})
    labels = [label for label, _ in REACHED]
    values = [sum(sums[state] for state in states) for _, states in REACHED]
    return charts.bars("어느 단계까지 왔는지", labels, {"신청": values}, unit="건")
