"""Render templates to PDF in a separate process with limits on time, memory and network."""

import atexit
import fcntl
import functools
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import qrcode
from django.conf import settings
from django.core import checks
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from qrcode.image.svg import SvgPathImage

from portal.core import engines
from portal.core.errors import PortalError, Unavailable

ENGINE = Path(__file__).with_name("pdf_engine.py")
PROBE = Path(__file__).with_name("pdf_probe.py")
SLOTS = (
    ENGINE,
    PROBE,
)  # locked, never written: so many documents are rendered at once on this machine
INSTALL = "apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-nanum"
OPTIONAL = "libharfbuzz-subset0"  # without it a document takes ten times as long
START_SECONDS = 60
PROBE_SECONDS = 15
LARGEST = 64 * 1024 * 1024  # bytes of one PDF
# Only what fonts and libraries need: no secret of the portal reaches the engine.
PASSED_ON = (
    "LD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "FONTCONFIG_FILE",
    "FONTCONFIG_PATH",
    "XDG_CACHE_HOME",
    "HOME",
    "TMPDIR",
)
FAILURES = {
    "time": "문서를 제한 시간 안에 만들지 못했습니다. 관리자에게 알려 주세요.",
    "memory": "문서가 너무 커서 만들지 못했습니다. 관리자에게 알려 주세요.",
    "size": "문서가 너무 커서 만들지 못했습니다. 관리자에게 알려 주세요.",
    "crash": "문서를 만들지 못했습니다. 관리자에게 알려 주세요.",
}
# The engine's exit statuses; what ends a process that is refused memory is the C library's choice.
FAILURE_OF_STATUS = {
    71: "memory",
    72: "size",
    -signal.SIGABRT: "memory",
    -signal.SIGTRAP: "memory",
    -signal.SIGXCPU: "time",
}


class PdfFailed(PortalError):
    """This document could not be rendered: pdf_time, pdf_memory, pdf_size, pdf_crash."""

    status = 503
    default_code = "pdf_crash"
    default_message = FAILURES["crash"]


@dataclass(frozen=True, slots=True)
class RenderedPdf:
    """A PDF with its SHA-256 (hexadecimal) and number of pages."""

    data: bytes
    sha256: str
    pages: int


def render(template: str, context: Mapping[str, Any], *, title: str) -> RenderedPdf:
    """Render a template to a tagged PDF; the same HTML gives the same bytes.

    Raises Unavailable (`pdf_unavailable`, `pdf_busy`) when the engine cannot serve, PdfFailed when this
    document breaks a limit (PDF_SECONDS, PDF_MEMORY_BYTES) or the engine.
    """
    return print_html(render_to_string(template, {**context, "title": title}))


def print_html(html: str) -> RenderedPdf:
    if not available():
        raise _unavailable()
    deadline = time.monotonic() + settings.PDF_SECONDS
    if not _lock.acquire(timeout=settings.PDF_SECONDS):
        raise _busy()
    try:
        with _slot(deadline):
            return _request(html)
    finally:
        _lock.release()


def available() -> bool:
    """Tell whether the engine's libraries and a Korean font are installed (cached)."""
    return not set(missing_packages()) - {OPTIONAL}


