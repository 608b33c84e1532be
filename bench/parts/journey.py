"""Walk firms from the list of programmes to their filing's status, beside a signed-in INSERT."""

import math
import os
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse

from applications.models import Application
from applications.states import ApplicationState
from bench.cpu import Cpu
from bench.environment import Environment, EnvironmentFailed, Log, Server
from bench.parts import sessions
from bench.parts.floors import BareView, bare_view
from bench.report import Row, milliseconds, percentile, times
from bench.walk import AUTOSAVE, FILING, LIST, PRESS, UPLOAD, WalkPlan, WalkResult
from programs.models import SubProgram

PART = "journey"
PROGRAM = "build"
SLOWEST = 1.0  # seconds: p95 of every page up to which a rate is bearable
LEAST = 10  # firms a second on this machine
WHOLE_WAY = 0.15  # seconds of the web processes
PAGE = Cpu(web=0.009, postgres=0.003)
LIMITS = {
    LIST: Cpu(web=0.008, postgres=0.002),
    AUTOSAVE: Cpu(web=0.006, postgres=0.002),
    FILING: Cpu(web=0.004, postgres=0.002),
}
BEGIN, STEP = 0.5, 1.25  # the first rate as a part of what the processors allow, and the next ones
SLOWER, LOWEST = 1.5, 0.1
# What may be planned with (assumption): a processor is busy for this part of the time.
BUSY = 0.7
HOSTS, HOST_CPUS = (4, 20), 2


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    warm, walking, seconds = (12, 24, 10) if quick else (24, 120, 30)
    drafts = 700 if quick else 5_000
    database = environment.create(PART, template=template)
    log(f"{drafts:,} drafts with everything in place")
    environment.manage(
        database, "seed_bulk", "--applications", str(drafts), "--program", PROGRAM,
        "--stage", "draft",
    )  # fmt: skip
    prepared = environment.run_part(database, PART)
    with (
        bare_view(environment, signed_in=True) as view,
        environment.gunicorn(database) as server,
    ):
        search = Search(environment, server, prepared["programme"], prepared["firms"])
        search.walk(warm, patient=True)
        floors = [floor_of(view)]
        log(f"{walking} firms, page by page")
        pages = search.walk(walking, meter=(server.pid, server.database), patient=True)
        floors.append(floor_of(view))
        floor = Cpu.mean(floors)
        way = whole_way(pages)
        rate, result = search.bearable(cpus() / way.total, seconds, log)
        check(environment, database, search.filed)
    environment.drop(database)
    return [*page_rows(pages, floor), *way_rows(way, floor), rate_row(rate, result), *sizing(way)]


def floor_of(view: BareView) -> Cpu:
    return view.measure(connections=WalkPlan.connections, seconds=4).cpu


def cpus() -> int:
    return len(os.sched_getaffinity(0))


@dataclass
class Search:
    """Lets firms of one database walk, each once, and counts those that have filed."""

    environment: Environment
    server: Server
    programme: str
    firms: list[Any]
    filed: int = 0

    def walk(self, count: int, **more: Any) -> WalkResult:
        """Let the next firms walk, page by page unless a rate is given."""
        taken, self.firms = self.firms[:count], self.firms[count:]
        plan = WalkPlan(self.server.port, taken, self.programme, **more)
        result = self.environment.walk(plan)
        self.filed += result.filed
        return result

    def bearable(self, estimate: float, seconds: int, log: Log) -> tuple[float, WalkResult | None]:
        """Return the highest tried rate at which every page answers in time, and its result.

        It begins at half the estimate; 0 and None when no rate is bearable.
        """
        rate, slower = BEGIN * estimate, False
        found: tuple[float, WalkResult | None] = (0.0, None)
        while rate >= LOWEST and len(self.firms) >= rate * seconds:
            result = self.walk(max(1, int(rate * seconds)), rate=rate, seconds=seconds)
            name, p95 = slowest(result)
            log(f"{rate:.1f} firms a second: p95 {milliseconds(p95)} ({name})")
            for refused in result.failed[:1]:
                log(f"… {len(result.failed)} gave up: {refused}")
            if p95 <= SLOWEST and not result.failed:
                found = (rate, result)
                if slower:
                    break
                rate *= STEP
            elif found[0]:
                break
            else:
                rate, slower = rate / SLOWER, True
        return found


