"""A scanner for tests: clamd as a process, with a base of signatures of our own."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import servers

CONF = Path(__file__).parents[1] / "deploy/clamav/clamd.conf"
NOTHING = {"Test.Nothing": b"a text that no file of these tests holds 7d0c2f"}


@dataclass
class Scanner:
    """clamd on a port of this machine; may be killed and started again."""

    folder: Path
    port: int
    running: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def know(self, signatures: Mapping[str, bytes]) -> None:
        """Write the base of signatures: a file that holds one of these texts is malicious."""
        rows = (f"{name}:0:*:{text.hex()}\n" for name, text in signatures.items())
        (self.folder / "base" / "test.ndb").write_text("".join(rows))

    def start(self) -> None:
        """Start clamd with the conf of the repository and wait until it answers."""
        program = servers.binary("clamd")
        if program is None:
            raise FileNotFoundError("clamd: apt-get install clamav-daemon")
        with (self.folder / "log").open("ab") as log:
            self.running.append(
                subprocess.Popen(  # noqa: S603 - our own command line
                    [program, "--config-file", str(self.folder / "clamd.conf")],
                    stdout=log,
                    stderr=log,
                )
            )
        servers.wait_until(lambda: servers.listens(self.port), what="clamd")

    def kill(self) -> None:
        """End it as a power cut does."""
        while self.running:
            process = self.running.pop()
            process.send_signal(signal.SIGKILL)
            process.wait()


@contextmanager
def scanner(signatures: Mapping[str, bytes], **changed: str) -> Iterator[Scanner]:
    """Run clamd for the block; `changed` are lines of its conf that differ."""
    folder = Path(tempfile.mkdtemp(prefix="portal-clamd-"))
    made = Scanner(folder, servers.free_port())
    (folder / "base").mkdir()
    values = _conf() | {
        "TCPSocket": str(made.port),
        "TCPAddr": "127.0.0.1",
        "DatabaseDirectory": str(folder / "base"),
        "TemporaryDirectory": str(folder),
    }
    if os.geteuid() == 0:
        values["User"] = "root"
    values |= changed
    rows = (f"{name} {value}\n" for name, value in values.items())
    (folder / "clamd.conf").write_text("".join(rows))
    made.know({**NOTHING, **signatures})
    try:
        made.start()
        yield made
    finally:
        made.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _conf() -> dict[str, str]:
    lines = CONF.read_text().splitlines()
    rows = (line.split(None, 1) for line in lines if line and not line.startswith("#"))
    return dict(rows)
