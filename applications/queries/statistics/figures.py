"""The figures of a round, computed by the database in a fixed number of queries and cached.

`public=True` leaves out unreleased decisions and small numbers.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate, TruncWeek

from applications.models import (
    Agreement,
    Application,
    ApplicationMove,
    Decision,
    DeliverableMove,
    Submission,
)
from applications.queries import delivery
from applications.queries.open_data.publication import publication
from applications.queries.selection.decisions import holding
from applications.rules.statistics import percentile, suppress
from applications.states import ApplicationState, Outcome, SelectionState
from applications.visibility import open_selections
from portal.core.clock import KST
from portal.postgresql import replica
from portal.templatetags.dates import kdate
from programs.models import Budget, NationalGoal, ProgramRound, SubProgram
from programs.queries.ledger import published
from programs.rules.ledger import Balance
from programs.states import CompanySize, Region

CACHE_SECONDS = 60
CACHE_FACTOR = 40  # or this many times the computing time, so that large portals compute seldom
STALE_SECONDS = 24 * 60 * 60
FILED = "신청"
SELECTED = "선정"
# (label, move that begins the step, move that ends it)
STEPS = (
    ("접수부터 요건검토 시작까지", "submit", "take_up"),
    ("요건검토 시작부터 평가 시작까지", "take_up", "qualify"),
    ("평가 시작부터 결정까지", "qualify", "decide"),
    ("결정부터 발표까지", "decide", "release"),
)
APPLICATION = ApplicationMove._meta.db_table
MIDDLE, TAIL = 50, 90


@dataclass(frozen=True)
class Part:
    """A column that divides another: the rows of a group add up to the row of that name there."""

    table: str
    column: int
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of figures: rows by label, columns by name; None is a number left out."""

    code: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int | None, ...]], ...]
    unit: str = "건"
    counts_firms: bool = True  # small numbers could identify a company
    note: str = ""
    parts: tuple[Part, ...] = ()  # one for each column, or empty

    @property
    def hidden(self) -> int:
        return sum(value is None for _, values in self.rows for value in values)


def figures(round: ProgramRound, *, public: bool) -> list[Table]:
    """Return every table of a round, at most a minute old while computing is quick."""
    key = f"statistics:{round.pk}:{public}"
    return cast(list[Table], cached(key, lambda: compute(round, public=public)))


def compute(round: ProgramRound, *, public: bool) -> list[Table]:
    """Compute every table now."""
    filed = _living(round)
    decisions = _decisions(round, public)
    programs = list(SubProgram.objects.filter(round=round).select_related("pot").order_by("order"))
    tables = [
        _money(programs, public),
        _by_program(programs, filed, decisions),
        _by_track(filed, decisions),
        _by(filed, decisions, "region", "region", "지역별 신청과 선정", Region.choices),
        _by(filed, decisions, "size", "size", "기업 규모별 신청과 선정", CompanySize.choices),
        _by_day(filed),
        *([] if public else [_by_week(round)]),
        *_levels(round, decisions, programs),
        _verified_levels(round),
        _steps(round, public),
    ]
    return without_small(tables) if public else tables


def goals() -> list[NationalGoal]:
    """Return the figures of the national plan as the source gives them."""
    return [row for row in NationalGoal.objects.all() if row.unit.startswith("개")]


def stamp(round: ProgramRound) -> tuple[object, ...]:
    """Return values that change whenever the figures may change, without computing them."""
    latest = ApplicationMove.objects.order_by("-pk").values_list("pk", flat=True).first()
    released = open_selections().filter(sub_program__round=round).count()
    decided = Decision.objects.order_by("-pk").values_list("pk", flat=True).first()
    delivered = DeliverableMove.objects.order_by("-pk").values_list("pk", flat=True).first()
    return (round.pk, latest, released, decided, delivered)


def _living(round: ProgramRound) -> QuerySet[Application]:
    """Return what was filed and not withdrawn: whoever files again is counted once."""
    rows = Application.objects.filter(sub_program__round=round, submitted_at__isnull=False)
    return rows.exclude(state=ApplicationState.WITHDRAWN)