def slowest(result: WalkResult) -> tuple[str, float]:
    """Return the page with the highest p95, and that, in seconds."""
    each = {
        name: percentile(visits.seconds, 0.95)
        for name, visits in result.visits.items()
        if visits.seconds
    }
    return max(each.items(), key=lambda row: row[1])


def whole_way(result: WalkResult) -> Cpu:
    """Return what one firm costs on the whole way."""
    web = sum(each.web for each in result.visits.values())
    return Cpu(web, sum(each.postgres for each in result.visits.values())).each(result.filed)


def check(environment: Environment, database: str, filed: int) -> None:
    """Compare the firms that came to their receipt with what is stored. Raises EnvironmentFailed."""
    stored = environment.query(
        database,
        "SELECT (SELECT count(*) FROM applications_submission),"
        " (SELECT count(*) FROM applications_issueddocument WHERE kind = 'receipt'),"
        " (SELECT count(*) FROM applications_attachment WHERE size > 900000)",
    )[0]
    if min(stored) < filed:
        raise EnvironmentFailed(f"{filed} firms have filed, stored {stored}")


def page_rows(result: WalkResult, floor: Cpu) -> list[Row]:
    rows = []
    for name, each in result.visits.items():
        if each.seconds:
            cpu = Cpu(each.web, each.postgres).each(len(each.seconds))
            count = len(each.seconds) / result.filed
            limit = LIMITS.get(name, None if name in (UPLOAD, PRESS) else PAGE)
            rows.append(_cpu_row(f"{name} ({count:.0f}x)", cpu, floor, limit))
    return rows


def way_rows(way: Cpu, floor: Cpu) -> list[Row]:
    goal = f"≤ {WHOLE_WAY * 1_000:.0f} ms web"
    row = _cpu_row("whole way of a firm", way, floor, None)
    return [replace(row, goal=goal, passed=way.web <= WHOLE_WAY)]


def _cpu_row(what: str, cpu: Cpu, floor: Cpu, limit: Cpu | None) -> Row:
    return Row(
        PART,
        f"{what}, web + PostgreSQL",
        f"{cpu}",
        f"{floor} (signed-in INSERT)",
        times(cpu.total / floor.total),
        f"≤ {limit:.0f}" if limit else "",
        cpu.within(limit) if limit else None,
    )


def rate_row(rate: float, result: WalkResult | None) -> Row:
    name, p95 = slowest(result) if result else ("", 0.0)
    return Row(
        PART,
        f"firms a second, p95 of every page ≤ {SLOWEST:.0f} s",
        f"{rate:.1f}/s" + (f", slowest {milliseconds(p95)} ({name})" if name else ""),
        goal=f"≥ {LEAST}/s",
        passed=rate >= LEAST,
    )


def sizing(way: Cpu) -> list[Row]:
    """Work out how many firms a machine and several hosts carry, by the measured costs."""
    alone = BUSY * HOST_CPUS / way.total
    rows = [Row(PART, f"carried by {HOST_CPUS} processors with everything on them", firms(alone))]
    for hosts in HOSTS:
        rate = BUSY * HOST_CPUS * hosts / way.web
        needed = math.ceil(rate * way.postgres / BUSY)
        rows.append(
            Row(
                PART,
                f"carried by {hosts} web hosts of {HOST_CPUS} processors",
                f"{firms(rate)}; PostgreSQL then needs {needed}",
            )
        )
    return rows


def firms(rate: float) -> str:
    return f"{rate:,.1f} firms/s, {rate * 3_600:,.0f} in the last hour"


def run() -> dict[str, Any]:
    """Return the drafts with the cookies of a signed-in owner each, and the programme's address."""
    rows = Application.objects.filter(state=ApplicationState.DRAFT).order_by("pk")
    owners = list(rows.values_list("pk", "created_by"))
    keys = sessions.open_for([owner for _, owner in owners])
    program = SubProgram.objects.get(code=PROGRAM)
    return {
        "firms": [
            (pk, sessions.cookies_of(owner, key))
            for (pk, owner), key in zip(owners, keys, strict=True)
        ],
        "programme": reverse("program_detail", args=[program.round.code, program.code]),
    }
