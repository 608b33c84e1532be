"""Back up a portal, restore it to an instant on a scratch server and verify everything there."""

import hashlib
import json
import subprocess
import sys
import time
from datetime import datetime

from django.db import connection

from applications.models import Application, Attachment
from bench import backup
from bench.environment import MANAGE, Environment, EnvironmentFailed, Log
from bench.report import Row
from portal.core.clock import now
from portal.environment import BASE_DIR
from portal.records import audit
from portal.uploads import files

PART = "restore"
FULL, QUICK = 1_000_000, 2_000
FILES_PER = 100  # applications for each stored file
FILE_BYTES = 20_000
GOAL_SECONDS = 30 * 60  # from the decision to restore until everything is verified, at FULL


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    count = QUICK if quick else FULL
    with backup.archived() as archive:
        own = Environment(archive.server.url, environment.folder, environment.secret)
        database = own.create(PART)
        own.manage(database, "prepare")
        log(f"{count:,} applications")
        own.manage(database, "seed_bulk", "--applications", str(count), "--sheets", "0")
        own.run_part(database, PART, count=count)
        log("backing up")
        began = time.monotonic()
        archive.back_up()
        backed_up = time.monotonic() - began
        # pgBackRest looks for a backup that ended in an earlier second than the instant.
        [(_, to)] = own.query(database, "SELECT pg_sleep(1), clock_timestamp()")
        own.query(database, "CREATE TABLE after_the_instant ()")
        archive.switch(own.url_of(database))
        log("restoring and verifying")
        return _rows(_drill(own, database, archive, to), count, backed_up)


def _drill(own: Environment, database: str, archive: backup.Archive, to: datetime) -> dict:
    """Return the receipt of a drill. Raises EnvironmentFailed where it found a fault."""
    environment = own.variables(
        database,
        PORTAL_RECEIPT_KEY=f"receipts-{own.secret}",
        PORTAL_BACKUP_CONFIG=str(archive.config),
    )
    done = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, str(MANAGE), "restore_drill", "--to", to.isoformat()],
        env=environment,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EnvironmentFailed(f"restore_drill:\n{done.stdout[-3_000:]}{done.stderr[-3_000:]}")
    receipt: dict = json.loads(done.stdout.splitlines()[0])
    return receipt


def _rows(receipt: dict, count: int, backed_up: float) -> list[Row]:
    seconds, verified = receipt["seconds"], receipt["files"]
    rows = sum(receipt["rows"].values())
    size = f"{count:,} applications"
    return [
        Row(PART, f"full backup of {size}", f"{backed_up:.0f} s"),
        Row(PART, f"restore {size} ({rows:,} rows) to an instant", f"{seconds['restore']} s"),
        Row(
            PART,
            f"verify {receipt['sealed_rows']:,} sealed rows, {verified['verified']:,} files, "
            f"{receipt['recomputed']:,} open numbers",
            f"{seconds['all'] - seconds['restore']} s",
        ),
        Row(
            PART, f"restored and verified, {size}", f"{seconds['all']} s",
            goal=f"≤ {GOAL_SECONDS} s", passed=seconds["all"] <= GOAL_SECONDS,
        ),
    ]  # fmt: skip


def run(count: int) -> dict[str, int]:
    """Store a file for every hundredth application, and seal all rows."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    rows = []
    chosen = Application.objects.order_by("pk")[: max(1, count // FILES_PER)]
    for application in chosen.iterator():
        content = f"{application.pk}\n".encode().ljust(FILE_BYTES, b".")
        rows.append(
            Attachment(
                application=application,
                requirement="business-registration",
                name="사업자등록증.pdf",
                file=files.store_bytes(content),
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                content_type="application/pdf",
                uploaded_by_id=application.created_by_id,
                uploaded_at=now(),
            )
        )
    Attachment.objects.bulk_create(rows, batch_size=1_000)
    return {"files": len(rows), "sealed": audit.seal(now=now())}
