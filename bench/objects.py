"""An object store for tests and benchmarks: moto's server, which speaks S3, as a process."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from bench import servers


@dataclass(frozen=True)
class ObjectStore:
    """A server that speaks S3 and keeps its buckets in memory."""

    process: subprocess.Popen[bytes]
    endpoint: str

    def url(self, bucket: str) -> str:
        """Create a bucket; return its `PORTAL_FILES_URL`."""
        self.client().create_bucket(Bucket=bucket)
        return f"s3://tester:of-the-files@{bucket}?endpoint={self.endpoint}"

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="tester",
            aws_secret_access_key="of-the-files",  # noqa: S106 - of a server that checks none
        )

    def pause(self) -> None:
        """Let it answer nothing, as a host does that hangs."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """Run moto's server for the block."""
    port = servers.free_port()
    words = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(words, stdout=quiet, stderr=quiet)  # noqa: S603 - our own server
    try:
        servers.wait_until(lambda: servers.listens(port), what="moto")
        yield ObjectStore(server, f"http://127.0.0.1:{port}")
    finally:
        server.kill()
        server.wait(timeout=servers.START_SECONDS)
