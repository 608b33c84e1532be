"""Industry codes of KSIC: its tables write C21, firms write 21300 or C21300, and many know only a word.

Two revisions are in use, and some numbers mean another industry in each. Written down, a code that
is meant as one of the 11th revision says so, 29192(11차); any other is one of the 10th, by which the
programme's own tables are written.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from portal.core import text

FACT = "industry_code"
SECTIONS = "ABCDEFGHIJKLMNOPQRSTU"
TENTH, ELEVENTH = 10, 11
MOST = 12
"""How many rows a search returns."""
MOST_WORDS = 8

_CODE = re.compile(r"[A-U]?([0-9]{2,5})(?:\(([0-9]{1,2})차\))?")
_SECTION = re.compile(r"[A-U]")
_DOTS = re.compile(r"(?<=[0-9A-U])[.\-](?=[0-9])")


@dataclass(frozen=True)
class Industry:
    """A row of the classification: the revisions in which the code has this name.

    `became` are the codes of the 11th revision under which an industry of the 10th is found now,
    where it moved.
    """

    code: str
    name: str
    revisions: tuple[int, ...]
    became: tuple[str, ...] = ()

    @property
    def revision(self) -> int:
        """Return the revision by which the code is kept: the 10th where both have it."""
        return min(self.revisions)

    @property
    def written(self) -> str:
        return written(self.code, self.revision)

    @property
    def label(self) -> str:
        """Return code and name; the revision where only the 11th has this name under the code."""
        return f"{self.written} {self.name}"

    @property
    def note(self) -> str:
        """Return where the 11th revision has it; nothing where it did not move."""
        return f"11차 개정에서는 {'·'.join(self.became)}" if self.became else ""


@dataclass(frozen=True)
class Found:
    """The best rows for what was typed, and whether there are more."""

    rows: tuple[Industry, ...] = ()
    more: bool = False


@dataclass(frozen=True)
class Table:
    """All industries in the order of their codes, with their names as searches compare them."""

    rows: tuple[Industry, ...]
    names: tuple[str, ...]

    def row_of(self, code: str, revision: int) -> Industry | None:
        """Return the row of a code in a revision; in the other where that has no such code."""
        rows = [row for row in self.rows if row.code == code]
        exact = [row for row in rows if revision in row.revisions]
        return next(iter([*exact, *rows]), None)


def table(rows: Iterable[Industry]) -> Table:
    ordered = tuple(sorted(rows, key=lambda row: (row.code, row.revision)))
    return Table(ordered, tuple(text.letters(row.name) for row in ordered))


def digits(code: str) -> str:
    """Return an industry code without the letter of its section."""
    return code.strip().upper().lstrip(SECTIONS)


def starts_like(code: str, hints: Iterable[str]) -> bool:
    """Return whether an industry code (21102 or C21102) starts like one of the hints."""
    known = digits(code)
    return bool(known) and any(known.startswith(digits(hint)) for hint in hints)


def written(code: str, revision: int) -> str:
    """Return a code as answers keep it: 25924, or 29192(11차) for one of the 11th revision."""
    return f"{code}({revision}차)" if code and revision != TENTH else code


def read(typed: str) -> tuple[str, int] | None:
    """Return code and revision of what starts with a code, such as “C25.924” or “25924 절삭가공”.

    None where it is not a code of two to five digits.
    """
    first, _, _ = text.fold(typed).upper().partition(" ")
    match = _CODE.fullmatch(_DOTS.sub("", first))
    if match is None:
        return None
    revision = int(match[2] or TENTH)
    return (match[1], revision) if revision in (TENTH, ELEVENTH) else None


def settled(typed: str, known: Table) -> str:
    """Return what was typed as it is kept; nothing where it is no code.

    A number that only the 11th revision has is one of the 11th. A number in no table stays.
    """
    found = read(typed)
    if found is None:
        return ""
    row = known.row_of(*found)
    return row.written if row else written(*found)


def described(kept: str, known: Table) -> str:
    """Return a kept code with its name; as it is where no table has it."""
    found = read(kept)
    row = known.row_of(*found) if found else None
    return row.label if row else kept


def find(typed: str, known: Table, *, most: int = MOST) -> Found:
    """Return the industries whose code starts, or whose name has the words, like what was typed.

    Best first: the whole name, then names that begin with the words, then short ones. Where no
    name has all the words, those with the most of them.
    """
    words = text.fold(typed).upper().split()[:MOST_WORDS]
    start = _DOTS.sub("", "".join(words))
    rows = _by_code(start, known) if _is_start(start) else _by_words(words, known)
    return Found(tuple(rows[:most]), len(rows) > most)


def _is_start(start: str) -> bool:
    bare = start[1:] if _SECTION.match(start) else start
    return bare.isascii() and bare.isdigit()


def _by_code(start: str, known: Table) -> list[Industry]:
    beginning = digits(start)
    return [row for row in known.rows if row.code.startswith(beginning)]


def _by_words(words: Sequence[str], known: Table) -> list[Industry]:
    wanted = [word for word in map(text.letters, words) if word]
    if not wanted:
        return []
    whole = "".join(wanted)
    counted = [
        (sum(word in name for word in wanted) if whole not in name else len(wanted), name, row)
        for row, name in zip(known.rows, known.names, strict=True)
    ]
    best = max(count for count, _, _ in counted)
    if not best:
        return []
    found = [(name, row) for count, name, row in counted if count == best]
    found.sort(key=lambda pair: _rank(whole, wanted[0], *pair))
    return _finest([row for _, row in found])


def _rank(whole: str, first: str, name: str, row: Industry) -> tuple[object, ...]:
    place = name.find(first)
    return (
        name != whole,
        whole not in name,
        place if place >= 0 else len(name),
        len(name),
        -len(row.code),
        row.code,
    )


def _finest(rows: Sequence[Industry]) -> list[Industry]:
    """Leave out a class where a finer one below it has the same name in the same revisions."""
    alike: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for row in rows:
        alike.setdefault((text.letters(row.name), row.revisions), []).append(row.code)
    return [
        row
        for row in rows
        if not any(
            other != row.code and other.startswith(row.code)
            for other in alike[text.letters(row.name), row.revisions]
        )
    ]
