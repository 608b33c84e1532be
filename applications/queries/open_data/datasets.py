"""Rows of the open data sets, read in blocks so that memory does not grow.

`visibility` decides what may be published; `open_data.yaml` describes it.
"""

import hashlib
import json
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, cast

from django.conf import settings
from django.db.models import Count, Max, Model, QuerySet

from applications.models import (
    ApplicationMove,
    Check,
    Decision,
    DecisionChange,
    Objection,
    ScoreResult,
    ScoreRun,
    ScoreSheet,
    Selection,
    UsedTicket,
)
from applications.queries.open_data.publication import Dataset, publication
from applications.queries.selection import decisions
from applications.queries.statistics import figures
from applications.rules.selection import AID_LIMIT
from applications.rules.statistics import suppress
from applications.states import ChangeKind, Remedy
from applications.visibility import (
    open_changes,
    open_decisions,
    open_reruns,
    open_runs,
    open_selections,
)
from portal.core import keys
from portal.core.clock import KST
from portal.core.errors import NotFound
from portal.models import AuditSeal
from programs.models import LedgerEntry, SubProgram, Track
from programs.queries.ledger import published
from programs.rules.evidence import STANDINGS
from programs.visibility import public_entries, public_rounds, public_sub_programs

CHUNK = 2_000
Row = dict[str, Any]
LENGTH = 16  # characters of a pseudonym


@dataclass(frozen=True)
class Source:
    """A data set read by primary key: a query, and a function that turns a block into rows.

    `stamp` returns values that change whenever the data set may change, without reading it.
    """

    query: Callable[[], QuerySet[Any]]
    to_rows: Callable[[Sequence[Any]], Iterator[Row]]
    stamp: Callable[[], tuple[object, ...]]


@dataclass(frozen=True)
class SmallSource:
    """A data set that is made in one piece."""

    all_rows: Callable[[], Iterator[Row]]
    stamp: Callable[[], tuple[object, ...]]


@dataclass(frozen=True)
class Version:
    """The version of a data set: a hash of its stamp, and when it last changed."""

    code: str
    sha256: str
    updated_at: datetime | None


def find(code: str) -> Dataset:
    """Return the description of a data set. Raises NotFound."""
    for row in publication().datasets:
        if row.code == code:
            return row
    raise NotFound("그런 공개 데이터가 없습니다.")


def version(code: str) -> Version:
    """Return the version of a data set without reading its rows. Raises NotFound."""
    stamp = sources()[find(code).code].stamp()
    named = keys.name_of(settings.OPEN_DATA_KEYS)
    text = json.dumps([publication().format, code, [str(part) for part in stamp], named])
    times = [part for part in stamp if isinstance(part, datetime)]
    return Version(code, hashlib.sha256(text.encode()).hexdigest(), max(times) if times else None)


def rows(code: str) -> Iterator[Row]:
    """Return every row of a data set. Raises NotFound."""
    source = sources()[find(code).code]
    if isinstance(source, SmallSource):
        yield from source.all_rows()
        return
    query, last = source.query().order_by("pk"), 0
    while block := list(query.filter(pk__gt=last)[:CHUNK]):
        last = block[-1].pk
        yield from source.to_rows(block)


def pseudonym(kind: str, *parts: object) -> str:
    """Return the stable public name of an object, from which the object cannot be derived."""
    text = ":".join(map(str, parts))
    return keys.lasting_hash(settings.OPEN_DATA_KEYS, f"open-data.{kind}", text)[:LENGTH]


@cache
def sources() -> dict[str, Source | SmallSource]:
    return {
        "programs": Source(_programs, _program_rows, _offered_stamp),
        "tracks": Source(_tracks, _track_rows, _offered_stamp),
        "pots": SmallSource(_pot_rows, _money_stamp),
        "ledger": Source(_entries, _entry_rows, _money_stamp),
        "runs": Source(open_runs, _run_rows, _released_stamp),
        "criteria": Source(open_runs, _criterion_rows, _released_stamp),
        "selections": Source(_selections, _selection_rows, _released_stamp),
        "results": Source(_decisions, _result_rows, _present_stamp),
        "score-sheets": Source(_decisions, _sheet_rows, _released_stamp),
        "bonuses": Source(_decisions, _bonus_rows, _released_stamp),
        "reruns": Source(_reruns, _rerun_rows, _changed_stamp),
        "rerun-sheets": Source(_reruns, _rerun_sheet_rows, _changed_stamp),
        "rerun-bonuses": Source(_reruns, _rerun_bonus_rows, _changed_stamp),
        "changes": Source(_changes, _change_rows, _changed_stamp),
        "statistics": SmallSource(_statistic_rows, _statistics_stamp),
        "evidence": SmallSource(_evidence_rows, _changed_stamp),
        "seals": Source(_seals, _seal_rows, _seal_stamp),
    }


