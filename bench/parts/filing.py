"""File applications at the rate of a deadline, beside views that only insert a row."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from applications.models import Application
from applications.services.intake import preparing
from applications.states import ApplicationState
from bench.cpu import Cpu
from bench.environment import Environment, EnvironmentFailed, Log
from bench.load import LoadResult, Plan
from bench.parts import sessions
from bench.parts.floors import Floor, bare_view
from bench.report import Row, milliseconds, percentile, times
from portal.core.clock import now

PART = "filing"
PROGRAM = "build"
CONNECTIONS = 32
# A second, and the p95 that is the goal there: the peak at which the voter registration of the UK
# failed in 2016, and two and a half times that.
PEAKS = {60: 0.06, 150: 0.3}
FULL = 200  # a second over all connections
LIMIT = Cpu(web=0.004, postgres=0.002)
WARM = 60
REDIRECT, SHED = 302, 503


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    seconds = 4 if quick else 60
    database = environment.create(PART, template=template)
    drafts = WARM + sum(PEAKS) * seconds + (800 if quick else 12_000)
    log(f"{drafts:,} drafts with everything in place, and as many sessions")
    environment.manage(
        database, "seed_bulk", "--applications", str(drafts), "--program", PROGRAM,
        "--stage", "draft",
    )  # fmt: skip
    requests = environment.run_part(database, PART, drafts=drafts)["requests"]
    with environment.gunicorn(database) as server:
        rest = iter(requests)
        warm = environment.load(Plan(server.port, CONNECTIONS, 30, list(islice(rest, WARM))))
        peaks = {}
        for rate in PEAKS:
            log(f"filing at {rate} a second for {seconds} s")
            sent = list(islice(rest, rate * seconds))
            peaks[rate] = environment.load(Plan(server.port, CONNECTIONS, seconds, sent, rate=rate))
        log(f"filing over {CONNECTIONS} connections for up to {seconds} s")
        meter = server.meter()
        before = meter.read()
        full = environment.load(Plan(server.port, CONNECTIONS, seconds, list(rest)))
        used = meter.read() - before
    check(environment, database, [warm, *peaks.values(), full])
    environment.drop(database)
    log("the bare views likewise")
    floors = []
    for signed_in in (False, True):
        with bare_view(environment, signed_in=signed_in) as view:
            floors.append(view.measure(connections=CONNECTIONS, seconds=min(seconds, 20)))
    return [
        *(_peak_row(result, rate, seconds) for rate, result in peaks.items()),
        *_full_rows(full, floors, used),
    ]


def check(environment: Environment, database: str, results: Sequence[LoadResult]) -> None:
    """Compare the answers with what is stored; one that was shed stores nothing.

    Raises EnvironmentFailed.
    """
    sent = sum(each.statuses.count(REDIRECT) for each in results)
    wrong = [text for each in results for text in each.failed]
    wrong += [str(one) for each in results for one in each.statuses if one not in (REDIRECT, SHED)]
    stored = environment.query(
        database,
        "SELECT (SELECT count(*) FROM applications_application WHERE state = 'submitted'),"
        " (SELECT count(*) FROM applications_submission),"
        " (SELECT count(*) FROM applications_issueddocument WHERE kind = 'receipt'),"
        " (SELECT count(*) FROM portal_notice WHERE key LIKE 'receipt:%'),"
        " (SELECT count(*) FROM portal_job WHERE key LIKE 'paper:%'),"
        " (SELECT count(*) FROM applications_applicationmove WHERE move = 'submit')",
    )[0]
    if wrong or set(stored) != {sent}:
        raise EnvironmentFailed(
            f"answered {sent}, stored {stored}, refused {len(wrong)}: {wrong[:3]}"
        )


def _accepted(result: LoadResult) -> list[float]:
    """Return the seconds of those that were not shed."""
    answers = zip(result.seconds, result.statuses, strict=True)
    return [seconds for seconds, status in answers if status == REDIRECT]


def _peak_row(result: LoadResult, rate: int, seconds: int) -> Row:
    taken = _accepted(result)
    p95 = percentile(taken, 0.95)
    return Row(
        PART,
        f"filed at {rate}/s for {seconds} s, p50 / p95",
        f"{len(taken) / result.duration:.1f}/s,"
        f" {milliseconds(percentile(taken, 0.5))} / {milliseconds(p95)}",
        goal=f"p95 ≤ {PEAKS[rate] * 1_000:.0f} ms, all accepted",
        passed=p95 <= PEAKS[rate] and len(taken) == rate * seconds,
    )


def _full_rows(result: LoadResult, floors: Sequence[Floor], used: Cpu) -> list[Row]:
    plain, signed_in = floors
    taken = _accepted(result)
    rate = len(taken) / result.duration
    p95 = percentile(taken, 0.95)
    cpu = used.each(len(taken))
    return [
        Row(
            PART,
            f"filed a second, {CONNECTIONS} connections",
            f"{rate:.0f}/s",
            f"{plain.rate:.0f}/s ({plain.name})",
            times(rate / plain.rate),
            f"≥ {FULL}/s",
            rate >= FULL,
        ),
        Row(PART, "of the signed-in view's rate", f"{rate:.0f}/s", f"{signed_in.rate:.0f}/s",
            times(rate / signed_in.rate), "≥ 0.5x", rate >= signed_in.rate / 2),
        Row(
            PART,
            f"answer time at that rate, p50 / p95 ({len(taken):,} filed)",
            f"{milliseconds(percentile(taken, 0.5))} / {milliseconds(p95)}",
            milliseconds(signed_in.p95),
            times(p95 / signed_in.p95),
        ),
        Row(PART, "web + PostgreSQL CPU per filing", f"{cpu}", f"{signed_in.cpu} (signed in)",
            times(cpu.total / signed_in.cpu.total), f"≤ {LIMIT:.0f}",
            cpu.within(LIMIT)),
        Row(PART, "… beside the bare INSERT", f"{cpu}", f"{plain.cpu}",
            times(cpu.total / plain.cpu.total)),
    ]  # fmt: skip


def run(*, drafts: int) -> dict[str, Any]:
    """Prepare drafts as their review pages do; return the submit request of each owner's session."""
    rows = Application.objects.filter(state=ApplicationState.DRAFT)
    found = list(rows.order_by("pk")[:drafts])
    keys = sessions.open_for([row.created_by_id for row in found])
    at = now()
    return {
        "requests": [
            sessions.post(
                f"/applications/{row.pk}/submit/",
                sessions.cookies_of(row.created_by_id, key),
                confirmed="on",
                seen=preparing.prepare(row, now=at).sha256,
            )
            for row, key in zip(found, keys, strict=True)
        ]
    }
