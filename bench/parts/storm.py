"""Let three times as many firms come as the machine bears, and strangers who only read."""

from concurrent.futures import ThreadPoolExecutor

from bench.environment import Environment, Log
from bench.load import LoadResult, Plan
from bench.parts import journey, sessions
from bench.parts.journey import Search, cpus, whole_way
from bench.report import Row, milliseconds, percentile
from bench.walk import AUTOSAVE, FILING, PRESS, UPLOAD, Visits, WalkResult

PART = "storm"
TIMES = 3
SLOWEST = 1.0  # seconds: p95 of filings, those answered with a ticket included
SAVING = (AUTOSAVE, PRESS, UPLOAD)
STRANGERS = 0.3  # of the requests (assumption)
REQUESTS = 34  # of a firm on its way
CONNECTIONS = 32
LATER = 1.0  # seconds by which the instant of a filing may differ from that of its request
OK, UNAVAILABLE = 200, 503


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    walking, seconds = (8, 20) if quick else (40, 120)
    drafts = 800 if quick else 8_000
    database = environment.create(PART, template=template)
    log(f"{drafts:,} drafts with everything in place")
    environment.manage(
        database, "seed_bulk", "--applications", str(drafts), "--program", journey.PROGRAM,
        "--stage", "draft",
    )  # fmt: skip
    prepared = environment.run_part(database, journey.PART)
    with environment.gunicorn(database) as server:
        search = Search(environment, server, prepared["programme"], prepared["firms"])
        search.walk(walking, patient=True)
        pages = search.walk(walking, meter=(server.pid, server.database), patient=True)
        rate = TIMES * cpus() / whole_way(pages).total
        rate = min(rate, len(search.firms) / seconds)
        log(f"{rate:.1f} firms a second, {TIMES} times what the processors allow, for {seconds} s")
        reads = rate * REQUESTS * STRANGERS
        plan = Plan(
            server.port, CONNECTIONS, seconds, [sessions.get("/"), sessions.get("/programs/")],
            rate=reads, repeat=True,
        )  # fmt: skip
        with ThreadPoolExecutor(max_workers=1) as strangers:
            reading = strangers.submit(environment.load, plan)
            storm = search.walk(int(rate * seconds), rate=rate, seconds=seconds, patient=True)
            read = reading.result()
    stored, late = stored_of(environment, database, storm)
    environment.drop(database)
    return [*class_rows(storm, read), *filing_rows(storm, late), receipt_row(stored, search.filed)]


def stored_of(environment: Environment, database: str, storm: WalkResult) -> tuple[int, int]:
    """Return how many are filed with a receipt, and how many tickets have another instant."""
    rows = environment.query(
        database,
        "SELECT f.application_id, extract(epoch FROM f.submitted_at) FROM applications_submission f"
        " JOIN applications_issueddocument d ON d.application_id = f.application_id"
        " AND d.kind = 'receipt'",
    )
    at = {number: float(instant) for number, instant in rows}
    late = sum(
        number not in at or abs(at[number] - sent) > LATER for number, sent in storm.tickets.items()
    )
    return len(rows), late


def class_rows(storm: WalkResult, read: LoadResult) -> list[Row]:
    """Return a row for each class of requests, in the order in which they are shed."""
    saving = [name for name in storm.visits if name in SAVING]
    pages = [name for name in storm.visits if name not in (*SAVING, FILING)]
    served = [
        seconds for seconds, status in zip(read.seconds, read.statuses, strict=True) if status == OK
    ]
    shed = read.statuses.count(UNAVAILABLE)
    return [
        _class_row("strangers' pages", served, shed),
        _class_row("pages of signed-in firms", *_of(storm, pages)),
        _class_row("saving and uploading", *_of(storm, saving)),
        Row(
            PART,
            "answers other than served, shed or ticket",
            f"{len(read.statuses) - len(served) - shed + len(read.failed) + len(storm.failed):,}"
            + "".join(f" ({text})" for text in (storm.failed + read.failed)[:1]),
            goal="0",
            passed=not storm.failed and len(served) + shed == len(read.statuses) + len(read.failed),
        ),
    ]


def _of(storm: WalkResult, names: list[str]) -> tuple[list[float], int]:
    seconds = [each for name in names for each in storm.visits[name].seconds]
    return seconds, sum(storm.shed.get(name, 0) for name in names)


def _class_row(what: str, served: list[float], shed: int) -> Row:
    part = shed / max(1, shed + len(served))
    return Row(
        PART,
        f"{what}: shed, and p95 of the others",
        f"{part:.0%} of {shed + len(served):,}, {milliseconds(percentile(served, 0.95))}"
        if served
        else f"{part:.0%} of {shed:,}",
    )


def filing_rows(storm: WalkResult, late: int) -> list[Row]:
    seconds = storm.visits.get(FILING, Visits()).seconds
    p95 = percentile(seconds, 0.95) if seconds else 0.0
    shed = storm.shed.get(FILING, 0)
    return [
        Row(
            PART,
            "filings answered, those with a ticket, p95",
            f"{len(seconds):,}, {len(storm.tickets):,}, {milliseconds(p95)}",
            goal=f"p95 ≤ {SLOWEST:.0f} s",
            passed=bool(seconds) and p95 <= SLOWEST,
        ),
        Row(PART, "filings shed without a ticket", f"{shed:,}", goal="0", passed=shed == 0),
        Row(
            PART,
            "tickets filed, with another instant than their request",
            f"{storm.redeemed:,} of {len(storm.tickets):,}, {late:,}",
            goal="all, 0",
            passed=storm.redeemed == len(storm.tickets) and late == 0,
        ),
    ]


def receipt_row(stored: int, told: int) -> Row:
    return Row(
        PART,
        "filed with a receipt, beside firms that were told so",
        f"{stored:,}, {told:,}",
        goal="as many",
        passed=stored == told,
    )
