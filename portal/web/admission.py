"""How many requests one process works on at once, and who waits, by kind of request.

Beyond what a process can work on, requests of a kind wait in a line of their own, with a bounded
number of places and for a bounded time; the first kind is let in first.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of request: it leaves `spare` places of the process to the kinds before it."""

    name: str
    spare: int
    line: int  # places in its waiting line
    seconds: float  # the longest wait


class Gate:
    """Lets `most` requests in at once; `kinds` are in the order in which they are let in."""

    def __init__(self, most: int, kinds: Sequence[Kind]) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._inside = 0
        self._lines: dict[Kind, deque[threading.Event]] = {kind: deque() for kind in kinds}

    def enter(self, kind: Kind) -> bool:
        """Wait for a place; tell whether there was one. Whoever was let in must `leave`."""
        turn = threading.Event()
        with self._lock:
            line = self._lines[kind]
            if not line and self._has_place(kind):
                self._inside += 1
                return True
            if len(line) >= kind.line:
                return False
            line.append(turn)
        if turn.wait(kind.seconds):
            return True
        with self._lock:
            if not turn.is_set():
                line.remove(turn)
            return turn.is_set()

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            for kind, line in self._lines.items():
                while line and self._has_place(kind):
                    self._inside += 1
                    line.popleft().set()

    def _has_place(self, kind: Kind) -> bool:
        # At least one of each kind, however few the process works on.
        return self._inside < max(1, self._most - kind.spare)
