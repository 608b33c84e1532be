"""Processor time of the measured processes, which other work on the machine does not change."""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import psycopg2

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cpu:
    """Seconds of a processor: those of the web processes and those of PostgreSQL."""

    web: float
    postgres: float

    @property
    def total(self) -> float:
        return self.web + self.postgres

    def __sub__(self, before: "Cpu") -> "Cpu":
        return Cpu(self.web - before.web, self.postgres - before.postgres)

    def each(self, count: int) -> "Cpu":
        """Return the share of one of `count` requests."""
        return Cpu(self.web / count, self.postgres / count)

    @classmethod
    def mean(cls, several: Sequence["Cpu"]) -> "Cpu":
        return cls(fmean(each.web for each in several), fmean(each.postgres for each in several))

    def within(self, limit: "Cpu") -> bool:
        return self.web <= limit.web and self.postgres <= limit.postgres

    def __format__(self, digits: str) -> str:
        return (
            f"{self.web * 1_000:{digits or '.1f'}} + {self.postgres * 1_000:{digits or '.1f'}} ms"
        )


@dataclass
class Meter:
    """Reads what a process with all its children and the sessions of a database have used so far.

    PostgreSQL has to run on this machine. A session that has ended counts as when last read.
    """

    pid: int
    url: str
    sessions: dict[int, float] = field(default_factory=dict)

    def read(self) -> Cpu:
        """Return the processor time so far. Raises LookupError when PostgreSQL runs elsewhere."""
        with closing(psycopg2.connect(self.url)) as database:
            cursor = database.cursor()
            cursor.execute(
                "SELECT pid FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            for (pid,) in cursor.fetchall():
                self.sessions[pid] = _own_seconds(pid)
        web = sum(seconds_of(pid) for pid in family(self.pid))
        return Cpu(web, sum(self.sessions.values()))


def family(pid: int) -> Iterator[int]:
    """Yield the process and everything that it and its threads have started and that still runs."""
    yield pid
    for listed in PROC.glob(f"{pid}/task/*/children"):
        try:
            children = listed.read_text(encoding="ascii").split()
        except OSError:  # the thread has ended
            continue
        for child in children:
            yield from family(int(child))


def seconds_of(pid: int) -> float:
    """Return the processor time of a process and of its children that have ended."""
    try:
        return sum(_fields(pid)[11:15]) / TICKS
    except OSError:  # ended since it was listed: its parent has its time
        return 0.0


def _own_seconds(pid: int) -> float:
    if not (PROC / str(pid)).exists():
        raise LookupError("PostgreSQL runs on another machine: its processor time is out of reach")
    return sum(_fields(pid)[11:13]) / TICKS


def _fields(pid: int) -> list[int]:
    text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    # After the name, which may hold anything: the state, which is a letter, and numbers.
    return [0, *map(int, text.rpartition(")")[2].split()[1:])]
