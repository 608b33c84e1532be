"""Original file names made safe to show, to keep and to send back."""

import re
import unicodedata

LONGEST = 150  # characters
UNNAMED = "첨부파일"
_FORBIDDEN = re.compile(r'[<>:"|?*]')
# Letters by category, yet invisible: Hangul fillers.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)


def safe_name(claimed: str) -> str:
    """Return a safe file name: no path, no control or direction characters, NFC, 150 characters.

    Keeps Korean, also when it comes decomposed, and the extension when the name is shortened.
    """
    name = unicodedata.normalize("NFC", claimed).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(
        mark
        for mark in name
        if unicodedata.category(mark) not in _INVISIBLE and mark not in _FILLERS
    )
    name = " ".join(_FORBIDDEN.sub("_", name).split()).rstrip(". ")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    stem, ending = stem.strip(". "), ending.strip()[: LONGEST // 2]
    tail = f".{ending}" if ending else ""
    name = (stem or UNNAMED)[: LONGEST - len(tail)].rstrip(". ") + tail
    return f"_{name}"[:LONGEST] if _RESERVED.match(name) else name


def ending(name: str) -> str:
    """Return the extension in lower case without the dot; jpeg becomes jpg."""
    found = name.rpartition(".")[2].lower() if "." in name else ""
    return {"jpeg": "jpg"}.get(found, found)
