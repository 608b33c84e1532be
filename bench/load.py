"""Load generator: a process that sends prepared requests and records the answers.

`python -m bench.load PLAN`, where PLAN is a JSON file, prints one JSON document. It connects to
127.0.0.1 only, sends each request once and stops at a set time.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
ANSWER_SECONDS = 30


@dataclass(frozen=True)
class Plan:
    """What to send: `requests` are whole HTTP/1.1 messages.

    With `rate` (per second) they are sent on time whatever the answers; without it each connection
    sends its next one when the last was answered. `repeat` starts over when all were sent.
    """

    port: int
    connections: int
    seconds: float
    requests: list[str]
    rate: float = 0
    repeat: bool = False


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


class Sender:
    """One connection, opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def send(self, message: bytes) -> tuple[int, str]:
        """Send one request; return the status and the Location of the answer."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(HOST, self.port)
        self.writer.write(message)
        status, headers = await self._head()
        await self._body(headers)
        if headers.get("connection", "").lower() == "close":
            await self.close()
        return status, headers.get("location", "")

    async def _head(self) -> tuple[int, dict[str, str]]:
        head = (await self._stream.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in head[1:] if line)
        return int(head[0].split()[1]), {name.lower(): text.strip() for name, _, text in pairs}

    async def _body(self, headers: dict[str, str]) -> None:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(await self._stream.readuntil(b"\r\n"), 16):
                await self._stream.readexactly(size + 2)
            await self._stream.readexactly(2)
        else:
            await self._stream.readexactly(int(headers.get("content-length", 0)))

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
    sender = Sender(plan.port)
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
            status, location = await sender.send(message)
    except (OSError, EOFError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
        await sender.close()
        result.failed.append(f"{type(error).__name__}: {error}")
        return
    ended = time.perf_counter()
    result.statuses.append(status)
    result.locations.append(location)
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
