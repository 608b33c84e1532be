"""The scanner for malicious software: clamd, asked over its socket while a file is streamed to it."""

import os
import socket
import struct
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from portal.core.errors import BadInput, Unavailable
from portal.uploads.stores.base import CHUNK

CONNECT_SECONDS = 2
PROBE_SECONDS = 2
SCAN_SECONDS = 120  # the longest silence while a large archive is scanned
_ANSWER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Scan:
    """What the scanner found ("" for nothing), and with which version and signatures."""

    signature: str
    database: str


def configured() -> bool:
    return settings.SCANNER is not None


def answers() -> bool:
    """Tell within seconds whether the scanner can be asked."""
    try:
        return _ask(b"zPING\0", PROBE_SECONDS) == "PONG"
    except Unavailable:
        return False


def scan(content: Any) -> Scan:
    """Stream a content to the scanner.

    Raises Unavailable (`scanner_unavailable`) when it does not answer, BadInput (`scan_too_large`)
    when it takes no file of this size.
    """
    database = _ask(b"zVERSION\0", PROBE_SECONDS)
    answer = _ask(b"zINSTREAM\0", SCAN_SECONDS, content)
    verdict = answer.removeprefix("stream: ")
    if verdict == "OK":
        return Scan("", database)
    if verdict.endswith(" FOUND"):
        return Scan(verdict.removesuffix(" FOUND")[:200], database)
    if "size limit exceeded" in answer:
        raise BadInput("검사기가 받는 크기를 넘어 검사하지 못했습니다.", code="scan_too_large")
    raise _away()


def _ask(command: bytes, seconds: int, content: Any = None) -> str:
    try:
        with _line(seconds) as line:
            line.sendall(command)
            if content is not None:
                _send(line, content)
            return _answer(line)
    except OSError as fault:
        raise _away() from fault


def _line(seconds: int) -> socket.socket:
    """Connect; every later silence may last `seconds`. Raises OSError."""
    address = settings.SCANNER
    if address is None:
        raise ConnectionRefusedError
    if isinstance(address, str):
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(CONNECT_SECONDS)
        if fault := line.connect_ex(address):
            line.close()
            raise OSError(fault, os.strerror(fault))
    else:
        line = socket.create_connection(address, timeout=CONNECT_SECONDS)
    line.settimeout(seconds)
    return line


def _send(line: socket.socket, content: Any) -> None:
    # clamd closes the line when it will take no more, and has said why.
    try:
        while chunk := content.read(CHUNK):
            line.sendall(struct.pack("!L", len(chunk)) + chunk)
        line.sendall(struct.pack("!L", 0))
    except (BrokenPipeError, ConnectionResetError):
        return


def _answer(line: socket.socket) -> str:
    """Read up to the closing zero. Raises OSError when there is none."""
    heard = b""
    while not heard.endswith(b"\0"):
        part = line.recv(_ANSWER_BYTES)
        if not part or len(heard) > _ANSWER_BYTES:
            raise ConnectionResetError
        heard += part
    return heard.rstrip(b"\0").decode("utf-8", "replace")


def _away() -> Unavailable:
    return Unavailable(
        "파일을 검사하는 프로그램이 응답하지 않습니다. 응답하면 이어서 검사합니다.",
        code="scanner_unavailable",
    )