# --- What a data set depends on --------------------------------------------------------------------


def _offered_stamp() -> tuple[object, ...]:
    latest = public_sub_programs().aggregate(one=Max("updated_at"), two=Max("round__updated_at"))
    return (latest["one"], latest["two"])


def _released_stamp() -> tuple[object, ...]:
    latest = open_selections().aggregate(at=Max("released_at"), last=Max("pk"))
    return (latest["at"], latest["last"])


def _changed_stamp() -> tuple[object, ...]:
    latest = open_changes().aggregate(at=Max("at"), last=Max("pk"))
    return (latest["at"], latest["last"], *_released_stamp())


def _present_stamp() -> tuple[object, ...]:
    left = ApplicationMove.objects.filter(
        thing__in=open_decisions().order_by().values("application"), target__in=decisions.LEFT
    )
    last = left.order_by("-pk").values_list("pk", "at").first()
    return (*(last or ()), *_changed_stamp())


def _money_stamp() -> tuple[object, ...]:
    last = LedgerEntry.objects.order_by("-pk").values_list("pk", "at").first()
    return (*(last or ()), *_released_stamp())


def _statistics_stamp() -> tuple[object, ...]:
    return (*_money_stamp(), *(part for row in public_rounds() for part in figures.stamp(row)))


def _seal_stamp() -> tuple[object, ...]:
    last = AuditSeal.objects.order_by("-pk").values_list("pk", "sealed_at").first()
    return tuple(last or ())


# --- Programmes and money --------------------------------------------------------------------------


def _programs() -> QuerySet[SubProgram]:
    return public_sub_programs().select_related("round", "pot")


def _program_rows(block: Sequence[SubProgram]) -> Iterator[Row]:
    for row in block:
        window = row.window()
        yield {
            "id": row.pk,
            "round": row.round.code,
            "code": row.code,
            "name": row.name,
            "pot": row.pot.code,
            "quota_count": row.quota_count,
            "quota_kind": row.quota_kind,
            "opens_at": _instant(window.opens_at),
            "closes_at": _instant(window.closes_at),
        }


def _tracks() -> QuerySet[Track]:
    return Track.objects.filter(sub_program__in=public_sub_programs().values("pk"))


def _track_rows(block: Sequence[Track]) -> Iterator[Row]:
    same = ("code", "name", "grant_kind", "cap_won", "share_percent", "flat_won", "planning_won")
    for row in block:
        yield {"program": row.sub_program_id, **{name: getattr(row, name) for name in same}}


def _pot_rows() -> Iterator[Row]:
    for pot, balance in published():
        yield {
            "code": pot.code,
            "name": pot.name,
            "appropriated_won": balance.appropriated,
            "reserved_won": balance.reserved,
            "committed_won": balance.committed,
            "paid_won": balance.paid,
            "available_won": balance.available,
        }


def _entries() -> QuerySet[LedgerEntry]:
    return public_entries().select_related("budget").defer("note", "reference", "by")


def _entry_rows(block: Sequence[LedgerEntry]) -> Iterator[Row]:
    for row in block:
        yield {
            "id": row.pk,
            "pot": row.budget.code,
            "kind": row.kind,
            "amount_won": row.amount_won,
            "subject": pseudonym("subject", row.subject) if row.subject else None,
            "at": _instant(row.at),
        }


# --- Scores, ranks and cut-off lines -------------------------------------------------------------


