"""Clean what people type and paste, and compare it: the one place for every page, API and import.

Three kinds of text, from the most careful to the most thorough cleaning:

- free text (`clean`) keeps its line breaks, its emoji and every visible character;
- a name (`name`) of a person, firm, site or service is one line with single spaces;
- an identifier (`compact`) is what is left without spaces, dashes and invisible characters.

`line` is for any other input of one line. `key` and `same` compare, `letters` is for searches. Numbers, addresses and
telephones are read in `validators`, amounts in `money`, days in `dates`.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from portal.core.errors import BadInput
from portal.core.particles import with_particle

# Formatting characters (category Cf), and letters and marks that fonts draw as nothing.
_UNSEEN = (
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_EMOJI = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf"
    "\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001f3fa"
    "\U0001f400-\U0001faff](?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
)
_DRAWN = (
    "(?:"
    rf"{_EMOJI}(?:\u200d{_EMOJI})+"  # families, professions
    "|[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf"
    "\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff][\ufe0e\ufe0f]"
    "|[0-9#*]\ufe0f\u20e3"  # keycaps
    "|\U0001f3f4[\U000e0030-\U000e007a]+\U000e007f"  # flags of regions
    "|[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff][\ufe00-\ufe02\U000e0100-\U000e01ef]"
    "|\u115f\u1160(?=[\u11a8-\u11ff\ud7cb-\ud7fb])"  # old Hangul: parts of a syllable alone
    "|\u115f[\u1161-\u11a7\ud7b0-\ud7c6]"
    "|[\u1100-\u115e\ua960-\ua97c]\u1160"
    ")"
)
_UNSEEN_OR_DRAWN = re.compile(f"({_DRAWN})|[{_UNSEEN}]")
_TURNS = "\u202a-\u202e\u2066-\u2069"
_UNSEEN_BUT_TURNS = re.compile(f"({_DRAWN})|(?![{_TURNS}])[{_UNSEEN}]")
_INVISIBLE = re.compile(f"[{_UNSEEN}]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")
_LINE_ENDS = re.compile("\u2028|\u2029|\u0085")
_DASHES = (
    "\u02d7\u058a\u05be\u1173\u1400\u1806\u2010-\u2015\u2043\u207b\u208b\u2212\u23af\u2500\u2501"
    "\u2796\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\u30fc\u3161\ufe31\ufe32\ufe58"
    "\ufe63\uff0d\uff70\U00010ead"
)
_DASH = re.compile(f"[{_DASHES}]")
_QUOTE = re.compile("[\u2018\u2019\u201b\u2032\u02bc\u00b4`]")
_MIDDLE_DOT = re.compile("[\u00b7\u2022\u2027\u2219\u22c5\u30fb\u318d\u119e\uff65]")
_ENDS = re.compile(f"^[{_TURNS} ]+|[{_TURNS} ]+$")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SMALL = {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in (*range(0xFE50, 0xFE53), *range(0xFE54, 0xFE58), *range(0xFE59, 0xFE67),
                 *range(0xFE68, 0xFE6C), 0xFFE0, 0xFFE1, 0xFFE6)
}  # fmt: skip
_HALF: dict[int, int | str] = {**_WIDE, **_SMALL}


def clean(text: str) -> str:
    """Return free text composed (NFC), without invisible and direction characters.

    Spaces of every kind become plain spaces. Line breaks, tabs, emoji, variants of Hanja and old
    Hangul stay; other control characters stay too, for their reader to refuse.
    """
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFC", text)
    seen = _UNSEEN_OR_DRAWN.sub(_drawn, composed)
    return unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", _SPACES.sub(" ", seen)))


def line(text: str) -> str:
    """Return an input of one line composed, without invisible characters and spaces at its ends.

    What turns the direction of text is removed at the ends, as pasted from address books; inside
    it stays, because without it the text would read differently from what the person saw: see
    `validators.is_one_line`. Line breaks stay for the same reason.
    """
    if text.isascii():
        return text.strip(" ")
    composed = unicodedata.normalize("NFC", text)
    seen = _SPACES.sub(" ", _UNSEEN_BUT_TURNS.sub(_drawn, composed))
    return unicodedata.normalize("NFC", _ENDS.sub("", seen))


def name(text: str) -> str:
    """Return the name of a person, firm, site or service as it is stored.

    One line with single spaces; full-width letters, digits and signs become plain ones: （주）한빛
    and (주)한빛 are one name. Signs such as ㈜ stay as they are written on the certificate.
    """
    plain = unicodedata.normalize("NFC", clean(text).translate(_HALF))
    return " ".join(plain.split())


def fold(text: str) -> str:
    """Return text with plain spaces, dashes and half-width signs, for readers of numbers."""
    half = _INVISIBLE.sub("", text).translate(_HALF)
    plain = unicodedata.normalize("NFC", half)
    return _DASH.sub("-", _SPACES.sub(" ", plain)).strip()


def compact(text: str) -> str:
    """Return an identifier folded and without any white space; its dashes are plain hyphens."""
    return "".join(fold(text).split())


def key(text: str) -> str:
    """Return what names are compared by: two that look alike have the same key."""
    plain = unicodedata.normalize("NFKC", _DASH.sub("-", _MIDDLE_DOT.sub("\u00b7", clean(text))))
    folded = " ".join(_QUOTE.sub("'", plain).split()).casefold()
    return unicodedata.normalize("NFC", folded)


def letters(text: str) -> str:
    """Return only letters and digits, in lower case, for searches: 화상 회의(Zoom) as 화상회의zoom."""
    folded = unicodedata.normalize("NFKC", clean(text)).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def same(one: str, other: str) -> bool:
    """Tell whether two names look alike."""
    return key(one) == key(other)


def clean_all(data: Any, how: Callable[[str], str] = clean) -> Any:
    """Return plain data (mappings, lists) with every text cleaned; the names of fields stay."""
    if isinstance(data, str):
        return how(data)
    if isinstance(data, dict):
        return {field: clean_all(value, how) for field, value in data.items()}
    if isinstance(data, list):
        return [clean_all(value, how) for value in data]
    return data


def cell(text: str) -> str:
    """Return the text of a table's cell or heading: cleaned, line breaks kept, ends stripped."""
    return clean(text).replace("\r\n", "\n").replace("\r", "\n").strip()


def named(letter: str) -> str:
    """Write a character so that a person finds it: ‘а’(U+0430), U+200B when nothing is seen."""
    code = f"U+{ord(letter):04X}"
    unseen = (
        _INVISIBLE.match(letter) or _SPACES.match(letter) or unicodedata.category(letter)[0] in "CZ"
    )
    return f"보이지 않는 글자 {code}" if unseen else f"‘{letter}’({code})"


def ascii_only(text: str, *, what: str, code: str) -> str:
    """Return the text when all of it is ASCII. Raises BadInput that names the first other letter."""
    strange = next((letter for letter in text if not letter.isascii()), None)
    if strange is not None:
        raise BadInput(
            f"{what}에 쓸 수 없는 글자 {with_particle(named(strange), '이/가')} 있습니다. 지우고 직접 입력하세요.",
            code=code,
        )
    return text


def _drawn(found: "re.Match[str]") -> str:
    return found[1] or ""
