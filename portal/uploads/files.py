"""Uploads: checked by content, stored outside the web root under random names, served as downloads."""

import hashlib
import logging
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile, File
from django.db import transaction
from django.http import FileResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from portal.core import metrics
from portal.core.errors import NotFound, PortalError, Unavailable
from portal.models import User
from portal.uploads import judge, scanning
from portal.uploads.filetypes import names, refusals
from portal.uploads.stores.base import CHUNK, Digest, cannot_write, digest_of
from portal.uploads.stores.base import kept_in as kept_in

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
_STORED_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}")
_DRAFT_NAME = re.compile(r"[0-9a-f]{2}/\.draft-\w+")

logger = logging.getLogger(__name__)


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
    file_unsafe (active, locked, hostile or too costly to judge), file_damaged; and Unavailable.
    """
    with _counted():
        name, size, sha256, extension = _identify(upload, allowed)
        judge.check(upload, extension)
    return Inspected(name, size, sha256, CONTENT_TYPES[extension], extension)


def redraw(
    upload: "File[bytes]", *, allowed: Sequence[str], longest: int, flat: bool = False
) -> judge.Drawn:
    """Check a picture and draw it anew, upright, its sides at most `longest` pixels.

    A JPEG stays one; `flat` asks for a PNG without transparency. Raises as `inspect` does.
    """
    with _counted():
        _, _, _, extension = _identify(upload, allowed)
        return judge.redraw(upload, extension, longest=longest, flat=flat)


@contextmanager
def _counted() -> Iterator[None]:
    try:
        yield
    except PortalError as refused:
        metrics.UPLOADS.labels(refused.code).inc()
        raise
    metrics.UPLOADS.labels("passed").inc()


def _identify(upload: "File[bytes]", allowed: Sequence[str]) -> tuple[str, int, str, str]:
    name = names.safe_name(upload.name or "")
    extension = names.ending(name)
    size, sha256 = measure(upload)
    known = [kind for item in allowed if (kind := names.ending(f".{item}")) in CONTENT_TYPES]
    if extension not in known:
        raise refusals.wrong_type(", ".join(item.upper() for item in known))
    return name, size, sha256, extension


def measure(upload: "File[bytes]", *, most: int = 0) -> tuple[int, str]:
    """Return size and SHA-256. Raises BadInput: file_empty, file_too_large (over `most` bytes)."""
    most = most or settings.UPLOAD_MAX_BYTES
    size, digest = 0, hashlib.sha256()
    upload.seek(0)
    while chunk := upload.read(CHUNK):
        size += len(chunk)
        if size > most:
            raise refusals.too_large(most)
        digest.update(chunk)
    if not size:
        raise refusals.empty()
    upload.seek(0)
    return size, digest.hexdigest()


def store(upload: "File[bytes]", *, by: User | None) -> str:
    """Keep what a person sent, to be scanned where there is a scanner; return its random name.

    Raises Unavailable and leaves nothing behind.
    """
    name, digest = _keep(upload)
    scanning.expect(name, digest, title=names.safe_name(upload.name or ""), by=by)
    return name


def store_made(content: Any) -> str:
    """Keep a file that the portal made; return its random name. Raises as `store` does."""
    return _keep(content)[0]


def store_bytes(data: bytes) -> str:
    return store_made(ContentFile(data))


def _keep(content: Any) -> tuple[str, Digest]:
    random = uuid.uuid4().hex
    name = f"{random[:2]}/{random}"
    try:
        digest = digest_of(content)
        kept_in().write(name, content, digest)
    except OSError as fault:  # of the content itself
        raise cannot_write() from fault
    return name, digest


def is_name(name: str) -> bool:
    """Tell whether this can be the name of a kept file."""
    return bool(_STORED_NAME.fullmatch(name))


def open_kept(name: str) -> BinaryIO:
    """Open a kept file to read and to seek in.

    Raises FileNotFoundError, Unavailable, MoveNotAllowed (`file_quarantined`).
    """
    scanning.require_no_quarantine(name)
    return kept_in().open(name)


def on_disk(name: str) -> AbstractContextManager[Path]:
    """Yield a path to read a kept file from in the block. Raises as `open_kept` does."""
    scanning.require_no_quarantine(name)
    return kept_in().on_disk(name)


def is_kept(name: str) -> bool:
    """Tell whether the store holds a file. Raises Unavailable."""
    return kept_in().holds(name)


def discard(name: str) -> None:
    """Delete a kept file that no row names; a missing one is fine.

    What cannot be deleted now has no row any more and is found by `unreferenced`.
    """
    if not _STORED_NAME.fullmatch(name) and not _DRAFT_NAME.fullmatch(name):
        return
    try:
        kept_in().discard(name)
    except Unavailable:
        logger.warning("파일을 지우지 못했습니다: %s", name)


def discard_on_commit(name: str) -> None:
    """Delete a kept file once the current transaction has been committed."""
    transaction.on_commit(partial(discard, name), robust=True)


def stored_before(instant: datetime) -> Iterator[str]:
    """Yield the names of files written before an instant, drafts of killed writers included."""
    for name in kept_in().written_before(instant):
        if _STORED_NAME.fullmatch(name) or _DRAFT_NAME.fullmatch(name):
            yield name


def serve(
    name: str, *, filename: str, content_type: str, reader: User | AnonymousUser | None = None
) -> HttpResponseBase:
    """Return a kept file as a download that no browser runs.

    The caller decides that `reader` may have it. `filename` may be Korean (RFC 6266). Raises NotFound,
    Unavailable, and MoveNotAllowed for a file that the scanner has not passed.
    """
    if not is_name(name):
        raise NotFound
    scanning.require_opening(name, reader=reader)
    shown = names.safe_name(filename)
    try:
        address = _address(name, shown, content_type)
        response = _sent_on(address) if address else _sent(name, shown, content_type)
    except FileNotFoundError:
        raise NotFound("파일을 찾을 수 없습니다.", code="file_missing") from None
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


def _address(name: str, filename: str, content_type: str) -> str | None:
    # Pictures stand in pages, whose policy takes them from the portal's own host only.
    if content_type.startswith("image/"):
        return None
    return kept_in().address(name, filename=filename, content_type=content_type)


def _sent_on(address: str) -> HttpResponseBase:
    response = HttpResponseRedirect(address)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _sent(name: str, filename: str, content_type: str) -> HttpResponseBase:
    return FileResponse(
        kept_in().open(name), as_attachment=True, filename=filename, content_type=content_type
    )
