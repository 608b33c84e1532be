"""The restore drill: restore to an instant, verify everything on the copy, sign what came out."""

import json
import os
import subprocess
import sys
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from portal.core.clock import now
from portal.core.errors import Unavailable
from portal.environment import BASE_DIR
from portal.models import RestoreReceipt
from portal.recovery import receipts, scratch
from portal.recovery.receipts import Drill
from portal.uploads import verification

LAG = timedelta(minutes=5)
"""How far back a drill goes when no instant is named: as much as a fire may cost (the RPO)."""
COMMAND = "check_restored"
# What the process on the copy is told instead of the portal's own: no server of the portal is asked.
OWN = {
    "CELERY_BROKER_URL": "memory://localhost",
    "REDIS_PASSWORD": "",
    "DATABASE_PASSWORD": "",
    "PORTAL_READ_URL": "",
    "PORTAL_POOLED": "",
    "PORTAL_ORIGIN": "http://127.0.0.1",
    "PORTAL_HOSTS": "127.0.0.1",
    "PORTAL_PROXIES": "0",
}


def run(config: str, to: datetime) -> RestoreReceipt:
    """Carry out a drill; return its receipt, also when it failed.

    `config` is the file of pgBackRest. Raises Unavailable without PostgreSQL or a key to sign with.
    """
    if connection.vendor != "postgresql":
        raise Unavailable("복구 훈련은 PostgreSQL에서만 할 수 있습니다.", code="no_postgresql")
    receipts.signing_key()
    drill, live = Drill(begun_at=now(), to=to), settings.DATABASES["default"]
    try:
        with scratch.restored(
            config,
            to,
            user=quote(live["USER"] or ""),
            database=quote(connection.settings_dict["NAME"]),
        ) as copy:
            drill.backup, drill.restore_seconds = copy.backup, copy.seconds
            _verify(drill, copy.url)
    except scratch.RestoreFailed as failed:
        drill.faults.append(failed.message)
    # The server may have ended a connection that nobody used for so long.
    if not connection.in_atomic_block:
        connection.close()
    return receipts.issue(drill, finished_at=now())


def _verify(drill: Drill, url: str) -> None:
    kept = {
        name: each for name, each in os.environ.items() if name.removesuffix("_FILE") not in OWN
    }
    kept.pop("DATABASE_URL_FILE", None)
    done = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, str(BASE_DIR / "manage.py"), COMMAND],
        env=kept | OWN | {"DATABASE_URL": url},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [""]
        drill.faults.append(f"복구한 사본을 끝까지 확인하지 못했습니다: {last[0]}")
        return
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    for name in ("rows", "sealed_rows", "files", "bytes", "recomputed"):
        setattr(drill, name, found[name])
    drill.faults += found["faults"]
    needed = still_named({row["name"] for row in found["missing"]})
    drill.faults += [row["words"] for row in found["missing"] if row["name"] in needed]
    drill.taken_out_since = sum(row["name"] not in needed for row in found["missing"])


def still_named(names: Collection[str]) -> set[str]:
    """Return those that the rows of today name: others were taken out since the instant."""
    if not names:
        return set()
    rows = (row for row in verification.named() if not row.removed)
    return {name for row in rows for name in row.names} & set(names)
