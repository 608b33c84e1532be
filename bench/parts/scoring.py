"""Row 3: scoring, ranking and selecting, against one SQL aggregate over the same sheets."""

import time
from collections.abc import Callable

from applications.services.assessment import scoring
from applications.services.selection import proposals
from bench.environment import Stage
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


def measure(stage: Stage, template: str, *, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """Seed, aggregate, then do the real work in a process of its own."""
    count = 5_000 if quick else 100_000
    database = stage.create(PART, template=template)
    say(f"{count:,} applications under assessment, {SHEETS} locked sheets each")
    stage.manage(
        database, "seed_bulk", "--applications", str(count), "--program", PROGRAM,
        "--stage", "assessing", "--sheets", str(SHEETS),
    )  # fmt: skip
    stage.query(database, "VACUUM ANALYZE")
    stage.query(database, AGGREGATE)
    began = time.monotonic()
    stage.query(database, AGGREGATE)
    floor = time.monotonic() - began
    say("scoring, ranking, selecting")
    found = stage.inside(database, PART)
    stage.drop(database)
    return _rows(found, floor, count, goal=GOAL_SECONDS * count / 100_000)


def _rows(found: dict[str, float], floor: float, count: int, *, goal: float) -> list[Row]:
    work = found["compute"] + found["propose"]
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
        Row(PART, "… of which scoring", f"{found['compute']:.1f} s"),
        Row(PART, "… of which ranking and the line", f"{found['propose']:.1f} s"),
        Row(
            PART, f"decide: money and states of {found['selected']:,.0f} selected",
            f"{found['decide']:.1f} s",
        ),
        Row(PART, "CPU of the process over all three", f"{found['cpu']:.1f} s"),
        Row(
            PART, "memory at its peak", f"{found['mb']:.0f} MB", f"{found['mb_before']:.0f} MB (idle)",
            times(found["mb"] / found["mb_before"]), f"≤ {GOAL_MB} MB", found["mb"] <= GOAL_MB,
        ),
    ]  # fmt: skip


def inside() -> dict[str, float]:
    """Score, propose and decide as the jobs and the manager do."""
    before = peak_bytes()
    manager = User.objects.get(email=MANAGER_EMAIL)
    program = SubProgram.objects.select_related("pot").get(code=PROGRAM)
    at = now()
    cpu = time.process_time()
    began = time.monotonic()
    run = scoring.start(program, by=manager, now=at)
    scoring.compute(run, now=at)
    computed = time.monotonic()
    chosen = proposals.start(run, by=manager, now=at)
    proposals.propose(chosen, now=at)
    proposed = time.monotonic()
    proposals.confirm(chosen, by=User.objects.get(email=OFFICER_EMAIL), now=at)
    proposals.decide(chosen, by=manager, now=at)
    return {
        "compute": computed - began,
        "propose": proposed - computed,
        "decide": time.monotonic() - proposed,
        "selected": chosen.cut["selected_count"],
        "cpu": time.process_time() - cpu,
        "mb": peak_bytes() / 2**20,
        "mb_before": before / 2**20,
    }
