"""Uploads: checked by content, stored outside the web root under random names, served as downloads."""

import errno
import hashlib
import os
import re
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage
from django.db import transaction
from django.http import FileResponse
from django.utils.deconstruct import deconstructible

from portal.core.errors import NotFound, Unavailable
from portal.uploads.filetypes import content, names, refusals
from portal.uploads.filetypes.budget import Budget

CONTENT_TYPES = {
    "pdf": "application/pdf",
    "hwp": "application/x-hwp",
    "hwpx": "application/hwp+zip",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
    "jpg": "image/jpeg",
    "png": "image/png",
}
_CHUNK = 64 * 1024
_STORED_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}")
_DRAFT_NAME = re.compile(r"[0-9a-f]{2}/\.draft-\w+")
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Inspected:
    """An inspected upload: safe original name, bytes, SHA-256, and the type found in its content."""

    name: str
    size: int
    sha256: str
    content_type: str
    extension: str


def inspect(upload: "File[bytes]", *, allowed: Sequence[str]) -> Inspected:
    """Check an upload by its content; `allowed` are extensions of CONTENT_TYPES, without a dot.

    Nothing is written; the upload is left at its start. Raises BadInput: file_empty, file_too_large (over
    UPLOAD_MAX_BYTES), file_type (extension not allowed), file_mismatch (content is something else),
    file_unsafe (active, locked or hostile), file_damaged.
    """
    name = names.safe_name(upload.name or "")
    extension = names.ending(name)
    size, sha256 = measure(upload)
    known = [kind for item in allowed if (kind := names.ending(f".{item}")) in CONTENT_TYPES]
    if extension not in known:
        raise refusals.wrong_type(", ".join(item.upper() for item in known))
    content.check(upload, extension, Budget())
    return Inspected(name, size, sha256, CONTENT_TYPES[extension], extension)


def measure(upload: "File[bytes]", *, most: int = 0) -> tuple[int, str]:
    """Return size and SHA-256. Raises BadInput: file_empty, file_too_large (over `most` bytes)."""
    most = most or settings.UPLOAD_MAX_BYTES
    size, digest = 0, hashlib.sha256()
    upload.seek(0)
    while chunk := upload.read(_CHUNK):
        size += len(chunk)
        if size > most:
            raise refusals.too_large(most)
        digest.update(chunk)
    if not size:
        raise refusals.empty()
    upload.seek(0)
    return size, digest.hexdigest()


@deconstructible(path="portal.uploads.files.PrivateStorage")
class PrivateStorage(FileSystemStorage):
    """Files under PRIVATE_ROOT with random names and without a URL."""

    @property
    def base_location(self) -> str:  # read anew: settings may change
        return str(settings.PRIVATE_ROOT)

    @property
    def location(self) -> str:
        return os.path.abspath(self.base_location)

    def url(self, name: str | None) -> str:
        raise ValueError("A private file has no address.")

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Write the whole file or nothing; return its new random name.

        Raises Unavailable: storage_full, or storage_unavailable for any other fault of the disk.
        """
        random = uuid.uuid4().hex
        kept = f"{random[:2]}/{random}"
        target = Path(self.path(kept))
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _draft(target) as draft:
                content.seek(0)
                while chunk := content.read(_CHUNK):
                    draft.write(chunk)
        except OSError as fault:
            raise _no_disk(fault) from fault
        return kept


private_storage = PrivateStorage()


def store(upload: "File[bytes]") -> str:
    """Keep an upload; return its random name. Raises Unavailable and leaves nothing behind."""
    return private_storage.save(None, upload)


def store_bytes(data: bytes) -> str:
    return store(ContentFile(data))


def discard(name: str) -> None:
    """Delete a kept file that no row names; a missing one is fine."""
    if _STORED_NAME.fullmatch(name) or _DRAFT_NAME.fullmatch(name):
        private_storage.delete(name)


def discard_on_commit(name: str) -> None:
    """Delete a kept file once the current transaction has been committed."""
    transaction.on_commit(partial(discard, name), robust=True)


def stored_before(instant: datetime) -> Iterator[str]:
    """Yield the names of files written before an instant, drafts of killed writers included."""
    root = Path(private_storage.location)
    for path in root.glob("??/*"):
        with suppress(FileNotFoundError):  # discarded meanwhile
            if path.stat().st_mtime < instant.timestamp():
                yield path.relative_to(root).as_posix()


def serve(name: str, *, filename: str, content_type: str) -> FileResponse:
    """Return a kept file as a download that no browser runs. Raises NotFound.

    The caller decides that the reader may have it. `filename` may be Korean (RFC 6266).
    """
    if not _STORED_NAME.fullmatch(name):
        raise NotFound
    try:
        file = private_storage.open(name)
    except FileNotFoundError:
        raise NotFound("파일을 찾을 수 없습니다.", code="file_missing") from None
    response = FileResponse(
        file, as_attachment=True, filename=names.safe_name(filename), content_type=content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


@contextmanager
def _draft(target: Path) -> Iterator[Any]:
    # Written beside the target and renamed when it is on the disk.
    handle, place = tempfile.mkstemp(prefix=".draft-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as draft:
            yield draft
            draft.flush()
            os.fsync(draft.fileno())
        os.replace(place, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(place)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _no_disk(fault: OSError) -> Unavailable:
    if fault.errno in _NO_ROOM:
        return Unavailable(
            "저장 공간이 부족하여 파일을 받지 못했습니다. 잠시 뒤 다시 올려 주세요. "
            "작성 중인 내용은 그대로 있습니다.",
            code="storage_full",
        )
    return Unavailable(
        "지금은 파일을 저장할 수 없습니다. 잠시 뒤 다시 올려 주세요.", code="storage_unavailable"
    )
