"""File through two hosts while each process of a cluster is killed once, and compare one host with two."""

import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from bench.cluster import Cluster, cluster
from bench.environment import Environment, EnvironmentFailed, Log
from bench.load import LoadResult, Plan
from bench.parts import filing, sessions
from bench.parts.filing import REDIRECT
from bench.report import Row, milliseconds, percentile, times
from portal.environment import BASE_DIR

PART, FIXTURES = "cluster", "fixtures"
CONNECTIONS = 32
AWAY = 2.0  # seconds until a killed process is started again
ROUNDS, PAUSE = 12, 5.0  # of sending what was not acknowledged again, and seconds between them
OK = 200
FILED = re.compile(r"/applications/(\d+)/$")


@dataclass
class Killed:
    """What was killed meanwhile, and what went wrong with starting it again."""

    names: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    firms, rate, seconds = (1_800, 12, 5) if quick else (18_000, 60, 20)
    with cluster() as running:
        log(f"{len(running.names)} processes; {firms:,} drafts with everything in place")
        requests, lists = prepared(running, firms)
        log("one web host, then two, each on a processor of its own")
        one, two = grown(environment, running, lists, seconds)
        log(f"filing {firms:,} at {rate} a second while each process is killed once")
        with killing(running) as killed:
            plan = Plan(running.port, CONNECTIONS, firms / rate, requests, rate=rate, tls=True)
            answers = [environment.load(plan)]
        for _ in range(ROUNDS):
            rest = unfiled(running, requests)
            if not rest:
                break
            time.sleep(PAUSE)
            answers.append(environment.load(Plan(running.port, CONNECTIONS, 120, rest, tls=True)))
        log("comparing what was acknowledged with what is stored")
        return [*filed_rows(running, answers, killed, firms), *growth_rows(one, two)]


def prepared(running: Cluster, firms: int) -> tuple[list[str], list[str]]:
    """Return a request to file for each draft, and one for the list of each firm."""
    open_rounds(running)
    words = ["seed_bulk", "--applications", str(firms), "--program", filing.PROGRAM]
    manage(running, "migrate", *words, "--stage", "draft")
    options = json.dumps({"drafts": firms})
    printed = manage(running, "web", "bench", "--run", PART, "--options", options)
    made = json.loads(printed)
    return made["requests"], made["lists"]


def open_rounds(running: Cluster) -> None:
    manage(running, "migrate", "bench", "--run", FIXTURES)


def manage(running: Cluster, service: str, *words: str) -> str:
    """Run one of the portal's commands in the environment of a service; return what it printed."""
    command = [sys.executable, str(BASE_DIR / "manage.py"), *words]
    return running.stack.run(service, *command, "--settings", "bench.settings")


def run(*, drafts: int) -> dict[str, Any]:
    """Prepare drafts as their review pages do; return requests that file them, and read the list."""
    requests = filing.run(drafts=drafts)["requests"]
    cookies = [re.search(r"\r\nCookie: ([^\r]+)", request) for request in requests[:200]]
    return {
        "requests": requests,
        "lists": [sessions.get("/applications/", each[1]) for each in cookies if each],
    }


# --- Growth --------------------------------------------------------------------------------------


def grown(
    environment: Environment, running: Cluster, lists: list[str], seconds: float
) -> tuple[LoadResult, LoadResult]:
    """Read the own list over and over with one web host, then with two, each on one processor."""
    cpus = sorted(os.sched_getaffinity(0))
    plan = Plan(running.port, CONNECTIONS, seconds, lists, repeat=True, tls=True)
    results = []
    running.kill("web-2")
    pin(running, "web", cpus[0])
    for hosts in (1, 2):
        if hosts == 2:
            running.start("web-2")
            pin(running, "web-2", cpus[-1])
        environment.load(Plan(**{**vars(plan), "seconds": 2}))
        results.append(environment.load(plan))
    return results[0], results[1]


def pin(running: Cluster, name: str, cpu: int) -> None:
    """Keep all processes and threads of a service on one processor."""
    group = running.stack.running[name].pid
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or os.getpgid(int(process.name)) != group:
            continue
        for task in (process / "task").iterdir():
            os.sched_setaffinity(int(task.name), {cpu})


# --- Kills ---------------------------------------------------------------------------------------


