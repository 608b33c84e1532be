"""The results of a measurement as a table."""

import math
import os
import platform
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line: a measurement beside its floor, the least that the same work can cost.

    `passed` is None where no goal is set.
    """

    part: str
    what: str
    measured: str
    floor: str = ""
    ratio: str = ""
    goal: str = ""
    passed: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "pass", False: "MISS", None: ""}[self.passed]

    def cells(self) -> list[str]:
        return [
            self.part, self.what, self.measured, self.floor, self.ratio, self.goal, self.verdict,
        ]  # fmt: skip


HEAD = ["part", "what", "measured", "floor", "ratio", "goal", ""]


def times(ratio: float) -> str:
    return f"{ratio:.2f}x"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1_000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1_000:,.0f} ms"


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which `part` (0 to 1) of the values lie, by nearest rank; NaN of none."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def table(rows: Iterable[Row]) -> str:
    """Write the rows as a Markdown table whose columns align in plain text."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    written = ["| " + " | ".join(map(_padded, line, widths)) + " |" for line in lines]
    written.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(written)


def peak_bytes() -> int:
    """Return the largest resident size of this process so far, in bytes."""
    # getrusage would count the peak of the parent process too.
    with open("/proc/self/status", encoding="ascii") as status:
        sizes = dict(line.split(":", 1) for line in status)
    return int(sizes["VmHWM"].split()[0]) * 1_024


def machine() -> str:
    """Describe the machine: processors, memory, system, load."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} CPUs ({_processor()}), {memory:.0f} GB, {platform.system()}"
        f" {platform.release()}, Python {platform.python_version()}, load {load:.1f}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
            names = [
                line.split(":", 1)[1].strip() for line in cpuinfo if line.startswith("model name")
            ]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
