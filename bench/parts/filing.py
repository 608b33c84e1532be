"""Row 1: applications accepted per second at the deadline, against one bare INSERT."""

from collections.abc import Callable, Sequence
from typing import Any

from applications.models import Application
from applications.states import ApplicationState
from bench.environment import Stage, StageError
from bench.load import Found, Plan, message
from bench.parts import bare, sessions
from bench.report import Row, milliseconds, percentile, times

PART = "filing"
PROGRAM = "build"
CONNECTIONS = 32
PEAK = 60  # a second: the peak at which the voter registration of the UK fell over in 2016
FOUND = 302


def measure(stage: Stage, template: str, *, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """File as fast as it goes, then at the peak's rate; then the bare view likewise."""
    seconds = 8 if quick else 60
    database = stage.create(PART, template=template)
    drafts = 1_600 if quick else 16_000
    say(f"{drafts:,} drafts with everything in place, and as many sessions")
    stage.manage(
        database, "seed_bulk", "--applications", str(drafts), "--program", PROGRAM,
        "--stage", "draft",
    )  # fmt: skip
    requests = stage.inside(database, PART, drafts=drafts)["requests"]
    with stage.gunicorn(database) as served:
        steady = int(PEAK * seconds)
        warm, at_peak, rest = requests[:60], requests[60 : 60 + steady], requests[60 + steady :]
        stage.load(Plan(served.port, CONNECTIONS, 30, warm))
        say(f"filing at {PEAK} a second for {seconds} s")
        peak = stage.load(Plan(served.port, CONNECTIONS, seconds, at_peak, rate=PEAK))
        say(f"filing over {CONNECTIONS} connections for up to {seconds} s")
        used = served.cpu_seconds()
        full = stage.load(Plan(served.port, CONNECTIONS, seconds, rest))
        used = served.cpu_seconds() - used
    sent = len(warm) + len(peak.statuses) + len(full.statuses)
    check(stage, database, [peak, full], sent)
    say("the bare view likewise")
    stage.query(database, bare.TABLE)
    plain = [message("POST", "/add/", {}, "said=yes")]
    with stage.gunicorn(database, bare.APPLICATION) as served:
        stage.load(Plan(served.port, CONNECTIONS, 2, plain, again=True))
        floor = stage.load(Plan(served.port, CONNECTIONS, min(seconds, 20), plain, again=True))
    stage.drop(database)
    return [
        _peak_row(peak, seconds),
        *_full_rows(full, floor, used),
    ]


def check(stage: Stage, database: str, found: Sequence[Found], sent: int) -> None:
    """Hold what was answered to what is stored. Raises StageError."""
    wrong = [text for each in found for text in each.failed]
    wrong += [str(status) for each in found for status in each.statuses if status != FOUND]
    stored = stage.query(
        database,
        "SELECT (SELECT count(*) FROM applications_application WHERE state = 'submitted'),"
        " (SELECT count(*) FROM applications_submission),"
        " (SELECT count(*) FROM applications_issueddocument WHERE kind = 'receipt'),"
        " (SELECT count(*) FROM portal_notice WHERE key LIKE 'receipt:%'),"
        " (SELECT count(*) FROM portal_job WHERE key LIKE 'paper:%'),"
        " (SELECT count(*) FROM applications_applicationmove WHERE move = 'submit')",
    )[0]
    if wrong or set(stored) != {sent}:
        raise StageError(f"answered {sent}, stored {stored}, refused {len(wrong)}: {wrong[:3]}")


def _peak_row(found: Found, seconds: int) -> Row:
    late = percentile(found.seconds, 0.95)
    rate = len(found.statuses) / found.lasted
    return Row(
        PART,
        f"filed at {PEAK}/s for {seconds} s, p50 / p95",
        f"{rate:.1f}/s, {milliseconds(percentile(found.seconds, 0.5))} / {milliseconds(late)}",
        goal="p95 ≤ 1 s, all accepted",
        passed=late <= 1 and len(found.statuses) == PEAK * seconds,
    )


def _full_rows(found: Found, floor: Found, used: float) -> list[Row]:
    rate, most = (len(each.statuses) / each.lasted for each in (found, floor))
    late = percentile(found.seconds, 0.95)
    return [
        Row(
            PART,
            f"filed a second, {CONNECTIONS} connections",
            f"{rate:.0f}/s",
            f"{most:.0f}/s (bare INSERT)",
            times(rate / most),
            f"≥ {PEAK}/s",
            rate >= PEAK,
        ),
        Row(PART, "of the bare view's rate", f"{rate:.0f}/s", f"{most:.0f}/s", times(rate / most),
            "≥ 0.5x", rate >= most / 2),
        Row(
            PART,
            f"answer time at that rate, p50 / p95 ({len(found.statuses):,} filed)",
            f"{milliseconds(percentile(found.seconds, 0.5))} / {milliseconds(late)}",
            milliseconds(percentile(floor.seconds, 0.95)),
            times(late / percentile(floor.seconds, 0.95)),
            "p95 ≤ 1 s",
            late <= 1,
        ),
        Row(PART, "web processes' CPU per filing", milliseconds(used / len(found.statuses))),
    ]  # fmt: skip


def inside(*, drafts: int) -> dict[str, Any]:
    """Sign the drafts' owners in and write the request that each of them sends."""
    found = Application.objects.filter(state=ApplicationState.DRAFT).order_by("pk")
    owners = list(found.values_list("pk", "created_by")[:drafts])
    keys = sessions.open_for([owner for _, owner in owners])
    return {
        "requests": [
            sessions.post(f"/applications/{pk}/submit/", key, confirmed="on")
            for (pk, _), key in zip(owners, keys, strict=True)
        ]
    }
