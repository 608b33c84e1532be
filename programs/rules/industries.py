"""Industry codes of KSIC: its tables write C21, firms write 21300 or C21300."""

from collections.abc import Iterable

SECTIONS = "ABCDEFGHIJKLMNOPQRSTU"


def digits(code: str) -> str:
    """Return an industry code without the letter of its section."""
    return code.strip().upper().lstrip(SECTIONS)


def starts_like(code: str, hints: Iterable[str]) -> bool:
    """Return whether an industry code (21102 or C21102) starts like one of the hints."""
    known = digits(code)
    return bool(known) and any(known.startswith(digits(hint)) for hint in hints)
