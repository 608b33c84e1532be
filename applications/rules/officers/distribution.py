"""How files are divided among officers: endings of receipt numbers, and turns by load."""

import re
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush

LONGEST = 3
"""Digits of an ending at most: one in a thousand files."""
MOST = 20
_PARTS = re.compile(r"[\s,]+")
_ENDING = re.compile(rf"[0-9]{{1,{LONGEST}}}")


def endings(text: str) -> tuple[str, ...] | None:
    """Return the endings of receipt numbers that a text lists: "1, 3 05"; None for any other text."""
    found = tuple(dict.fromkeys(part for part in _PARTS.split(text) if part))
    fits = len(found) <= MOST and all(_ENDING.fullmatch(part) for part in found)
    return found if fits else None


def in_turn(
    files: Iterable[int], loads: Mapping[int, int], barred: Mapping[int, frozenset[int]]
) -> dict[int, list[int]]:
    """Divide files among officers, each to the one who has the fewest then; return them by officer.

    `loads` says how many files each officer has, `barred` which files they may not have. A file that
    nobody may have is left out. Of officers with the same load the one with the lower key comes first.
    """
    line = [(load, officer) for officer, load in loads.items()]
    heapify(line)
    found: dict[int, list[int]] = {officer: [] for officer in loads}
    for file in files:
        passed = []
        while line and file in barred.get(line[0][1], ()):
            passed.append(heappop(line))
        if line:
            load, officer = heappop(line)
            found[officer].append(file)
            heappush(line, (load + 1, officer))
        for row in passed:
            heappush(line, row)
    return {officer: taken for officer, taken in found.items() if taken}
