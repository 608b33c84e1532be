"""A PostgreSQL of our own that archives as the template of deploy/ says, removed at the end."""

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from bench import servers
from portal.environment import BASE_DIR

STANZA = "portal"
SCRIPT = BASE_DIR / "deploy/backup/archive.sh"
TEMPLATE = BASE_DIR / "deploy/backup/pgbackrest.conf.template"
# Places on this machine, of which the template knows none.
PLACES = """
pg1-port={port}
pg1-socket-path={sockets}
pg1-user=postgres

[global]
log-path={folder}
lock-path={folder}/lock
spool-path={folder}
"""
ARCHIVING = """
archive_mode = on
archive_command = 'PGBACKREST_CONFIG={config} PGBACKREST_STANZA={stanza} sh {script} %p'
archive_timeout = 60
"""


@dataclass(frozen=True)
class Archive:
    """The server and the file of pgBackRest that names its repository."""

    server: servers.PrivatePostgres
    config: Path

    def back_up(self, kind: str = "full") -> None:
        self.run(f"--type={kind}", "backup")

    def run(self, *words: str) -> str:
        """Run pgBackRest as the account of the server; return what it printed."""
        command = [
            *self.server.prefix, "pgbackrest", f"--config={self.config}", f"--stanza={STANZA}",
            *words,
        ]  # fmt: skip
        done = subprocess.run(  # noqa: S603 - our own command line
            command, cwd=self.server.folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return done.stdout

    def switch(self, url: str) -> None:
        """Close the current segment and wait until it is in the archive."""
        with closing(psycopg2.connect(url)) as db:
            db.autocommit = True
            cursor = db.cursor()
            cursor.execute("SELECT pg_walfile_name(pg_switch_wal())")
            [closed] = cursor.fetchone()
        servers.wait_until(lambda: self._files(closed), what=f"WAL {closed} in the archive")

    def remove_segment_of(self, url: str, instant: str) -> str:
        """Remove the newest segment that was begun before the instant; return its name."""
        self.switch(url)
        with closing(psycopg2.connect(url)) as db:
            cursor = db.cursor()
            cursor.execute("SELECT %s::timestamptz", [instant])
            before = cursor.fetchone()[0].timestamp()
        stored = sorted(self._files(""), key=lambda file: file.name)
        told = [file for file in stored if file.stat().st_mtime <= before]
        file = next(each for each in stored if each not in told) if told else stored[-1]
        name = file.name[:24]
        file.unlink()
        return name

    def _files(self, name: str) -> list[Path]:
        found = (self.config.parent / "repository/archive").glob(f"*/*/*/{name}*")
        return [file for file in found if len(file.name) > 24 and file.name[24] == "-"]


@contextmanager
def archived() -> Iterator[Archive]:
    """Yield a running server that archives, without a backup yet. Raises RuntimeError."""
    with servers.private_postgres() as server:
        if server is None or not shutil.which("pgbackrest"):
            raise RuntimeError("no PostgreSQL of our own, or no pgbackrest: apt-get install both")
        folder = server.folder / "backup"
        config = folder / "pgbackrest.conf"
        folder.mkdir()
        data = server.folder / "data"
        values = {
            "repo1-path": folder / "repository",
            "repo1-cipher-pass": secrets.token_urlsafe(48),
            "pg1-path": data,
        }
        filled = re.sub(
            r"^([\w-]+)=.*$",
            lambda line: f"{line[1]}={values[line[1]]}" if line[1] in values else line[0],
            TEMPLATE.read_text(),
            flags=re.MULTILINE,
        )
        places = PLACES.format(folder=folder, port=server.port, sockets=server.folder)
        config.write_text(filled + places)
        script = Path(shutil.copy(SCRIPT, folder / SCRIPT.name))
        _hand_over([folder, config, script], data)
        server.stop("fast")
        with (data / "postgresql.conf").open("a") as conf:
            conf.write(ARCHIVING.format(config=config, stanza=STANZA, script=script))
        server.start()
        archive = Archive(server, config)
        archive.switch(server.url)  # the first segment makes the repository
        yield archive


def _hand_over(paths: Sequence[Path], like: Path) -> None:
    """Give files to the account of the server."""
    owner = like.stat()
    for path in paths:
        os.chown(path, owner.st_uid, owner.st_gid)
