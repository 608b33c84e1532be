"""Score runs: a frozen rubric applied to locked sheets, in chunks.

A repeated run over the same inputs gives the same bytes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from applications.models import (
    Application,
    BonusClaim,
    Objection,
    ScoreResult,
    ScoreRun,
    ScoreSheet,
)
from applications.queries.application import in_program
from applications.queries.assessment.sheets import handed_in_for
from applications.rules.assessment import scoring as scoring_rules
from applications.services.assessment import rubrics
from applications.states import ApplicationState, BonusState, ObjectionState
from portal.access import impartiality
from portal.core.errors import Finding, PortalError, RuleBroken
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import JobState, User
from portal.records import bulk, snapshot
from programs.models import SubProgram
from programs.roles import MANAGER, OFFICER
from programs.rules import calendar

JOB = "applications.score"
CHUNK = 2_000
EXAMPLES = 5
EXAMPLE_ROWS = 25  # read for the examples, since several rows may name one application
INPUTS_CHANGED = "점수를 내는 동안 신청이 바뀌어 다시 계산합니다."

Bonus = tuple[str, int]
# application, marks of its sheets, their hashes, granted bonuses, number of withdrawn sheets
Entry = tuple[int, list[scoring_rules.Sheet], list[str], list[Bonus], int]


class Row(NamedTuple):
    """A `ScoreResult` in the order of its columns; `results_sha256` is over these values."""

    run_id: int
    application_id: int
    raw: Decimal | None
    bonus: int
    total: Decimal | None
    core: Decimal
    passed_floor: bool
    breakdown: str
    inputs_sha256: str


COLUMNS = Row._fields


def unready(sub_program: SubProgram) -> list[Finding]:
    """Return everything that prevents a sub-programme from being scored now."""
    applications = _assessing(sub_program)
    if not applications.exists():
        return [Finding("nothing_to_score", "평가 중인 신청이 없습니다.")]
    findings = []
    open_sheets = ScoreSheet.objects.waiting().filter(
        application__sub_program=sub_program,
        application__in=applications,
    )
    if count := open_sheets.count():
        unlocked = open_sheets.order_by("pk").values_list("application__number", flat=True)[
            :EXAMPLE_ROWS
        ]
        findings.append(
            Finding(
                "sheets_unlocked",
                f"제출하지 않은 평가표가 {count:,}부 있습니다. ({_examples(unlocked)})",
            )
        )
    few = applications.annotate(
        locked=Count(
            "sheets",
            filter=Q(sheets__locked_at__isnull=False, sheets__withdrawn_at=None),
        )
    ).filter(locked__lt=sub_program.minimum_sheets)
    if count := few.count():
        numbers = few.order_by("pk").values_list("number", flat=True)[:EXAMPLE_ROWS]
        findings.append(
            Finding(
                "too_few_sheets",
                f"평가표가 최소 {sub_program.minimum_sheets}부에 못 미치는 신청이 {count:,}건"
                f" 있습니다. ({_examples(numbers)})",
            )
        )
    running = sub_program.score_runs.filter(finished_at=None).exclude(job__state=JobState.PARKED)
    if running.exists():
        findings.append(Finding("run_in_progress", "아직 끝나지 않은 점수 산정이 있습니다."))
    return findings


def intake_open(sub_program: SubProgram, *, now: datetime) -> Finding | None:
    """Return that applications can still come in which the ranking would leave out.

    A rolling intake is scored as applications come, so it is never a finding there.
    """
    window = sub_program.window()
    if window.rolling or window.closes_at is None or calendar.state(window, now) != calendar.OPEN:
        return None
    return Finding(
        "intake_open",
        f"접수가 {calendar.stamp(window.closes_at)}에 마감됩니다. 그때까지 더 들어오는 신청은 이번 순위에 들지 않습니다.",
    )


def start(
    sub_program: SubProgram, *, by: User, now: datetime, while_open: bool = False
) -> ScoreRun:
    """Request a run under the rubric in force, linked to the previous run.

    `while_open` says that the person knows of an intake that still runs. Raises RuleBroken with
    everything that is not ready, MoveNotAllowed.
    """
    impartiality.require(
        by,
        [OFFICER, MANAGER],
        about=in_program(sub_program),
        message="점수 산정을 시작할 권한이 없습니다.",
        code="move_not_allowed",
    )
    with transaction.atomic():
        locked = SubProgram.objects.select_for_update(of=("self",), no_key=True)
        sub_program = locked.select_related("round").get(pk=sub_program.pk)
        findings = unready(sub_program)
        if (early := intake_open(sub_program, now=now)) and not while_open:
            findings.append(early)
        if findings:
            raise RuleBroken(findings, message="점수 산정을 시작할 수 없습니다.")
        version = rubrics.freeze(sub_program, by=by, now=now)
        rubric = rubrics.read(version)
        last = sub_program.score_runs.order_by("-number").first()
        run = ScoreRun.objects.create(
            sub_program=sub_program,
            number=last.number + 1 if last else 1,
            previous=last,
            version=version,
            rubric=rubric.to_json(),
            rubric_sha256=rubric.sha256,
            requested_by=by,
            requested_at=now,
        )
        run.job = queue.enqueue(JOB, key=f"score:{run.pk}", by=by, run=run.pk)
        run.save(update_fields=["job"])
    return run


def compute(run: ScoreRun, *, now: datetime, progress: Progress = no_progress) -> None:
    """Score every application in the scope of the run from its locked sheets.

    A killed run repeats over the same inputs and keeps the rows already written. Does nothing for a
    finished run. Memory does not grow with the number of applications. Raises PortalError
    (`inputs_changed`) when the scope changed meanwhile.
    """
    if run.finished_at is not None:
        return
    rubric = scoring_rules.Rubric.from_json(run.rubric)
    run.results.exclude(application__in=_scope(run)).delete()
    total = _scope(run).count()
    inputs, results, scored = hashlib.sha256(), hashlib.sha256(), 0
    resumed = run.results.exists()
    for chunk in _chunks(run):
        rows = [_result(run, rubric, *entry) for entry in chunk]
        bulk.insert(ScoreResult, COLUMNS, _missing(run, rows) if resumed else rows)
        for row in rows:
            inputs.update(f"{row.inputs_sha256}\n".encode())
            results.update(("\t".join(map(str, row[1:])) + "\n").encode())
        scored += len(rows)
        progress(scored, max(total, scored))
    with transaction.atomic():
        if run.results.count() != scored:
            raise PortalError(INPUTS_CHANGED, code="inputs_changed")
        ScoreRun.objects.filter(pk=run.pk, finished_at=None).update(
            finished_at=now,
            scored=scored,
            inputs_sha256=inputs.hexdigest(),
            results_sha256=results.hexdigest(),
        )
    run.refresh_from_db()


def _assessing(sub_program: SubProgram) -> QuerySet[Application]:
    # An upheld objection has a run of its own.
    return Application.objects.filter(
        sub_program=sub_program, state=ApplicationState.ASSESSING
    ).exclude(objection__state=ObjectionState.UPHELD)


def _scope(run: ScoreRun) -> QuerySet[Application]:
    case = Objection.objects.filter(run=run)
    if case.exists():
        return Application.objects.filter(pk__in=case.values("application"))
    return _assessing(run.sub_program)


def _examples(numbers: Iterable[str | None]) -> str:
    listed = list(dict.fromkeys(str(number) for number in numbers))
    return "예: " + ", ".join(listed[:EXAMPLES])


def _chunks(run: ScoreRun) -> Iterator[list[Entry]]:
    last = 0
    scope = _scope(run).order_by("pk").values_list("pk", flat=True)
    handed_in = handed_in_for(run)
    while ids := list(scope.filter(pk__gt=last)[:CHUNK]):
        last = ids[-1]
        marks: dict[int, list[scoring_rules.Sheet]] = {pk: [] for pk in ids}
        hashes: dict[int, list[str]] = {pk: [] for pk in ids}
        withdrawn: dict[int, int] = dict.fromkeys(ids, 0)
        sheets = handed_in.filter(application__in=ids)
        # The state when the run was requested, so that a repeated run gives the same bytes.
        for pk, points, digest, out_at in sheets.order_by("application", "pk").values_list(
            "application_id", "marks", "sha256", "withdrawn_at"
        ):
            if out_at is not None and out_at <= run.requested_at:
                withdrawn[pk] += 1
                continue
            marks[pk].append(points)
            hashes[pk].append(digest)
        bonuses = _granted(ids)
        yield [(pk, marks[pk], hashes[pk], bonuses.get(pk, []), withdrawn[pk]) for pk in ids]


def _granted(ids: Sequence[int]) -> Mapping[int, list[Bonus]]:
    granted: dict[int, list[Bonus]] = {}
    claims = BonusClaim.objects.filter(application__in=ids, state=BonusState.GRANTED)
    for pk, code, points in claims.order_by("application", "code").values_list(
        "application_id", "code", "points"
    ):
        granted.setdefault(pk, []).append((code, points))
    return granted


def _result(
    run: ScoreRun,
    rubric: scoring_rules.Rubric,
    application: int,
    sheets: list[scoring_rules.Sheet],
    hashes: list[str],
    bonuses: list[Bonus],
    withdrawn: int,
) -> Row:
    score = scoring_rules.score(rubric, sheets, bonuses)
    return Row(
        run_id=run.pk,
        application_id=application,
        raw=score.raw,
        bonus=score.bonus_counted,
        total=score.total,
        core=score.core,
        passed_floor=score.passed_floor,
        breakdown=snapshot.dumps(scoring_rules.breakdown(score, rubric, withdrawn)),
        inputs_sha256=snapshot.sha256([run.rubric_sha256, application, hashes, bonuses]),
    )


def _missing(run: ScoreRun, rows: Sequence[Row]) -> list[Row]:
    ids = [row.application_id for row in rows]
    existing = set(run.results.filter(application__in=ids).values_list("application_id", flat=True))
    return [row for row in rows if row.application_id not in existing]
