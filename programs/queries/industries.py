"""The industries of the 10th and the 11th revision of KSIC, as `ksic.csv` has them (P14, P15).

`revisions` are those in which the code has this name; `became` are the codes of the 11th under which an
industry of the 10th is found, where that is another code or several.
"""

import csv
from functools import cache
from pathlib import Path

from programs.rules import industries
from programs.rules.industries import Found, Industry, Table

FILE = Path(__file__).resolve().parent.parent / "catalogue" / "ksic.csv"


@cache
def known() -> Table:
    """Return every industry, read once per process."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return industries.table(
            Industry(
                row["code"],
                row["name"],
                tuple(map(int, row["revisions"].split())),
                tuple(row["became"].split()),
            )
            for row in csv.DictReader(file)
        )


def find(typed: str) -> Found:
    """Return the industries that fit what was typed, best first."""
    return industries.find(typed, known())


def settled(typed: str) -> str:
    """Return what was typed as it is kept; nothing where it is no code."""
    return industries.settled(typed, known())


def described(kept: str) -> str:
    """Return a kept code with its name."""
    return industries.described(kept, known())