def _decisions(round: ProgramRound, public: bool) -> QuerySet[Decision]:
    """Selected decisions that hold a place now: released for the public, approved for staff."""
    approved = Decision.objects.filter(
        selection__state__in=[SelectionState.DECIDED, SelectionState.RELEASED],
        next=None,
        outcome=Outcome.SELECTED,
    ).exclude(application__state__in=[ApplicationState.WITHDRAWN, ApplicationState.ENDED])
    rows = holding() if public else approved
    return rows.filter(application__sub_program__round=round)


def _money(programs: Sequence[SubProgram], public: bool) -> Table:
    sums: dict[int, Balance] = (
        {pot.pk: balance for pot, balance in published()}
        if public
        else {pot.pk: pot.balance for pot in Budget.objects.all()}
    )
    columns = ("배정", "선정", "협약", "지급", "남음")
    rows = []
    for program in programs:
        pot = sums.get(program.pot_id, Balance())
        values = (pot.appropriated, pot.reserved, pot.committed, pot.paid, pot.available)
        rows.append((program.name, values))
    return Table("money", "사업별 예산", columns, tuple(rows), unit="원", counts_firms=False)


def _by_program(
    programs: Sequence[SubProgram],
    filed: QuerySet[Application],
    decisions: QuerySet[Decision],
) -> Table:
    filed_counts = dict(_counted(filed, "sub_program"))
    chosen = dict(_counted(decisions, "application__sub_program"))
    rows = tuple(
        (row.name, (filed_counts.get(row.pk, 0), chosen.get(row.pk, 0))) for row in programs
    )
    # Not suppressed: the open data list the results of sub-programmes row by row.
    return Table("programs", "내역사업별 신청과 선정", (FILED, SELECTED), rows, counts_firms=False)


def _by_track(filed: QuerySet[Application], decisions: QuerySet[Decision]) -> Table:
    tracks = sorted(
        _counted(
            filed,
            "track__sub_program__order",
            "track__name",
            "sub_program__short",
            "sub_program__name",
        ),
        key=lambda row: (row[0] or 0, str(row[1])),
    )
    chosen = {
        (name, short): count
        for name, short, count in _counted(
            decisions, "application__track__name", "application__sub_program__short"
        )
    }
    rows = tuple(
        (f"{short} · {name or '정하지 않음'}", (count, chosen.get((name, short), 0)))
        for _, name, short, _, count in tracks
    )
    groups = tuple(program for _, _, _, program, _ in tracks)
    parts = (Part("programs", 0, groups), Part("programs", 1, groups))
    return Table("tracks", "지원유형별 신청과 선정", (FILED, SELECTED), rows, parts=parts)


def _by(
    filed: QuerySet[Application],
    decisions: QuerySet[Decision],
    field: str,
    code: str,
    title: str,
    choices: Iterable[tuple[str, str]],
) -> Table:
    filed_counts = dict(_counted(filed, field))
    chosen = dict(_counted(decisions, f"application__{field}"))
    named = [*choices, *([("", "알 수 없음")] if filed_counts.get("") else [])]
    rows = tuple((label, (filed_counts.get(key, 0), chosen.get(key, 0))) for key, label in named)
    return Table(code, title, (FILED, SELECTED), rows)


def _by_day(filed: QuerySet[Application]) -> Table:
    days = (
        filed.annotate(day=TruncDate("submitted_at", tzinfo=KST))
        .values_list("day")
        .annotate(count=Count("pk"))
        .order_by("day")
    )
    rows = tuple((f"{day:%Y-%m-%d}", (count,)) for day, count in days)
    return Table("days", "날짜별 신청", (FILED,), rows)


def _by_week(round: ProgramRound) -> Table:
    """Count the decisions of each week that begins on a Monday; some may be unreleased."""
    decided = ApplicationMove.objects.filter(move="decide", thing__sub_program__round=round)
    weeks = decided.annotate(week=TruncWeek("at", tzinfo=KST)).order_by().values_list("week")
    counted = weeks.annotate(count=Count("pk")).order_by("week")
    rows = tuple((f"{kdate(week)} 주", (count,)) for week, count in counted)
    return Table("weeks", "주별 결정", ("결정",), rows)