def _run_rows(block: Sequence[ScoreRun]) -> Iterator[Row]:
    for row in block:
        rubric = row.rubric
        yield {
            "id": row.pk,
            "program": row.sub_program_id,
            "number": row.number,
            "rubric_sha256": row.rubric_sha256,
            **{name: rubric[name] for name in ("floor", "trim_from", "minimum_sheets")},
            **{name: rubric[name] for name in ("decimals", "bonus_cap")},
            "scored": row.scored,
            "inputs_sha256": row.inputs_sha256,
            "results_sha256": row.results_sha256,
        }


def _criterion_rows(block: Sequence[ScoreRun]) -> Iterator[Row]:
    for run in block:
        for place, row in enumerate(run.rubric["criteria"], start=1):
            yield {
                "run": run.pk,
                "rubric_sha256": run.rubric_sha256,
                "order": place,
                "code": row["code"],
                "label": row["label"],
                "max_points": row["max_points"],
                "core": row["core"],
            }


def _selections() -> QuerySet[Selection]:
    return open_selections()


def _selection_rows(block: Sequence[Selection]) -> Iterator[Row]:
    for row in block:
        cut = row.cut
        yield {
            "id": row.pk,
            "run": row.run_id,
            "program": row.sub_program_id,
            "places": row.places,
            "reserve_places": cut.get("reserve_places"),
            "available_won": row.available_won,
            "selected_count": cut["selected_count"],
            "amount_won": cut["amount_won"],
            "cut_total": cut["cut_total"],
            "stopped_by": cut["stopped_by"],
            "tie_rule": row.tie_rule,
            "decided_at": _instant(row.decided_at),
            "released_at": _instant(row.released_at),
        }


def _decisions() -> QuerySet[Decision]:
    return (
        open_decisions()
        .select_related("selection__run", "application__submission")
        .only(
            "selection__run__results_sha256",
            "application_id",
            "application__submission__support_won",
            "rank",
            "outcome",
            "grant_won",
            "reason_code",
        )
    )


def _result_rows(block: Sequence[Decision]) -> Iterator[Row]:
    scores = _scores(block)
    now = _present(block)
    filed_by_ticket = UsedTicket.objects.filter(
        application__in=[row.application_id for row in block]
    )
    by_ticket = set(filed_by_ticket.values_list("application", flat=True))
    for row in block:
        run = row.selection.run_id
        present = now[row.selection_id, row.application_id]
        digest = row.selection.run.results_sha256
        score = scores[(run, row.application_id)]
        yield {
            "selection": row.selection_id,
            "run": run,
            "application": pseudonym("application", run, row.application_id),
            "received": received(row.selection_id, digest, row.application_id),
            "by_ticket": row.application_id in by_ticket,
            "raw": _digits(score.raw),
            "core": _digits(score.core),
            "bonus": score.bonus,
            "total": _digits(score.total),
            "passed_floor": score.passed_floor,
            "beyond_limits": row.reason_code == AID_LIMIT,
            "amount_won": row.application.submission.support_won,
            "rank": row.rank,
            "outcome": row.outcome,
            "grant_won": row.grant_won,
            "reason_code": row.reason_code,
            "now": present.outcome,
            "now_won": present.grant_won,
            "now_at": _instant(present.at),
        }


def _present(block: Sequence[Decision]) -> dict[tuple[int, int], decisions.Present]:
    by_selection: dict[int, list[int]] = {}
    for row in block:
        by_selection.setdefault(row.selection_id, []).append(row.application_id)
    chosen = Selection.objects.in_bulk(by_selection)
    return {
        (selection, application): present
        for selection, ids in by_selection.items()
        for application, present in decisions.present_of(chosen[selection], ids).items()
    }


def _sheet_rows(block: Sequence[Decision]) -> Iterator[Row]:
    """Sheets as they were when the run was requested, numbered within their application."""
    runs = ScoreRun.objects.in_bulk({row.selection.run_id for row in block})
    sheets: dict[int, list[ScoreSheet]] = {}
    query = ScoreSheet.objects.filter(
        application__in=[row.application_id for row in block], locked_at__isnull=False
    )
    for sheet in query.order_by("pk").prefetch_related("decisions"):
        sheets.setdefault(sheet.application_id, []).append(sheet)
    for row in block:
        run = runs[row.selection.run_id]
        counted = [
            sheet
            for sheet in sheets.get(row.application_id, ())
            if sheet.locked_at and sheet.locked_at <= run.requested_at
        ]
        # An order that does not reveal who submitted first.
        counted.sort(key=lambda sheet: pseudonym("sheet", run.pk, sheet.pk))
        for place, sheet in enumerate(counted, start=1):
            withdrawn = sheet.excluded_at(run.requested_at)
            for criterion, points in sheet.marks.items():
                yield {
                    "run": run.pk,
                    "application": pseudonym("application", run.pk, row.application_id),
                    "sheet": place,
                    "withdrawn": withdrawn,
                    "criterion": criterion,
                    "points": points,
                }


