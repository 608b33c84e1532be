"""What a measurement found, as a table; no figure here is typed in."""

import os
import platform
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line: what was measured against its floor, and whether the goal was met.

    `passed` is None where no goal is set: the figure is for reading.
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
        """The last column."""
        return {True: "pass", False: "MISS", None: ""}[self.passed]

    def cells(self) -> list[str]:
        """The line's texts in the order of the columns."""
        return [
            self.part, self.what, self.measured, self.floor, self.ratio, self.goal, self.verdict,
        ]  # fmt: skip


HEAD = ["part", "what", "measured", "floor", "ratio", "goal", ""]


def times(ratio: float) -> str:
    """Write a ratio."""
    return f"{ratio:.2f}x"


def milliseconds(seconds: float) -> str:
    """Write a short time."""
    return f"{seconds * 1_000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1_000:,.0f} ms"


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the values lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def table(rows: Iterable[Row]) -> str:
    """Write the lines as a Markdown table that also reads well as plain text."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    written = ["| " + " | ".join(map(_padded, line, widths)) + " |" for line in lines]
    written.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(written)


def peak_bytes() -> int:
    """Most bytes this process ever held; getrusage would count the peak of its parent too."""
    with open("/proc/self/status", encoding="ascii") as told:
        sizes = dict(line.split(":", 1) for line in told)
    return int(sizes["VmHWM"].split()[0]) * 1_024


def machine() -> str:
    """Name the machine: processors, memory, system."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} CPUs ({_processor()}), {memory:.0f} GB, {platform.system()}"
        f" {platform.release()}, Python {platform.python_version()}, load {load:.1f}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as told:
            names = [
                line.split(":", 1)[1].strip() for line in told if line.startswith("model name")
            ]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
