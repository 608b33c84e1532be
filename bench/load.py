"""Load generator: a process that sends prepared requests and records the answers.

`python -m bench.load PLAN`, where PLAN is a JSON file, prints one JSON document. It connects to
127.0.0.1 only, sends each request once and stops at a set time.
"""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
ANSWER_SECONDS = 30
IDLE_SECONDS = 1.5  # gunicorn closes a connection that was idle for two
BODILESS = (204, 304)


@dataclass(frozen=True)
class Plan:
    """What to send: `requests` are whole HTTP/1.1 messages.

    With `rate` (per second) they are sent on time whatever the answers; without it each connection
    sends its next one when the last was answered. `repeat` starts over when all were sent. `tls`
    takes any certificate, since nothing but this machine is spoken to.
    """

    port: int
    connections: int
    seconds: float
    requests: list[str]
    rate: float = 0
    repeat: bool = False
    tls: bool = False


@dataclass
class LoadResult:
    """Status, Location and seconds of every answer, and the requests that failed."""

    statuses: list[int] = field(default_factory=list)
    locations: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    started: float = 0
    duration: float = 0
    failed: list[str] = field(default_factory=list)


def _any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass(frozen=True)
class Answer:
    """One answer: status, headers by lower-case name, the cookies that it sets, and the body."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: bytes


class Sender:
    """One connection, opened again when the server closes it."""

    def __init__(self, port: int, *, tls: bool = False) -> None:
        self.port = port
        self.tls = _any_certificate() if tls else None
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None
        self.used = 0.0

    async def send(self, message: bytes) -> Answer:
        """Send one request; return its answer. Raises OSError, EOFError, ValueError."""
        if time.perf_counter() - self.used > IDLE_SECONDS:
            await self.close()
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(HOST, self.port, ssl=self.tls)
        self.writer.write(message)
        status, headers, cookies = await self._head()
        body = await self._body(status, headers)
        self.used = time.perf_counter()
        if headers.get("connection", "").lower() == "close":
            await self.close()
        return Answer(status, headers, cookies, body)

    async def _head(self) -> tuple[int, dict[str, str], list[str]]:
        head = (await self._stream.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        lines = (line.partition(":") for line in head[1:] if line)
        pairs = [(name.lower(), text.strip()) for name, _, text in lines]
        cookies = [text for name, text in pairs if name == "set-cookie"]
        return int(head[0].split()[1]), dict(pairs), cookies

    async def _body(self, status: int, headers: dict[str, str]) -> bytes:
        if status in BODILESS:
            return b""
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return await self._stream.readexactly(int(headers.get("content-length", 0)))
        parts = []
        while size := int(await self._stream.readuntil(b"\r\n"), 16):
            parts.append((await self._stream.readexactly(size + 2))[:-2])
        await self._stream.readexactly(2)
        return b"".join(parts)

    @property
    def _stream(self) -> asyncio.StreamReader:
        if self.reader is None:
            raise ConnectionError("not connected")
        return self.reader

    async def close(self) -> None:
        writer, self.reader, self.writer = self.writer, None, None
        if writer is not None:
            writer.close()


async def run(plan: Plan) -> LoadResult:
    """Send what the plan lists and return the answers."""
    result = LoadResult()
    messages = _messages(plan)
    result.started = time.perf_counter()
    await asyncio.gather(*(_worker(plan, messages, result) for _ in range(plan.connections)))
    result.duration = max(result.ends, default=0.0)
    return result


def _messages(plan: Plan) -> Iterator[tuple[int, bytes]]:
    encoded = [text.encode() for text in plan.requests]
    number = 0
    while number < len(encoded) or (plan.repeat and encoded):
        yield number, encoded[number % len(encoded)]
        number += 1


async def _worker(plan: Plan, messages: Iterator[tuple[int, bytes]], result: LoadResult) -> None:
    sender = Sender(plan.port, tls=plan.tls)
    try:
        for number, message in messages:
            due = result.started + number / plan.rate if plan.rate else time.perf_counter()
            if due - result.started >= plan.seconds or time.perf_counter() - result.started > (
                plan.seconds + ANSWER_SECONDS
            ):
                return
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await _send(sender, message, due, result)
    finally:
        await sender.close()


async def _send(sender: Sender, message: bytes, due: float, result: LoadResult) -> None:
    # Timed from when it was due: the wait for a free connection counts.
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await sender.send(message)
    except (OSError, EOFError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
        await sender.close()
        result.failed.append(f"{type(error).__name__}: {error}")
        return
    ended = time.perf_counter()
    result.statuses.append(answer.status)
    result.locations.append(answer.headers.get("location", ""))
    result.seconds.append(ended - due)
    result.ends.append(ended - result.started)


def message(method: str, path: str, headers: dict[str, str], body: str = "") -> str:
    """Write one HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", "Connection: keep-alive"]
    if method == "POST":
        headers = headers | {
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body.encode())),
        }
    lines += [f"{name}: {text}" for name, text in headers.items()]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def main(arguments: Sequence[str]) -> None:
    plan: dict[str, Any] = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    json.dump(asdict(asyncio.run(run(Plan(**plan)))), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