def _bonus_rows(block: Sequence[Decision]) -> Iterator[Row]:
    scores = _scores(block, breakdown=True)
    for row in block:
        run = row.selection.run_id
        for item in scores[(run, row.application_id)].breakdown["bonus"]["items"]:
            yield {
                "run": run,
                "application": pseudonym("application", run, row.application_id),
                "code": item["code"],
                "points": item["points"],
            }


def _reruns() -> QuerySet[Objection]:
    return open_reruns().select_related("run", "decision__selection")


def _rerun_rows(block: Sequence[Objection]) -> Iterator[Row]:
    """The one case of each new run with its score."""
    for case, run, score, decision in _made_again(block):
        selection = case.result.selection
        yield {
            "selection": selection.pk,
            "run": run.pk,
            "number": run.number,
            "previous": selection.run_id,
            "application": _name_of_rerun(case),
            "remedy": case.remedy,
            "raw": _digits(score.raw),
            "core": _digits(score.core),
            "bonus": score.bonus,
            "total": _digits(score.total),
            "passed_floor": score.passed_floor,
            "rank": decision.rank,
            "outcome": decision.outcome,
            "grant_won": decision.grant_won,
            "inputs_sha256": run.inputs_sha256,
            "results_sha256": run.results_sha256,
        }


def _made_again(
    block: Sequence[Objection],
) -> Iterator[tuple[Objection, ScoreRun, ScoreResult, Decision]]:
    cases = [row.application_id for row in block]
    results = {row.run_id: row for row in ScoreResult.objects.filter(application__in=cases)}
    changes = DecisionChange.objects.filter(kind=ChangeKind.OBJECTION, application__in=cases)
    made = {row.application_id: row.made for row in changes.select_related("made")}
    for case in block:
        run, decision = case.run, made[case.application_id]
        if run is not None and decision is not None:
            yield case, run, results[run.pk], decision


def _name_of_rerun(case: Objection) -> str:
    return pseudonym("application", case.result.selection.run_id, case.application_id)


def _rerun_sheet_rows(block: Sequence[Objection]) -> Iterator[Row]:
    sheets: dict[int, list[ScoreSheet]] = {}
    cases = [row.application_id for row in block]
    submitted = ScoreSheet.objects.filter(application__in=cases, locked_at__isnull=False)
    for sheet in submitted.order_by("pk").prefetch_related("decisions"):
        sheets.setdefault(sheet.application_id, []).append(sheet)
    for case, run, _, _ in _made_again(block):
        counted = [sheet for sheet in sheets.get(case.application_id, ()) if _counts(sheet, case)]
        counted.sort(key=lambda sheet: pseudonym("sheet", sheet.pk))
        for place, sheet in enumerate(counted, start=1):
            for criterion, points in sheet.marks.items():
                yield {
                    "run": run.pk,
                    "application": _name_of_rerun(case),
                    "sheet": place,
                    "criterion": criterion,
                    "points": points,
                }


def _rerun_bonus_rows(block: Sequence[Objection]) -> Iterator[Row]:
    for case, run, score, _ in _made_again(block):
        for item in score.breakdown["bonus"]["items"]:
            yield {
                "run": run.pk,
                "application": _name_of_rerun(case),
                "code": item["code"],
                "points": item["points"],
            }


def _counts(sheet: ScoreSheet, case: Objection) -> bool:
    """Return whether a sheet was locked and not withdrawn when the new run was requested."""
    at = case.run.requested_at if case.run else None
    if at is None or sheet.locked_at is None or sheet.locked_at > at:
        return False
    if sheet.excluded_at(at):
        return False
    # Where other assessors judged the case anew, only sheets assigned since the objection count.
    since = case.decided_at if case.remedy == Remedy.SHEETS else None
    return since is None or sheet.assigned_at >= since


