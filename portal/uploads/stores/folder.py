"""Files in a folder of this host, or of a disk that all hosts share."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from portal.core.errors import Unavailable
from portal.uploads.stores.base import CHUNK, Digest, cannot_read, cannot_write, full

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Folder(FileSystemStorage):
    """Keeps files under PRIVATE_ROOT, readable by the owner of the process only."""

    @property
    def base_location(self) -> str:  # read anew: settings may change
        return str(settings.PRIVATE_ROOT)

    @property
    def location(self) -> str:
        return os.path.abspath(self.base_location)

    def url(self, name: str | None) -> str:
        raise ValueError("A private file has no address.")

    def write(self, name: str, content: Any, digest: Digest) -> None:
        target = Path(self.path(name))
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _draft(target) as draft:
                content.seek(0)
                while chunk := content.read(CHUNK):
                    draft.write(chunk)
        except FileExistsError:
            raise
        except OSError as fault:
            raise _no_disk(fault) from fault

    def open(self, name: str, mode: str = "rb") -> BinaryIO:  # type: ignore[override]
        try:
            return cast(BinaryIO, super().open(name, mode))
        except FileNotFoundError:
            raise
        except OSError as fault:
            raise cannot_read() from fault

    @contextmanager
    def on_disk(self, name: str) -> Iterator[Path]:
        path = Path(self.path(name))
        if not path.is_file():
            raise FileNotFoundError(name)
        yield path

    def holds(self, name: str) -> bool:
        return self.exists(name)

    def recorded(self, name: str) -> Digest | None:
        return None

    def discard(self, name: str) -> None:
        try:
            self.delete(name)
        except OSError as fault:
            raise cannot_write() from fault

    def written_before(self, instant: datetime) -> Iterator[str]:
        root = Path(self.location)
        for path in root.glob("??/*"):
            with suppress(FileNotFoundError):  # discarded meanwhile
                if path.stat().st_mtime < instant.timestamp():
                    yield path.relative_to(root).as_posix()

    def address(self, name: str, *, filename: str, content_type: str) -> str | None:
        return None

    def is_public(self, name: str) -> bool:
        return False

    def answers(self) -> bool:
        root = Path(self.location)
        place = next((path for path in (root, *root.parents) if path.exists()), root)
        return os.access(place, os.R_OK | os.W_OK | os.X_OK)


@contextmanager
def _draft(target: Path) -> Iterator[Any]:
    # Written beside the target, and given its name, which nothing may have, when it is on the disk.
    handle, place = tempfile.mkstemp(prefix=".draft-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as draft:
            yield draft
            draft.flush()
            os.fsync(draft.fileno())
        os.link(place, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(place)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _no_disk(fault: OSError) -> Unavailable:
    return full() if fault.errno in _NO_ROOM else cannot_write()
