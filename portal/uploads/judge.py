"""Have uploads judged, and pictures drawn anew, in a child process with limits on time and memory."""

import atexit
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from portal.core import engines
from portal.core.errors import BadInput, Unavailable
from portal.uploads.filetypes import families, refusals
from portal.uploads.filetypes.streams import Readable

ENGINE = Path(__file__).parent / "filetypes" / "engine.py"
PASSED_ON = ("LD_LIBRARY_PATH", "HOME", "TMPDIR")  # no secret of the portal reaches the engine
MEMORY = 768 * 1024**2  # bytes of address space for one upload
CPU_SECONDS = 12  # of a processor for one upload, everything inside it included
SECONDS = 50  # until somebody who waits is told to come back
START_SECONDS = 60
AT_ONCE = 2  # uploads judged for one process of the portal; others wait for their turn
LOOKED_AT_ONCE = 1  # papers drawn for one process: who uploads does not wait for those who look
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture drawn anew: nothing but its pixels is left."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A page drawn anew, with its content type."""

    kind: str
    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """Some of a document's `pages` as pictures; or its text."""

    pages: int
    pictures: tuple[Picture, ...]
    text: str
    whole: bool  # nothing of the text was left out


def check(upload: Readable, extension: str) -> None:
    """Check an upload by its content; leave it at its start.

    Raises BadInput (`file_mismatch`, `file_unsafe`, `file_damaged`, …), Unavailable.
    """
    _ask(upload, {"extension": extension})


def redraw(upload: Readable, extension: str, *, longest: int, flat: bool) -> Drawn:
    """Check a picture and draw it anew, upright, with sides of at most `longest` pixels.

    JPEG stays JPEG unless `flat` asks for a PNG without transparency. Raises as `check` does.
    """
    order = {"extension": extension, "redraw": {"longest": longest, "flat": flat}}
    found, data = _ask(upload, order)
    return Drawn(data, found["width"], found["height"])


def show(upload: Readable, extension: str, *, first: int) -> Shown:
    """Return what a person sees of an upload that passed the check, from page `first` on.

    One at a time, so that who uploads does not wait for those who look. Raises as `check` does.
    """
    if not _looking.acquire(timeout=SECONDS):
        raise _busy()
    try:
        found, data = _ask(upload, {"extension": extension, "show": first})
    finally:
        _looking.release()
    pictures, place = [], 0
    for kind, width, height, size in found["pictures"]:
        pictures.append(Picture(kind, int(width), int(height), data[place : place + size]))
        place += size
    return Shown(found["pages"], tuple(pictures), found["text"], found["whole"])


def _ask(upload: Readable, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    families.check(upload, order["extension"])  # most mistakes are seen without the engine
    deadline = time.monotonic() + SECONDS
    if not _turns.acquire(timeout=SECONDS):
        raise _busy()
    try:
        with _copied(upload) as copy:
            found, data = _request(copy, order, deadline)
    finally:
        _turns.release()
    if found.get("code"):
        raise BadInput(found["message"], code=found["code"])
    return found, data


@contextmanager
def _copied(upload: Readable) -> Iterator[int]:
    # A file in memory: the engine gets no name, and reads without moving the upload.
    handle = os.memfd_create("upload")
    try:
        upload.seek(0)
        while chunk := upload.read(_CHUNK):
            os.write(handle, chunk)
        upload.seek(0)
        os.lseek(handle, 0, os.SEEK_SET)
        yield handle
    finally:
        os.close(handle)


@dataclass(slots=True)
class _Engine:
    process: "subprocess.Popen[bytes]"
    orders: socket.socket

    def stop(self) -> None:
        self.orders.close()
        self.process.kill()
        self.process.wait()


_turns = threading.BoundedSemaphore(AT_ONCE)
_looking = threading.BoundedSemaphore(LOOKED_AT_ONCE)
_lock = threading.Lock()
_engine: _Engine | None = None


def _request(upload: int, order: dict[str, Any], deadline: float) -> tuple[dict[str, Any], bytes]:
    left = max(1, round(deadline - time.monotonic()))
    message = json.dumps({**order, "seconds": left, "cpu_seconds": CPU_SECONDS}).encode()
    ours, theirs = socket.socketpair()
    with Connection(ours.detach()) as line:
        with theirs:
            _send(message, [upload, theirs.fileno()])
        try:
            if not line.poll(left + 1):
                raise _busy()
            return cast(dict[str, Any], json.loads(line.recv_bytes())), line.recv_bytes()
        except (EOFError, OSError):
            if time.monotonic() >= deadline - 1:
                raise _busy() from None  # ended by the clock, not by what it cost
            raise refusals.costly() from None


def _send(message: bytes, handles: list[int]) -> None:
    global _engine
    with _lock:
        for attempt in (1, 2):
            try:
                if _engine is None:
                    _engine = _start()
                socket.send_fds(_engine.orders, [message], handles)
            except OSError as broken:  # the engine has ended
                _stop()
                if attempt == 2:
                    raise _unavailable() from broken
            else:
                return


def _start() -> _Engine:
    variables = engines.environment(PASSED_ON)
    engine = _Engine(*engines.spawn(ENGINE, MEMORY, variables, kind=socket.SOCK_SEQPACKET))
    if not engines.is_ready(engine.orders, START_SECONDS):
        engine.stop()
        raise _unavailable()
    engine.orders.settimeout(None)
    return engine


def _stop() -> None:
    global _engine
    stopped, _engine = _engine, None
    if stopped:
        stopped.stop()


def _reset_after_fork() -> None:
    # The engine and the locks belong to the parent.
    global _engine, _lock, _turns, _looking
    if _engine is not None:
        _engine.orders.close()
        _engine.process.returncode = 0
    _engine, _lock, _turns = None, threading.Lock(), threading.BoundedSemaphore(AT_ONCE)
    _looking = threading.BoundedSemaphore(LOOKED_AT_ONCE)


os.register_at_fork(after_in_child=_reset_after_fork)
atexit.register(_stop)


def _busy() -> Unavailable:
    return Unavailable(
        "지금은 파일을 확인하는 사람이 많습니다. 잠시 뒤 다시 올려 주세요.", code="uploads_busy"
    )


def _unavailable() -> Unavailable:
    return Unavailable(
        "지금은 파일을 확인할 수 없습니다. 잠시 뒤 다시 올려 주세요.", code="uploads_unavailable"
    )