def _changes() -> QuerySet[Decision]:
    return open_changes().select_related("selection", "previous").only(
        "selection__run_id", "application_id", "outcome", "grant_won", "reason_code", "at",
        "previous__outcome", "previous__grant_won",
    )  # fmt: skip


def _change_rows(block: Sequence[Decision]) -> Iterator[Row]:
    for row in block:
        run = row.selection.run_id
        before = cast(Decision, row.previous)  # open changes are later decisions
        yield {
            "id": row.pk,
            "selection": row.selection_id,
            "application": pseudonym("application", run, row.application_id),
            "kind": row.reason_code,
            "before": before.outcome,
            "before_won": before.grant_won,
            "after": row.outcome,
            "after_won": row.grant_won,
            "at": _instant(row.at),
        }


def _scores(
    block: Sequence[Decision], *, breakdown: bool = False
) -> dict[tuple[int, int], ScoreResult]:
    results = ScoreResult.objects.filter(
        run__in={row.selection.run_id for row in block},
        application__in=[row.application_id for row in block],
    )
    results = results if breakdown else results.defer("breakdown")
    return {(row.run_id, row.application_id): row for row in results}


def received(selection: int, results_sha256: str, application: int) -> int:
    """Return the place of an application among those of its selection by time of filing."""
    ids, places = _order(selection, results_sha256)
    return places[bisect_left(ids, application)]


@lru_cache(maxsize=8)
def _order(selection: int, results_sha256: str) -> tuple["array[int]", "array[int]"]:
    # A released selection never changes, so the cache needs no expiry. The instants themselves
    # are not published: they are on the receipts.
    filed = Decision.objects.filter(selection=selection, previous=None).order_by(
        "application__submitted_at", "application"
    )
    by_time = array("q", filed.values_list("application", flat=True).iterator(chunk_size=CHUNK))
    order = sorted(range(len(by_time)), key=by_time.__getitem__)
    return array("q", (by_time[i] for i in order)), array("q", (i + 1 for i in order))


# --- Statistics and seals --------------------------------------------------------------------------


def _statistic_rows() -> Iterator[Row]:
    for round in public_rounds().order_by("pk"):
        for table in figures.figures(round, public=True):
            for label, values in table.rows:
                for column, value in zip(table.columns, values, strict=True):
                    yield {
                        "round": round.code,
                        "table": table.title,
                        "row": label,
                        "column": column,
                        "value": value,
                        "suppressed": value is None and table.counts_firms,
                    }


def _evidence_rows() -> Iterator[Row]:
    """Count by condition how far the facts of announced applications were confirmed, without names."""
    announced = open_decisions().order_by().values("application")
    counted = (
        Check.objects.filter(application__in=announced)
        .order_by()
        .values_list("application__sub_program", "code", "message", "standing")
        .annotate(count=Count("pk"))
    )
    cells: dict[tuple[int, str, str], dict[str, int]] = defaultdict(dict)
    for program, code, message, standing, count in counted:
        cells[program, code, message][standing] = count
    for (program, code, message), found in sorted(cells.items()):
        shown = suppress({name: found.get(name, 0) for name in STANDINGS}, publication().minimum)
        for name, count in shown.items():
            yield {
                "program": program,
                "condition": code,
                "message": message,
                "standing": name,
                "count": count,
                "suppressed": count is None,
            }


def _seals() -> QuerySet[AuditSeal]:
    return AuditSeal.objects.defer("digests", "pks", "columns")


def _seal_rows(block: Sequence[AuditSeal]) -> Iterator[Row]:
    for row in block:
        yield {
            "chain": row.chain_id,
            "number": row.number,
            "sealed_at": _instant(row.sealed_at),
            "rows": row.count,
            "sha256": row.sha256,
        }


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(KST).isoformat(timespec="seconds") if at else None


def _digits(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def paged(code: str) -> tuple[QuerySet[Model], Callable[[Sequence[Any]], Iterator[Row]]] | None:
    """Return query and row function of a data set read by key; None for a small one."""
    source = sources()[find(code).code]
    return None if isinstance(source, SmallSource) else (source.query(), source.to_rows)
