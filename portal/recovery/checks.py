"""What is verified of a restored database; run by a process whose database it is.

Nothing is written: the server refuses it, and `refuse_to_write` asks before anything else.
"""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.apps import apps
from django.core.wsgi import get_wsgi_application
from django.db import connection

from portal.core.clock import now
from portal.core.errors import RuleBroken
from portal.environment import BASE_DIR
from portal.records import audit
from portal.uploads import verification

RECOMPUTE = BASE_DIR / "docs/recompute.py"
HOST = "127.0.0.1"
NOT_READ_ONLY = (
    "쓸 수 있는 데이터베이스입니다. 복구한 사본에서만 확인합니다(default_transaction_read_only)."
)
MORE = "감사 사슬에서 어긋난 것이 {count:,}개 더 있습니다"
_COMPARED = re.compile(r"([\d,]+) numbers compared")


def everything() -> dict[str, Any]:
    """Return rows by table, what was verified, and the faults as sentences. Raises RuleBroken."""
    refuse_to_write()
    chain = audit.verify(now=now())
    files = verification.verify()
    compared, differences = recompute()
    return {
        "rows": rows_by_table(),
        "sealed_rows": chain.rows,
        "files": files.files,
        "bytes": files.size,
        "recomputed": compared,
        "faults": [
            *(fault.words for fault in chain.findings),
            *([MORE.format(count=more)] if (more := chain.faults - len(chain.findings)) else []),
            *(str(fault) for fault in files.faults if fault.problem != verification.MISSING),
            *differences,
        ],
        "missing": [
            {"name": fault.name, "words": str(fault)}
            for fault in files.faults
            if fault.problem == verification.MISSING
        ],
    }


def refuse_to_write() -> None:
    """Let this session read without a limit of time. Raises RuleBroken where it could write."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW default_transaction_read_only")
        if cursor.fetchone()[0] != "on":
            raise RuleBroken([], code="not_read_only", message=NOT_READ_ONLY)
        cursor.execute("SET statement_timeout = 0")


def rows_by_table() -> dict[str, int]:
    models = apps.get_models(include_auto_created=True)
    return {
        model._meta.db_table: model._default_manager.count()
        for model in models
        if model._meta.managed and not model._meta.proxy
    }


def recompute() -> tuple[int, list[str]]:
    """Let the script for outsiders recompute the open data as they are served from here.

    Returns how many numbers were compared, and its words for each that differs.
    """
    with _served() as address:
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-I", "-S", str(RECOMPUTE), address],
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
    found = _COMPARED.search(done.stdout)
    compared = int(found[1].replace(",", "")) if found else 0
    if done.returncode == 0:
        return compared, []
    told = [line for line in done.stdout.splitlines() if line.startswith("DIFFERENT")]
    return compared, told or [f"recompute.py: {(done.stdout + done.stderr).strip()[-500:]}"]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the script tells what it read."""


@contextmanager
def _served() -> Iterator[str]:
    with make_server(HOST, 0, get_wsgi_application(), _Server, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
