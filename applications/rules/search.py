"""What staff type to find an application, and the keys under which a company is found."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from portal.core import text as texts
from portal.core.errors import BadInput
from portal.core.validators import document_number, phone, same_email

SHORTEST = 2  # letters of a part of a name
LONGEST = 20  # letters of a key; a longer part is found by its first ones
_NUMBER = re.compile(r"[0-9]{4}-.+-[0-9]{6,}")
_TAIL = re.compile(r"(?:[^@]*차-)?([0-9]{1,18})")


@dataclass(frozen=True)
class Term:
    """One search in every way that it can be meant; empty or None where it cannot.

    `number` is a whole receipt number, `serial` its last part with `tail`, the end of the number
    that was typed. `letters` is part of a name, or a business number or telephone without marks.
    """

    number: str = ""
    serial: int | None = None
    tail: str = ""
    email: str = ""
    phone: str = ""
    letters: str = ""

    @property
    def too_short(self) -> bool:
        return not (self.number or self.email or self.letters) and self.serial is None


def read(text: str) -> Term:
    """Read a search; nothing is refused, a term that is no such thing finds nothing."""
    number = document_number(text)
    if _NUMBER.fullmatch(number):
        return Term(number=number)
    if "@" in texts.fold(text):
        return Term(email=same_email(text))
    telephone = _phone(text)
    letters = texts.letters(telephone or text)[:LONGEST]
    found = _TAIL.fullmatch(number)
    return Term(
        serial=int(found[1]) if found else None,
        tail=number if found and found[1] != number else f"{int(found[1]):06d}" if found else "",
        phone=telephone,
        letters=letters if len(letters) >= SHORTEST else "",
    )


def keys(names: Iterable[str], numbers: Iterable[str]) -> set[str]:
    """Return the keys of a company: every end of its names, and its numbers as a whole.

    A part of a name is the beginning of one of its ends, so that one range of an index finds it.
    """
    parts = {texts.letters(name) for name in names}
    ends = {part[at : at + LONGEST] for part in parts for at in range(len(part) - SHORTEST + 1)}
    return ends | {key for key in map(texts.letters, numbers) if key}


def _phone(text: str) -> str:
    try:
        return phone(text)
    except BadInput:
        return ""
