"""Files in a bucket that speaks the protocol of Amazon S3, shared by all hosts."""

import io
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage

from portal.core.errors import Unavailable
from portal.uploads.stores.base import CHUNK, Digest, cannot_read, cannot_write, full

CONNECT_SECONDS = 1
READ_SECONDS = 10  # the longest silence of the store
ATTEMPTS = 2
PROBE_SECONDS = 2
PAUSE_SECONDS = 5.0  # a store that does not answer is not asked again for so long
ADDRESS_SECONDS = 60  # how long a signed address may be used
_FULL = {"QuotaExceeded", "InsufficientCapacity", "XMinioStorageFull"}

logger = logging.getLogger(__name__)


class Objects(S3Storage):
    """Keeps files in a bucket, each by one conditional PUT: whole and once.

    No ACL is sent: without one an object is private, and buckets that know none refuse any.
    """

    def __init__(self, *, signed: bool, **options: Any) -> None:
        super().__init__(
            client_config=_config(READ_SECONDS, ATTEMPTS, by_path=bool(options["endpoint_url"])),
            querystring_expire=ADDRESS_SECONDS,
            **options,
        )
        self.signed = signed
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        # Connections and locks belong to the process that made them.
        self._lock = threading.Lock()
        self._shared: Any = None
        self._probe: Any = None
        self._quiet_until = 0.0

    @property
    def connection(self) -> Any:
        """Return one resource for all threads; only its client, which threads may share, is used."""
        with self._lock:
            if self._shared is None:
                self._shared = self._resource(self.client_config)
            return self._shared

    def _resource(self, config: Config) -> Any:
        return self._create_session().resource(
            "s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=config
        )

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def write(self, name: str, content: Any, digest: Digest) -> None:
        content.seek(0)
        try:
            with self._faults(cannot_write):
                self._client.put_object(
                    Bucket=self.bucket_name,
                    Key=name,
                    Body=content,
                    ContentLength=digest.size,
                    ContentType=self.default_content_type,
                    IfNoneMatch="*",
                    Metadata={"sha256": digest.sha256},
                )
        except FileExistsError:
            # An attempt whose answer was lost has written this very content.
            if self.recorded(name) != digest:
                raise

    def open(self, name: str, mode: str = "rb") -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(_Object(self, name, self._head(name)), CHUNK))

    @contextmanager
    def on_disk(self, name: str) -> Iterator[Path]:
        with self.open(name) as kept, tempfile.NamedTemporaryFile(prefix="portal-") as copy:
            while chunk := kept.read(CHUNK):
                copy.write(chunk)
            copy.flush()
            yield Path(copy.name)

    def holds(self, name: str) -> bool:
        try:
            self._head(name)
        except FileNotFoundError:
            return False
        return True

    def recorded(self, name: str) -> Digest | None:
        head = self._head(name)
        sha256 = head.get("Metadata", {}).get("sha256")
        return Digest(head["ContentLength"], sha256) if sha256 else None

    def discard(self, name: str) -> None:
        with self._faults(cannot_write):
            self._client.delete_object(Bucket=self.bucket_name, Key=name)

    def written_before(self, instant: datetime) -> Iterator[str]:
        pages = iter(
            self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name)
        )
        while True:
            with self._faults(cannot_read):
                page = next(pages, None)
            if page is None:
                return
            for row in page.get("Contents", ()):
                if row["LastModified"] < instant:
                    yield row["Key"]

    def address(self, name: str, *, filename: str, content_type: str) -> str | None:
        if not self.signed:
            return None
        self._head(name)
        answered = {
            "ResponseContentDisposition": content_disposition_header(True, filename),
            "ResponseContentType": content_type,
            "ResponseCacheControl": "private, no-store",
        }
        return cast(str, self.url(name, parameters=answered))

    def is_public(self, name: str) -> bool:
        stranger = self.unsigned_connection.meta.client
        try:
            stranger.head_object(Bucket=self.bucket_name, Key=name)
        except (ClientError, BotoCoreError):
            return False
        return True

    def answers(self) -> bool:
        try:
            with self._faults(cannot_read):
                self._probing.head_bucket(Bucket=self.bucket_name)
        except (Unavailable, FileNotFoundError):
            return False
        return True

    @property
    def _probing(self) -> Any:
        with self._lock:
            if self._probe is None:
                config = _config(PROBE_SECONDS, 1, by_path=bool(self.endpoint_url))
                self._probe = self._resource(config).meta.client
            return self._probe

    def _head(self, name: str) -> Any:
        with self._faults(cannot_read):
            return self._client.head_object(Bucket=self.bucket_name, Key=name)

    def read_from(self, name: str, offset: int) -> Any:
        """Return the stream of a file from an offset on. Raises FileNotFoundError, Unavailable."""
        with self._faults(cannot_read):
            answer = self._client.get_object(
                Bucket=self.bucket_name, Key=name, Range=f"bytes={offset}-"
            )
        return answer["Body"]

    @contextmanager
    def _faults(self, words: Callable[[], Unavailable]) -> Iterator[None]:
        if time.monotonic() < self._quiet_until:
            raise words()
        try:
            yield
        except ClientError as fault:
            raise _refusal(fault, words) from fault
        except OSError as fault:  # of the content that is written
            raise words() from fault
        except BotoCoreError as fault:
            self._quiet_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("파일 저장소가 응답하지 않습니다: %s", type(fault).__name__)
            raise words() from fault


def _config(read_seconds: int, attempts: int, *, by_path: bool) -> Config:
    return Config(
        signature_version="s3v4",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=50,
        # The signature covers the content, which every store checks; newer checksums not every one.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={
            "addressing_style": "path" if by_path else "auto",
            "payload_signing_enabled": True,
        },
    )


def _refusal(fault: ClientError, words: Callable[[], Unavailable]) -> Exception:
    code = fault.response.get("Error", {}).get("Code", "")
    match code:
        case "NoSuchKey" | "404":
            return FileNotFoundError(code)
        case "PreconditionFailed" | "412":
            return FileExistsError(code)
    logger.warning("파일 저장소가 요청을 거절했습니다: %s", code)
    return full() if code in _FULL else words()


class _Object(io.RawIOBase):
    """Reads an object as it comes; asks anew where somebody seeks."""

    def __init__(self, store: Objects, name: str, head: Any) -> None:
        self._store, self._name = store, name
        self._size: int = head["ContentLength"]
        self._at = self._body_at = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("negative seek")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        if self._body is None or self._body_at != self._at:
            self._let_go()
            self._body = self._store.read_from(self._name, self._at)
            self._body_at = self._at
        try:
            data = self._body.read(len(buffer))
        except (BotoCoreError, OSError) as fault:
            raise cannot_read() from fault
        if not data:
            raise cannot_read()
        buffer[: len(data)] = data
        self._at = self._body_at = self._at + len(data)
        return len(data)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()
