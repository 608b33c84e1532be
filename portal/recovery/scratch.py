"""A scratch server: a backup of pgBackRest restored to an instant, for this host's eyes alone.

It listens on a socket in a folder that only its account opens, refuses to write, archives nothing,
and is removed with its folder.
"""

import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from portal.core.errors import PortalError

STANZA = "portal"
ACCOUNT = "postgres"  # for root, as whom PostgreSQL refuses to run
PROGRAMS = "/usr/lib/postgresql/{version}/bin"  # of Debian's packages
START_SECONDS = 6 * 3600  # the WAL of a day is read again first
POLL_SECONDS = 0.5
LAST_LINES = 20
PORT = 5432  # part of the socket's name only
# Of the server's own file nothing is needed: it may lie elsewhere and name what is not here.
CONF = """
listen_addresses = ''
unix_socket_directories = '{folder}'
unix_socket_permissions = 0700
port = {port}
max_connections = 40
shared_buffers = 256MB
maintenance_work_mem = 256MB
hot_standby = off
archive_mode = off
fsync = off
full_page_writes = off
synchronous_commit = off
autovacuum = off
jit = off
default_transaction_read_only = on
log_min_messages = warning
hba_file = '{folder}/hba.conf'
ident_file = ''
"""
_SEGMENT = re.compile(r"unable to find ([0-9A-F]{24}) in the archive")
_SET = re.compile(r"restore backup set (\S+?),? ")


class RestoreFailed(PortalError):
    """The backup could not be restored to the instant; the message names what is missing."""

    status = 503
    default_code = "restore_failed"


@dataclass(frozen=True)
class Restored:
    """A running copy: its address, the label of the backup, and the seconds until it served."""

    url: str
    backup: str
    seconds: float


@contextmanager
def restored(config: str, to: datetime, *, user: str, database: str) -> Iterator[Restored]:
    """Restore to the instant and serve until the block ends. Raises RestoreFailed."""
    account = ACCOUNT if os.geteuid() == 0 else ""
    folder = Path(tempfile.mkdtemp(prefix="portal-drill-"))
    try:
        if account:
            shutil.chown(folder, account)
        began = time.monotonic()
        copy = _Copy(folder, account, config)
        backup = copy.restore(to)
        query = urlencode({"host": str(folder), "port": PORT})
        url = f"postgres://{user}@/{database}?{query}"
        try:
            copy.start(to)
            yield Restored(url, backup, time.monotonic() - began)
        finally:
            copy.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class _Copy:
    folder: Path
    account: str
    config: str

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def restore(self, to: datetime) -> str:
        """Unpack the newest backup before the instant; return its label."""
        target = to.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")
        done = self._pgbackrest(
            f"--pg1-path={self.data}",
            "--type=time",
            f"--target={target}",
            "--target-action=promote",
            "--log-level-console=info",
            "restore",
        )
        if done.returncode:
            raise RestoreFailed(
                f"백업을 {target} 시점으로 풀지 못했습니다: {_last_lines(done.stdout)}"
            )
        found = _SET.search(done.stdout)
        return found[1] if found else ""

    def start(self, to: datetime) -> None:
        """Serve; the WAL up to the instant is read again first."""
        conf = CONF.format(folder=self.folder, port=PORT)
        self._write("scratch.conf", conf)
        self._write("hba.conf", "local all all trust\n")
        options = f"-c config_file={self.folder}/scratch.conf"
        until = time.monotonic() + START_SECONDS
        words = ["-D", self.data, "-w", "-t", START_SECONDS, "-l", self._log, "-o", options]
        if self._program("pg_ctl", *words, "start").returncode:
            raise RestoreFailed(self._why(to))
        # Not asked of pg_ctl: it calls a server ready that still reads WAL.
        while self._program("pg_isready", "-h", self.folder, "-p", PORT).returncode:
            if not self._runs() or time.monotonic() > until:
                raise RestoreFailed(self._why(to))
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        if self._runs():
            self._program("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def _runs(self) -> bool:
        return self._program("pg_ctl", "-D", self.data, "status").returncode == 0

    @property
    def _log(self) -> str:
        return str(self.folder / "log")

    def _why(self, to: datetime) -> str:
        log = Path(self._log)
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        asked = _SEGMENT.findall(text)
        if not asked:
            return f"복구한 서버가 시작되지 않았습니다: {_last_lines(text)}"
        newest = self._newest_segment()
        lacks = f"WAL {asked[-1]}이 보관소에 없어 {to.isoformat()} 시점까지 복구하지 못했습니다"
        return f"{lacks}(보관된 마지막 WAL: {newest})."

    def _newest_segment(self) -> str:
        done = self._pgbackrest("--output=json", "info")
        try:
            [stanza] = json.loads(done.stdout)
            return str(stanza["archive"][-1]["max"])
        except (ValueError, LookupError, TypeError):
            return "알 수 없음"

    def _write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        if self.account:
            shutil.chown(file, self.account)

    def _pgbackrest(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self._run(["pgbackrest", f"--config={self.config}", f"--stanza={STANZA}", *words])

    def _program(self, name: str, *words: object) -> "subprocess.CompletedProcess[str]":
        version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        program = Path(PROGRAMS.format(version=version)) / name
        return self._run([str(program), *map(str, words)])

    def _run(self, words: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        home = pwd.getpwnam(self.account).pw_dir if self.account else str(self.folder)
        prefix = ["runuser", "-u", self.account, "--"] if self.account else []
        # No variable of the portal reaches the server; the archive is read with its words on record.
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": home,
            "LANG": "C.UTF-8",
            "PGBACKREST_LOG_LEVEL_CONSOLE": "info",
        }
        return subprocess.run(  # noqa: S603 - our own command line
            [*prefix, *words],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )


def _last_lines(text: str) -> str:
    told = [line for line in text.splitlines() if re.search("ERROR|FATAL|PANIC", line)]
    return " / ".join((told or text.splitlines())[-LAST_LINES:])
