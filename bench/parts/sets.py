"""Take up and qualify a large call by acts on sets, beside the bare statements that write the same rows."""

import time
from itertools import pairwise
from typing import Any

from django.db import connection, transaction

from applications.models import Application, BonusClaim, Check, SetAct
from applications.services.set_acts import running
from applications.services.set_acts.acts import ACTS
from applications.states import BonusState, CheckDecision, SetActKind
from bench.environment import Environment, EnvironmentFailed, Log
from bench.parts.fixtures import OFFICER_EMAIL
from bench.report import Row, peak_bytes, times
from portal.core.clock import now
from portal.models import User
from programs.models import SubProgram

PART = "sets"
PROGRAM = "build"
PART_SIZE = 5_000
GOAL_SECONDS, GOAL_ACTS, GOAL_MB = 600, 50, 300
MOVE = """
UPDATE applications_application SET state = %(target)s WHERE id = ANY(%(ids)s)
"""
LOG = """
INSERT INTO applications_applicationmove (thing_id, move, source, target, by_id, at, note)
SELECT id, 'qualify', 'screening', %(target)s, %(by)s, now(), 'bare'
FROM applications_application WHERE id = ANY(%(ids)s)
"""
RESULT = """
INSERT INTO applications_setresult (set_act_id, application_id, outcome, code, message, at)
SELECT %(act)s, id, 'done', '', '', now()
FROM applications_application WHERE id = ANY(%(ids)s)
"""


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    count = 2_000 if quick else 100_000
    database = environment.create(PART, template=template)
    log(f"{count:,} filed applications")
    environment.manage(
        database, "seed_bulk", "--applications", str(count), "--program", PROGRAM,
        "--stage", "submitted",
    )  # fmt: skip
    environment.query(database, "VACUUM ANALYZE")
    log("taking up, qualifying, and the bare statements")
    result = environment.run_part(database, PART)
    environment.drop(database)
    return _rows(result, count, goal=GOAL_SECONDS * count / 100_000)


def _rows(result: dict[str, Any], count: int, *, goal: float) -> list[Row]:
    acts, seconds = result["acts"], result["qualify"]
    return [
        Row(
            PART,
            f"qualify {count:,}, each on record",
            f"{seconds:.1f} s",
            f"{result['floor']:.1f} s (bare UPDATE, INSERT)",
            times(seconds / result["floor"]),
            f"≤ {goal:.0f} s",
            seconds <= goal and result["qualified"] == count,
        ),
        Row(PART, "… acts of the officer", f"{acts}", "", "", f"≤ {GOAL_ACTS}", acts <= GOAL_ACTS),
        Row(PART, f"take up {count:,}, with their checks", f"{result['take_up']:.1f} s"),
        Row(PART, "the longest chunk: how long others may wait", f"{result['longest']:.2f} s"),
        Row(
            PART, "memory at its peak", f"{result['mb']:.0f} MB", f"{result['mb_before']:.0f} MB (idle)",
            times(result["mb"] / result["mb_before"]), f"≤ {GOAL_MB} MB", result["mb"] <= GOAL_MB,
        ),
    ]  # fmt: skip


def run() -> dict[str, Any]:
    before = peak_bytes()
    officer = User.objects.get(email=OFFICER_EMAIL)
    officer.sub_programs.add(SubProgram.objects.get(code=PROGRAM))
    took, _, longest = _act(SetActKind.TAKE_UP, "submitted", officer)
    # What takes people their days: every check is decided, every bonus claim judged.
    _decide(officer)
    BonusClaim.objects.update(**{"state": BonusState.GRANTED}, reason="확인함")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    seconds, acts, slowest = _act(SetActKind.QUALIFY, "screening", officer)
    done = sum(act.done for act in acts)
    mb = peak_bytes() / 2**20
    return {
        "take_up": took,
        "qualify": seconds,
        "acts": len(acts),
        "qualified": done,
        "longest": max(longest, slowest),
        "floor": _floor(officer),
        "mb": mb,
        "mb_before": before / 2**20,
    }


def _decide(by: User) -> None:
    """Decide every check, in parts that each end before the time limit of a statement."""
    ids = list(Application.objects.order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(ids), PART_SIZE):
        rows = Check.objects.filter(application__in=ids[first : first + PART_SIZE])
        rows.update(decision=CheckDecision.CONFIRMED, met=True, decided_by=by)


def _act(kind: SetActKind, state: str, by: User) -> tuple[float, list[SetAct], float]:
    """Act on all in a state, as an officer does from the list; return seconds, acts, longest chunk."""
    chunks: list[float] = []

    def progress(done: int, total: int, stage: str = "") -> None:
        chunks.append(time.monotonic())

    began = time.monotonic()
    acts = []
    while Application.objects.filter(state=state).exists():
        chosen = Application.objects.filter(state=state).order_by("pk")
        part = chosen.filter(pk__in=list(chosen.values_list("pk", flat=True)[: running.MOST]))
        act = running.start(
            kind, part, confirmed=running.choose(kind, part).confirmed, selection={}, options={},
            reason="측정", by=by, now=now(),
        )  # fmt: skip
        chunks.append(time.monotonic())
        while act.state == "running":
            act = running.run(act, progress=progress)
        if not act.done:
            raise EnvironmentFailed(f"{kind}: nothing was done, {act.skipped} skipped")
        acts.append(act)
    between = [after - before for before, after in pairwise(chunks)]
    return time.monotonic() - began, acts, max(between)


def _floor(by: User) -> float:
    """Return the seconds of the bare statements that write the same rows of the same chunks."""
    ids = list(
        Application.objects.filter(state="assessing").order_by("pk").values_list("pk", flat=True)
    )
    empty = SetAct.objects.create(
        kind=SetActKind.QUALIFY, selection={}, reason="bare", count=len(ids), requested_by=by,
        requested_at=now(),
    )  # fmt: skip
    size = ACTS[SetActKind.QUALIFY].chunk
    began = time.monotonic()
    for first in range(0, len(ids), size):
        bound: dict[str, Any] = {
            "ids": ids[first : first + size],
            "target": "assessing",
            "by": by.pk,
            "act": empty.pk,
        }
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in (MOVE, LOG, RESULT):
                cursor.execute(statement, bound)
    return time.monotonic() - began
