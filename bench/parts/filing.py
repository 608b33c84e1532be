"""File applications at the rate of a deadline, beside a view that only inserts."""

from collections.abc import Sequence
from typing import Any

from applications.models import Application
from applications.states import ApplicationState
from bench.environment import Environment, EnvironmentFailed, Log
from bench.load import LoadResult, Plan, message
from bench.parts import bare, sessions
from bench.report import Row, milliseconds, percentile, times

PART = "filing"
PROGRAM = "build"
CONNECTIONS = 32
PEAK = 60  # a second: the peak at which the voter registration of the UK failed in 2016
REDIRECT = 302


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    seconds = 8 if quick else 60
    database = environment.create(PART, template=template)
    drafts = 1_600 if quick else 16_000
    log(f"{drafts:,} drafts with everything in place, and as many sessions")
    environment.manage(
        database, "seed_bulk", "--applications", str(drafts), "--program", PROGRAM,
        "--stage", "draft",
    )  # fmt: skip
    requests = environment.run_part(database, PART, drafts=drafts)["requests"]
    with environment.gunicorn(database) as server:
        steady = int(PEAK * seconds)
        warm, at_peak, rest = requests[:60], requests[60 : 60 + steady], requests[60 + steady :]
        environment.load(Plan(server.port, CONNECTIONS, 30, warm))
        log(f"filing at {PEAK} a second for {seconds} s")
        peak = environment.load(Plan(server.port, CONNECTIONS, seconds, at_peak, rate=PEAK))
        log(f"filing over {CONNECTIONS} connections for up to {seconds} s")
        used = server.cpu_seconds()
        full = environment.load(Plan(server.port, CONNECTIONS, seconds, rest))
        used = server.cpu_seconds() - used
    sent = len(warm) + len(peak.statuses) + len(full.statuses)
    check(environment, database, [peak, full], sent)
    log("the bare view likewise")
    environment.query(database, bare.TABLE)
    plain = [message("POST", "/add/", {}, "confirmed=on")]
    with environment.gunicorn(database, bare.APPLICATION) as server:
        environment.load(Plan(server.port, CONNECTIONS, 2, plain, repeat=True))
        floor = environment.load(
            Plan(server.port, CONNECTIONS, min(seconds, 20), plain, repeat=True)
        )
    environment.drop(database)
    return [
        _peak_row(peak, seconds),
        *_full_rows(full, floor, used),
    ]


def check(
    environment: Environment, database: str, results: Sequence[LoadResult], sent: int
) -> None:
    """Compare the answers with what is stored. Raises EnvironmentFailed."""
    wrong = [text for each in results for text in each.failed]
    wrong += [str(status) for each in results for status in each.statuses if status != REDIRECT]
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


def _peak_row(result: LoadResult, seconds: int) -> Row:
    p95 = percentile(result.seconds, 0.95)
    rate = len(result.statuses) / result.duration
    return Row(
        PART,
        f"filed at {PEAK}/s for {seconds} s, p50 / p95",
        f"{rate:.1f}/s, {milliseconds(percentile(result.seconds, 0.5))} / {milliseconds(p95)}",
        goal="p95 ≤ 1 s, all accepted",
        passed=p95 <= 1 and len(result.statuses) == PEAK * seconds,
    )


def _full_rows(result: LoadResult, floor: LoadResult, used: float) -> list[Row]:
    rate, bare_rate = (len(each.statuses) / each.duration for each in (result, floor))
    p95 = percentile(result.seconds, 0.95)
    return [
        Row(
            PART,
            f"filed a second, {CONNECTIONS} connections",
            f"{rate:.0f}/s",
            f"{bare_rate:.0f}/s (bare INSERT)",
            times(rate / bare_rate),
            f"≥ {PEAK}/s",
            rate >= PEAK,
        ),
        Row(PART, "of the bare view's rate", f"{rate:.0f}/s", f"{bare_rate:.0f}/s", times(rate / bare_rate),
            "≥ 0.5x", rate >= bare_rate / 2),
        Row(
            PART,
            f"answer time at that rate, p50 / p95 ({len(result.statuses):,} filed)",
            f"{milliseconds(percentile(result.seconds, 0.5))} / {milliseconds(p95)}",
            milliseconds(percentile(floor.seconds, 0.95)),
            times(p95 / percentile(floor.seconds, 0.95)),
            "p95 ≤ 1 s",
            p95 <= 1,
        ),
        Row(PART, "web processes' CPU per filing", milliseconds(used / len(result.statuses))),
    ]  # fmt: skip


def run(*, drafts: int) -> dict[str, Any]:
    """Return the submit request of each draft with a session of its owner."""
    rows = Application.objects.filter(state=ApplicationState.DRAFT).order_by("pk")
    owners = list(rows.values_list("pk", "created_by")[:drafts])
    keys = sessions.open_for([owner for _, owner in owners])
    return {
        "requests": [
            sessions.post(f"/applications/{pk}/submit/", key, confirmed="on")
            for (pk, _), key in zip(owners, keys, strict=True)
        ]
    }