def missing_packages() -> list[str]:
    """Return the Debian packages the engine lacks; checked again every minute while some are missing."""
    missing = _probe(0)
    return missing and _probe(1 + int(time.monotonic() // 60))


def check_pdf(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    lacks = missing_packages()
    if not lacks:
        return []
    return [
        checks.Warning(
            f"PDF를 만드는 데 필요한 시스템 패키지가 없습니다: {', '.join(lacks)}",
            hint=INSTALL,
            id="portal.W001",
        )
    ]


def qr_svg(text: str) -> SafeString:
    """Return a QR code as one inline SVG path, level M, for print at 20 mm or more."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=2)
    code.add_data(text)
    image = code.make_image(image_factory=SvgPathImage)
    path = image.path.get("d")
    side = code.modules_count + 2 * code.border
    return mark_safe(  # noqa: S308 - numbers and path letters only
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"'
        f' role="img" aria-label="확인용 QR 코드"><path d="{path}"/></svg>'
    )


@dataclass(slots=True)
class _Engine:
    process: subprocess.Popen[bytes]
    line: Connection

    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> int:
        """Kill the engine; return its exit status, its own if it had already exited."""
        self.process.kill()
        status = self.process.wait()
        self.line.close()
        return status


_lock = threading.Lock()
_engine: _Engine | None = None


def _request(html: str) -> RenderedPdf:
    engine = _running_engine()
    order = {"seconds": settings.PDF_SECONDS, "largest": LARGEST}
    try:
        with _deadline(engine, settings.PDF_SECONDS) as passed:
            engine.line.send_bytes(json.dumps(order).encode())
            engine.line.send_bytes(html.encode())
            answer = json.loads(engine.line.recv_bytes(LARGEST))
            data = engine.line.recv_bytes(LARGEST)
    except (EOFError, OSError, ValueError) as broken:
        status = _stop()
        raise _failed("time" if passed.is_set() else _failure_kind(status)) from broken
    if answer["last"]:
        _stop()
    if hashlib.sha256(data).hexdigest() != answer["sha256"]:
        _stop()
        raise _failed("crash")
    return RenderedPdf(data, answer["sha256"], answer["pages"])


def _failure_kind(status: int | None) -> str:
    return FAILURE_OF_STATUS.get(status or 0, "crash")


def _running_engine() -> _Engine:
    global _engine
    if _engine is None or not _engine.alive():
        _stop()
        _engine = _start()
    return _engine


def _start() -> _Engine:
    process, ours = engines.spawn(
        ENGINE, settings.PDF_MEMORY_BYTES, _environment(), kind=socket.SOCK_STREAM
    )
    engine = _Engine(process, Connection(ours.detach()))
    try:
        with _deadline(engine, START_SECONDS):
            engine.line.recv_bytes()
    except (EOFError, OSError) as broken:
        engine.stop()
        raise _unavailable() from broken
    return engine


def _stop() -> int | None:
    global _engine
    stopped, _engine = _engine, None
    return stopped.stop() if stopped else None


def _reset_after_fork() -> None:
    # The engine and the lock belong to the parent.
    global _engine, _lock
    if _engine is not None:
        _engine.line.close()
        _engine.process.returncode = 0
    _engine, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_reset_after_fork)
atexit.register(_stop)


@contextmanager
def _deadline(engine: _Engine, seconds: float) -> Iterator[threading.Event]:
    """Kill the engine after `seconds`, so that a blocked read ends; the event tells that it happened."""
    passed = threading.Event()

    def end() -> None:
        passed.set()
        engine.process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()


@contextmanager
def _slot(until: float) -> Iterator[None]:
    """Hold one of the machine's slots; the kernel frees it when this process dies."""
    files = [path.open("rb") for path in SLOTS]
    try:
        while not any(_locked(file.fileno()) for file in files):
            if time.monotonic() > until:
                raise _busy()
            time.sleep(0.02)
        yield
    finally:
        for file in files:
            file.close()


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@functools.lru_cache(maxsize=2)
def _probe(_when: int) -> list[str]:
    try:
        answer = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-S", "-P", "-s", str(PROBE)],
            capture_output=True,
            env=_environment(),
            timeout=PROBE_SECONDS,
            check=True,
        ).stdout
        return list(json.loads(answer))
    except (subprocess.SubprocessError, OSError, ValueError):
        return ["libpango-1.0-0"]  # the probe crashed on them


def _environment() -> dict[str, str]:
    return engines.environment(PASSED_ON, PYTHONHASHSEED="0")  # equal bytes from equal HTML


def _failed(fate: str) -> PdfFailed:
    return PdfFailed(FAILURES[fate], code=f"pdf_{fate}")


def _busy() -> Unavailable:
    return Unavailable("다른 문서를 만드는 중입니다. 잠시 뒤 다시 시도하세요.", code="pdf_busy")


def _unavailable() -> Unavailable:
    return Unavailable(
        "지금은 PDF를 만들 수 없습니다. 시스템 관리자가 PDF 구성 요소를 설치해야 합니다.",
        code="pdf_unavailable",
    )