def _levels(
    round: ProgramRound, decisions: QuerySet[Decision], programs: Sequence[SubProgram]
) -> list[Table]:
    """New build and upgrade, and levels before and aimed at, of the build programme."""
    rule = publication().new_build
    filed = Submission.objects.filter(
        application__in=_living(round).order_by().values("pk"),
        application__sub_program__code=rule["program"],
    )
    pairs = list(_counted(filed, "content__facts__current_level", "content__facts__target_level"))
    chosen = list(
        _counted(
            decisions.filter(application__sub_program__code=rule["program"]),
            "application__submission__content__facts__current_level",
            "application__submission__content__facts__target_level",
        )
    )
    labels = _level_labels(round, rule["program"])
    kinds = ((FILED, pairs), (SELECTED, chosen))
    split = {name: Counter[bool]() for name, _ in kinds}
    for name, rows in kinds:
        for before, _, count in rows:
            split[name][before in rule["values"]] += count
    ends = {name: (Counter[str](), Counter[str]()) for name, _ in kinds}
    for name, rows in kinds:
        for before, after, count in rows:
            ends[name][0][before] += count
            ends[name][1][after] += count
    levels = tuple(
        (
            label,
            (
                ends[FILED][0][code], ends[FILED][1][code],
                ends[SELECTED][0][code], ends[SELECTED][1][code],
            ),
        )
        for code, label in labels.items()
    )  # fmt: skip
    columns = ("신청: 지금 수준", "신청: 목표 수준", "선정: 지금 수준", "선정: 목표 수준")
    whole = next((row.name for row in programs if row.code == rule["program"]), "")
    new, upgrade = "신규 구축(지금 ICT 미적용)", "고도화"
    now = tuple(new if code in rule["values"] else upgrade for code in labels)
    return [
        Table(
            "new-or-upgrade",
            "신규 구축과 고도화",
            (FILED, SELECTED),
            tuple(
                (label, (split[FILED][is_new], split[SELECTED][is_new]))
                for label, is_new in ((new, True), (upgrade, False))
            ),
            note="구축 및 고도화 사업의 신청서에 적은 지금 수준으로 나눕니다.",
            parts=(Part("programs", 0, (whole,) * 2), Part("programs", 1, (whole,) * 2)),
        ),
        Table(
            "levels",
            "스마트화 수준: 지원 전과 목표",
            columns,
            levels,
            note="수준 이름 ‘고도화’는 가장 높은 수준이며, 지원유형 고도화1·고도화2와 다릅니다.",
            parts=(
                Part("new-or-upgrade", 0, now),
                Part("programs", 0, (whole,) * len(labels)),
                Part("new-or-upgrade", 1, now),
                Part("programs", 1, (whole,) * len(labels)),
            ),
        ),
    ]


def _verified_levels(round: ProgramRound) -> Table:
    """Levels before and after, as inspections and certificates verified them."""
    agreements = Agreement.objects.filter(application__sub_program__round=round)
    verified = delivery.levels(agreements)
    before, after = Counter(row[1] for row in verified), Counter(row[2] for row in verified)
    labels = _level_labels(round, publication().new_build["program"])
    return Table(
        "levels-found",
        "확인된 스마트화 수준: 지원 전과 후",
        ("지원 전 수준", "지원 뒤 확인한 수준"),
        tuple((label, (before[code], after[code])) for code, label in labels.items()),
        note="지원을 받은 뒤 현장 확인이나 수준확인서로 수준이 확인된 기업만 셉니다. 지원 전은 신청서나"
        " 자가진단의 수준이며, 목표 수준은 들어 있지 않습니다.",
    )


def _level_labels(round: ProgramRound, code: str) -> dict[str, str]:
    questions = (
        SubProgram.objects.filter(round=round, code=code)
        .values_list("questions", flat=True)
        .first()
    )
    question = next((row for row in questions or () if row["code"] == "current_level"), None)
    return {row["code"]: row["label"] for row in (question or {}).get("choices", ())}


def _steps(round: ProgramRound, public: bool) -> Table:
    programs = days_of_steps(round, public=public).values()
    rows = []
    for place, (label, _, _) in enumerate(STEPS):
        counts: Counter[int] = sum((days[place] for days in programs), Counter())
        values = (sum(counts.values()), percentile(counts, MIDDLE), percentile(counts, TAIL))
        rows.append((label, values))
    columns = ("건수", "중앙값(일)", "90%가 끝난 날수(일)")
    return Table("steps", "단계마다 걸린 날", columns, tuple(rows), unit="", counts_firms=False)


