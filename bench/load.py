"""A load generator of our own: a process that sends prepared requests and notes what came back.

`python -m bench.load PLAN`, where PLAN is a JSON file; prints one JSON
document. It speaks to 127.0.0.1 only, sends each request once, and stops at a set time.
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

    With `rate` (per second) they leave on time whatever comes back; without it each connection
    sends its next one when the last was answered. `again` starts over when all were sent.
    """

    port: int
    connections: int
    seconds: float
    requests: list[str]
    rate: float = 0
    again: bool = False


@dataclass
class Found:
    """What came back: a status and the seconds it took for every request that was sent."""

    statuses: list[int] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    began: float = 0
    lasted: float = 0
    failed: list[str] = field(default_factory=list)


class Sender:
    """One connection, opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def send(self, message: bytes) -> tuple[int, str]:
        """Send one request; returns the status and the Location of the answer."""
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
        """Let the connection go."""
        writer, self.reader, self.writer = self.writer, None, None
        if writer is not None:
            writer.close()


async def run(plan: Plan) -> Found:
    """Send what the plan says and return what came back."""
    found = Found()
    waiting = _messages(plan)
    found.began = time.perf_counter()
    await asyncio.gather(*(_worker(plan, waiting, found) for _ in range(plan.connections)))
    found.lasted = max(found.ends, default=0.0)
    return found


def _messages(plan: Plan) -> Iterator[tuple[int, bytes]]:
    messages = [text.encode() for text in plan.requests]
    turn = 0
    while turn < len(messages) or (plan.again and messages):
        yield turn, messages[turn % len(messages)]
        turn += 1


async def _worker(plan: Plan, waiting: Iterator[tuple[int, bytes]], found: Found) -> None:
    sender = Sender(plan.port)
    try:
        for turn, message in waiting:
            due = found.began + turn / plan.rate if plan.rate else time.perf_counter()
            if due - found.began >= plan.seconds or time.perf_counter() - found.began > (
                plan.seconds + ANSWER_SECONDS
            ):
                return
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await _one(sender, message, due, found)
    finally:
        await sender.close()


async def _one(sender: Sender, message: bytes, due: float, found: Found) -> None:
    """Send one and note it; the clock starts when it was due, so waiting in line counts."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            status, place = await sender.send(message)
    except (OSError, EOFError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
        await sender.close()
        found.failed.append(f"{type(error).__name__}: {error}")
        return
    ended = time.perf_counter()
    found.statuses.append(status)
    found.places.append(place)
    found.seconds.append(ended - due)
    found.ends.append(ended - found.began)


def message(method: str, path: str, headers: dict[str, str], body: str = "") -> str:
    """Write a request for this generator."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", "Connection: keep-alive"]
    if method == "POST":
        headers = headers | {
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body.encode())),
        }
    lines += [f"{name}: {text}" for name, text in headers.items()]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def main(words: Sequence[str]) -> None:
    """Read the plan, send it, print what came back."""
    plan: dict[str, Any] = json.loads(Path(words[0]).read_text(encoding="utf-8"))
    json.dump(asdict(asyncio.run(run(Plan(**plan)))), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
