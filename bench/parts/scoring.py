"""Score, rank and select, beside one SQL aggregate over the same sheets."""

import time

from applications.services.assessment import scoring
from applications.services.selection import proposals
from bench.environment import Environment, Log
from bench.parts.fixtures import MANAGER_EMAIL, OFFICER_EMAIL
from bench.report import Row, peak_bytes, times
from portal.core.clock import now
from portal.models import User
from programs.models import SubProgram

PART = "scoring"
PROGRAM = "build"
SHEETS = 5
GOAL_SECONDS, GOAL_MB = 60, 300
AGGREGATE = """
SELECT count(*), avg(score) FROM (
    SELECT sheet.application_id, avg(mark.value::int) AS score
    FROM applications_scoresheet AS sheet, jsonb_each_text(sheet.marks) AS mark
    WHERE sheet.locked_at IS NOT NULL
    GROUP BY sheet.application_id
) AS scores
"""


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    count = 5_000 if quick else 100_000
    database = environment.create(PART, template=template)
    log(f"{count:,} applications under assessment, {SHEETS} locked sheets each")
    environment.manage(
        database, "seed_bulk", "--applications", str(count), "--program", PROGRAM,
        "--stage", "assessing", "--sheets", str(SHEETS),
    )  # fmt: skip
    environment.query(database, "VACUUM ANALYZE")
    environment.query(database, AGGREGATE)
    started = time.monotonic()
    environment.query(database, AGGREGATE)
    floor = time.monotonic() - started
    log("scoring, ranking, selecting")
    result = environment.run_part(database, PART)
    environment.drop(database)
    return _rows(result, floor, count, goal=GOAL_SECONDS * count / 100_000)


def _rows(result: dict[str, float], floor: float, count: int, *, goal: float) -> list[Row]:
    work = result["compute"] + result["propose"]
    return [
        Row(
            PART,
            f"score, rank and select {count:,}",
            f"{work:.1f} s",
            f"{floor:.2f} s (aggregate)",
            times(work / floor),
            f"≤ {goal:.0f} s",
            work <= goal,
        ),
        Row(PART, "… of which scoring", f"{result['compute']:.1f} s"),
        Row(PART, "… of which ranking and the cutoff", f"{result['propose']:.1f} s"),
        Row(
            PART, f"decide: money and states of {result['selected']:,.0f} selected",
            f"{result['decide']:.1f} s",
        ),
        Row(PART, "CPU of the process over all three", f"{result['cpu']:.1f} s"),
        Row(
            PART, "memory at its peak", f"{result['mb']:.0f} MB", f"{result['mb_before']:.0f} MB (idle)",
            times(result["mb"] / result["mb_before"]), f"≤ {GOAL_MB} MB", result["mb"] <= GOAL_MB,
        ),
    ]  # fmt: skip


def run() -> dict[str, float]:
    before = peak_bytes()
    manager = User.objects.get(email=MANAGER_EMAIL)
    program = SubProgram.objects.select_related("pot").get(code=PROGRAM)
    at = now()
    cpu = time.process_time()
    started = time.monotonic()
    run = scoring.start(program, by=manager, now=at)
    scoring.compute(run, now=at)
    computed = time.monotonic()
    chosen = proposals.start(run, by=manager, now=at)
    proposals.propose(chosen, now=at)
    proposed = time.monotonic()
    proposals.confirm(chosen, by=User.objects.get(email=OFFICER_EMAIL), now=at)
    proposals.decide(chosen, by=manager, now=at)
    return {
        "compute": computed - started,
        "propose": proposed - computed,
        "decide": time.monotonic() - proposed,
        "selected": chosen.cut["selected_count"],
        "cpu": time.process_time() - cpu,
        "mb": peak_bytes() / 2**20,
        "mb_before": before / 2**20,
    }