def days_of_steps(round: ProgramRound, *, public: bool) -> dict[int, list[Counter[int]]]:
    """Count applications by whole days for every step of each sub-programme, in one query."""
    difference = (
        "FLOOR(EXTRACT(EPOCH FROM ({end} - {start})) / 86400)::int"
        if connection.vendor == "postgresql"
        else "CAST(julianday({end}) - julianday({start}) AS INTEGER)"
    )
    names = dict.fromkeys(name for _, *ends in STEPS for name in ends)
    firsts = ", ".join(f"MIN(CASE WHEN move = '{name}' THEN at END) AS {name}_at" for name in names)
    having = "HAVING MIN(CASE WHEN move = 'release' THEN at END) IS NOT NULL" if public else ""
    # Only constants of this module are interpolated; the round is a parameter.
    selects = " UNION ALL ".join(
        f"SELECT program, {place} AS step,"  # noqa: S608
        f" {difference.format(start=f'{start}_at', end=f'{end}_at')} AS days,"
        f" COUNT(*) AS count FROM ends WHERE {start}_at IS NOT NULL AND {end}_at >= {start}_at"
        " GROUP BY 1, 2, 3"
        for place, (_, start, end) in enumerate(STEPS)
    )
    sql = f"""
        WITH ends AS (
            SELECT thing_id, sub_program_id AS program, {firsts} FROM {APPLICATION}
            JOIN {Application._meta.db_table} filed ON filed.id = thing_id
            WHERE submitted_at IS NOT NULL AND filed.state <> '{ApplicationState.WITHDRAWN}'
            AND sub_program_id IN (
                SELECT id FROM {SubProgram._meta.db_table} WHERE round_id = %s
            ) GROUP BY thing_id, sub_program_id {having}
        ) {selects}
    """  # noqa: S608
    counts: dict[int, list[Counter[int]]] = {}
    with replica.connection().cursor() as cursor:
        cursor.execute(sql, [round.pk])
        for program, step, days, count in cursor.fetchall():
            steps = counts.setdefault(program, [Counter[int]() for _ in STEPS])
            steps[step][int(days)] += count
    return counts


def _counted(rows: QuerySet[Any], *fields: str) -> QuerySet[Any, tuple[Any, ...]]:
    return rows.order_by().values_list(*fields).annotate(count=Count("pk"))


def without_small(tables: Iterable[Table]) -> list[Table]:
    """Leave small numbers out of the tables, so that none follows from the others.

    A table must come after the tables that it divides.
    """
    done: dict[str, Table] = {}
    for table in tables:
        done[table.code] = _without_small(table, done) if table.counts_firms else table
    return list(done.values())


def _without_small(table: Table, done: Mapping[str, Table]) -> Table:
    minimum = publication().minimum
    columns: list[dict[str, int | None]] = []
    for place in range(len(table.columns)):
        part = table.parts[place] if table.parts else None
        sums = dict(done[part.table].rows) if part else {}
        groups: dict[str, dict[str, int]] = {}
        for number, (label, values) in enumerate(table.rows):
            group = part.groups[number] if part else ""
            groups.setdefault(group, {})[label] = values[place] or 0
        column: dict[str, int | None] = {}
        for group, cells in groups.items():
            whole = sums.get(group)
            published = part is None or (whole is not None and whole[part.column] is not None)
            column |= suppress(cells, minimum, sum_published=published)
        columns.append(column)
    rows = tuple((label, tuple(column[label] for column in columns)) for label, _ in table.rows)
    return replace(table, rows=rows)


def cached(key: str, compute: Callable[[], Any]) -> Any:
    """Return what is computed, kept for a minute or as long as computing it is worth."""
    # Kept longer than fresh: while one process computes anew, the others show the old tables.
    entry = cache.get(key)
    here = time.time()
    if entry and (here < entry[0] or not cache.add(f"{key}:busy", 1, CACHE_SECONDS)):
        return entry[1]
    began = time.monotonic()
    found = compute()
    fresh = max(CACHE_SECONDS, CACHE_FACTOR * (time.monotonic() - began))
    cache.set(key, (time.time() + fresh, found), STALE_SECONDS)
    cache.delete(f"{key}:busy")
    return found
