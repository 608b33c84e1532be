"""What every store of files does, and the words for its faults."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from django.core.files.storage import storages

from portal.core.errors import Unavailable

CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Digest:
    """Size in bytes and SHA-256 of a content."""

    size: int
    sha256: str


class Store(Protocol):
    """Holds files under names. Each is written once, whole or not at all, and never public.

    Every method raises Unavailable (`storage_unavailable`) when the store cannot serve.
    """

    def write(self, name: str, content: Any, digest: Digest) -> None:
        """Write a content from its start. Raises FileExistsError, Unavailable (`storage_full`)."""

    def open(self, name: str) -> BinaryIO:
        """Return a file to read and to seek in. Raises FileNotFoundError."""

    def on_disk(self, name: str) -> AbstractContextManager[Path]:
        """Yield a path to read the file from, valid in the block. Raises FileNotFoundError."""

    def holds(self, name: str) -> bool: ...

    def recorded(self, name: str) -> Digest | None:
        """Return what the store noted when the file was written; None when it notes nothing."""

    def discard(self, name: str) -> None:
        """Delete a file; a missing one is fine."""

    def written_before(self, instant: datetime) -> Iterator[str]:
        """Yield the names of what was written before an instant, leftovers of writers included."""

    def address(self, name: str, *, filename: str, content_type: str) -> str | None:
        """Return an address from which a browser may download the file within a minute.

        None when the portal sends it itself. Raises FileNotFoundError.
        """

    def is_public(self, name: str) -> bool:
        """Tell whether a stranger gets this file from the store itself."""

    def answers(self) -> bool:
        """Tell within seconds whether files can be reached."""


def kept_in() -> Store:
    """Return the store that the settings name."""
    return cast(Store, storages["private"])


def digest_of(content: Any) -> Digest:
    """Read a content to its end and return its digest; leave it at its start."""
    size, digest = 0, hashlib.sha256()
    content.seek(0)
    while chunk := content.read(CHUNK):
        size += len(chunk)
        digest.update(chunk)
    content.seek(0)
    return Digest(size, digest.hexdigest())


def full() -> Unavailable:
    return Unavailable(
        "저장 공간이 부족하여 파일을 받지 못했습니다. 잠시 뒤 다시 올려 주세요. "
        "작성 중인 내용은 그대로 있습니다.",
        code="storage_full",
    )


def cannot_write() -> Unavailable:
    return Unavailable(
        "지금은 파일을 저장할 수 없습니다. 잠시 뒤 다시 올려 주세요.", code="storage_unavailable"
    )


def cannot_read() -> Unavailable:
    return Unavailable(
        "지금은 파일을 열 수 없습니다. 잠시 뒤 다시 시도해 주세요.", code="storage_unavailable"
    )
