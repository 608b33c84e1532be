"""Seal, verify and publish a ledger, and count statistics, beside one read of the same rows."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from applications.queries.open_data import datasets
from applications.queries.open_data.publication import publication
from applications.queries.statistics import figures
from bench.environment import Environment, Log
from bench.report import Row, milliseconds, times
from portal.core.clock import now
from portal.records import audit
from programs.models import Budget, LedgerEntry, ProgramRound, SubProgram
from programs.services import ledger

PART = "audit"
FULL, QUICK = 1_000_000, 100_000
CHUNK = 10_000
ONE_WON = 1
GOAL_SECONDS = 60  # each of sealing, verifying and publishing a million rows


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    count = QUICK if quick else FULL
    database = environment.create(PART, template=template)
    log(f"{count:,} ledger entries and {count:,} applications")
    environment.manage(database, "seed_bulk", "--applications", str(count), "--sheets", "0")
    result = environment.run_part(database, PART, count=count)
    environment.drop(database)
    floor = result["read"]
    goal = GOAL_SECONDS * count / FULL
    rows = [
        Row(
            PART, f"{what} {count:,} ledger entries", f"{result[key]:.1f} s",
            f"{floor:.1f} s (reading them)", times(result[key] / floor), f"≤ {goal:.0f} s",
            result[key] <= goal,
        )
        for what, key in (("seal", "seal"), ("verify", "verify"), ("publish as rows", "rows"))
    ]  # fmt: skip
    return [
        *rows,
        Row(PART, "a sweep that finds nothing new, all tables", milliseconds(result["idle"])),
        Row(PART, "the page of open data (states of all sets)", milliseconds(result["state"])),
        Row(PART, f"statistics of {count:,} applications, computed", f"{result['compute']:.1f} s"),
        Row(PART, "… as served from the cache", milliseconds(result["cached"])),
    ]


def run(count: int) -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    at = now()
    program = SubProgram.objects.select_related("pot").order_by("pk")[0]
    _fill(program.pot, count, at - timedelta(minutes=5))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    sealed = next(table for table in audit.tables() if table.name == "ledger")
    round = ProgramRound.objects.get(pk=program.round_id)
    return {
        "read": _seconds(lambda: sum(1 for _ in LedgerEntry.objects.values_list().iterator(2_000))),
        "seal": _seconds(lambda: audit.seal_table(sealed, at)),
        "verify": _seconds(lambda: audit.verify_table(sealed, audit.Report(at))),
        "rows": _seconds(lambda: sum(1 for _ in datasets.rows("ledger"))),
        "idle": _seconds(lambda: audit.seal(now=at)) and _seconds(lambda: audit.seal(now=now())),
        "state": _seconds(lambda: [datasets.version(row.code) for row in publication().datasets]),
        "compute": _seconds(lambda: figures.figures(round, public=True)),
        "cached": _seconds(lambda: figures.figures(round, public=True)),
    }


def _fill(pot: Budget, count: int, at: datetime) -> None:
    ledger.appropriate(pot, ledger.Booking(amount=count, reference="bench"), by=None, now=at)
    for start in range(0, count, CHUNK):
        rows = [
            ledger.Booking(ONE_WON, f"bench:{place}", f"bench:{place}")
            for place in range(start, min(start + CHUNK, count))
        ]
        ledger.reserve_many(pot, rows, by=None, now=at)


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started