@contextmanager
def killing(running: Cluster) -> Iterator[Killed]:
    """Kill each process once during the block, one after the other; wait for the last at its end."""
    killed = Killed()

    def kill_each() -> None:
        for name in running.names:
            running.kill(name)
            time.sleep(AWAY)
            try:
                running.start(name)
            except (OSError, TimeoutError, AssertionError) as error:
                killed.failed.append(f"{name}: {error}")
            killed.names.append(name)

    thread = threading.Thread(target=kill_each)
    thread.start()
    try:
        yield killed
    finally:
        thread.join()


def unfiled(running: Cluster, requests: Sequence[str]) -> list[str]:
    stored = filed(running)
    return [text for text in requests if _number(text) not in stored]


def _number(request: str) -> int:
    return int(request.split("/", 3)[2])


def filed(running: Cluster) -> set[int]:
    """Return the applications that are stored as filed."""
    rows = query(running, "SELECT application_id FROM applications_submission")
    return {number for (number,) in rows}


def query(running: Cluster, statement: str) -> list[tuple[Any, ...]]:
    """Execute one statement as an administrator; return its rows."""
    with closing(psycopg2.connect(running.stack.database)) as server:
        server.autocommit = True
        cursor = server.cursor()
        cursor.execute(statement)
        return cursor.fetchall()


def acknowledged(answers: Sequence[LoadResult]) -> set[int]:
    """Return the applications whose firms were led to their filed application."""
    found = [
        FILED.search(urlsplit(location).path)
        for each in answers
        for status, location in zip(each.statuses, each.locations, strict=True)
        if status == REDIRECT
    ]
    return {int(match[1]) for match in found if match}


# --- Rows ----------------------------------------------------------------------------------------


def filed_rows(
    running: Cluster, answers: Sequence[LoadResult], killed: Killed, firms: int
) -> list[Row]:
    told, stored = acknowledged(answers), filed(running)
    lost = told - stored
    (receipts, rows), *_ = query(
        running,
        "SELECT count(DISTINCT application_id), count(*) FROM applications_issueddocument"
        " WHERE kind = 'receipt'",
    )
    refused = sum(status != REDIRECT for status in answers[0].statuses) + len(answers[0].failed)
    taken = [
        seconds
        for seconds, status in zip(answers[0].seconds, answers[0].statuses, strict=True)
        if status == REDIRECT
    ]
    return [
        Row(
            PART,
            f"killed and came back, of {len(running.names)} processes",
            f"{len(killed.names) - len(killed.failed)}"
            + "".join(f" ({text[:80]})" for text in killed.failed[:1]),
            goal="all",
            passed=len(killed.names) == len(running.names) and not killed.failed,
        ),
        Row(
            PART,
            "filings acknowledged, of them lost",
            f"{len(told):,} of {firms:,}, {len(lost):,}",
            goal="all, 0",
            passed=len(stored) == firms and not lost,
        ),
        Row(
            PART,
            "receipts, of them twice",
            f"{receipts:,}, {rows - receipts:,}",
            goal="as many, 0",
            passed=receipts == rows == len(stored),
        ),
        Row(PART, "sent again because nothing or no receipt came", f"{refused:,}"),
        Row(
            PART,
            "answered at once meanwhile, p50 / p95",
            f"{milliseconds(percentile(taken, 0.5))} / {milliseconds(percentile(taken, 0.95))}",
        ),
        _checked_row(running, "files readable and unchanged", "verify_files"),
        _checked_row(running, "audit chain and counters", "verify_audit", "--seal"),
    ]


def _checked_row(running: Cluster, what: str, *words: str) -> Row:
    try:
        printed = manage(running, "worker", *words)
    except AssertionError as error:
        return Row(PART, what, str(error).strip().splitlines()[-1][:80], passed=False)
    lines = printed.strip().splitlines()
    return Row(PART, what, lines[0][:80] if lines else "", goal="no fault", passed=True)


def growth_rows(one: LoadResult, two: LoadResult) -> list[Row]:
    rates = [each.statuses.count(OK) / each.duration for each in (one, two)]
    if not all(rates):
        raise EnvironmentFailed(f"own list: {set(one.statuses + two.statuses)}")
    return [
        Row(
            PART,
            "own list a second, two web hosts beside one, each on one processor",
            f"{rates[1]:.0f}/s",
            f"{rates[0]:.0f}/s",
            times(rates[1] / rates[0]),
        )
    ]
