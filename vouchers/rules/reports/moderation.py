"""Automatic checks for the moderator: personal data, insults, text shared with another report."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from operator import itemgetter

SHINGLE = 8
"""Letters in a shingle: long enough that common phrases rarely match, short enough for a clause."""
SHORTEST_SECTION = 30
"""Letters that a section needs to be compared by itself."""

PERSONAL = (
    ("resident_number", "주민등록번호로 보이는 글", r"(?<!\d)\d{6}[-\s]?[1-4]\d{6}(?!\d)"),
    (
        "phone",
        "전화번호로 보이는 글",
        r"(?<!\d)0(?:1[016789]|2|[3-6][1-5]|70)[-.\s]?\d{3,4}[-.\s]?\d{4}(?!\d)",
    ),
    # Tried only where a word begins: from every letter, a long word costs the square of its length.
    ("email", "이메일 주소", r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++"),
    ("card", "카드번호로 보이는 글", r"(?<!\d)(?:\d{4}[-\s]){3}\d{4}(?!\d)"),
    (
        "address",
        "메신저·누리집 계정으로 보이는 글",
        r"(?:카카오톡|카톡|텔레그램|라인)\s*+(?:아이디|ID)\s*+[:：]?\s*+[\w.-]{3,}+",
    ),
)
_PERSONAL = [(code, label, re.compile(pattern, re.IGNORECASE)) for code, label, pattern in PERSONAL]
_LETTER = re.compile(r"[0-9a-z가-힣]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Flag:
    """A match of an automatic check: code, label, the matching text."""

    code: str
    label: str
    words: str


def personal_data(text: str) -> list[Flag]:
    """Return what looks like personal data in a text."""
    return [
        Flag(code, label, match.group())
        for code, label, pattern in _PERSONAL
        for match in pattern.finditer(text)
    ]


def insults(text: str, words: Iterable[str]) -> list[Flag]:
    """Return the listed words in a text, ignoring spaces and marks between their letters."""
    letters = _letters(text)
    return [
        Flag("insult", "모욕·비하 표현", word)
        for word in words
        if (bare := _letters(word)) and bare in letters
    ]


def unpublishable(text: str, words: Iterable[str], *, known: Iterable[str] = ()) -> list[Flag]:
    """Return what keeps a supplier's words from standing beside a report.

    The same checks as those of a report. `known` are the firm's own telephone and mail address, which
    its page shows anyway.
    """
    own = {_latin(item) for item in known} - {""}
    found = [flag for flag in personal_data(text) if _latin(flag.words) not in own]
    return [*found, *insults(text, words)]


def shingles(text: str) -> frozenset[str]:
    """Return the overlapping pieces of `SHINGLE` letters of a text, without spaces and marks."""
    letters = _letters(text)
    return frozenset(letters[i : i + SHINGLE] for i in range(len(letters) - SHINGLE + 1))


def similarity(mine: frozenset[str], other: frozenset[str]) -> int:
    """Return how much of `mine` is also in `other`, in whole percent (0 for a text without shingles)."""
    if not mine:
        return 0
    share = Decimal(100 * len(mine & other)) / len(mine)
    return int(share.quantize(Decimal(1), ROUND_HALF_UP))


def copied_sections(
    sections: Mapping[str, str], other: frozenset[str], *, least: int
) -> dict[str, int]:
    """Return the sections of which at least `least` percent are in the shingles `other`.

    The place in the other report does not matter. Sections below `SHORTEST_SECTION` letters are left
    out, as one common phrase fills them.
    """
    return {
        code: percent
        for code, text in sections.items()
        if len(_letters(text)) >= SHORTEST_SECTION
        and (percent := similarity(shingles(text), other)) >= least
    }


def shared_runs(text: str, other: str) -> list[tuple[str, bool]]:
    """Split a text into (run, whether `other` contains it); the joined runs are the text."""
    places = [i for i, letter in enumerate(text) if _LETTER.match(letter)]
    letters = "".join(text[i] for i in places).casefold()
    theirs = shingles(other)
    marked = [False] * len(text)
    for start in range(len(letters) - SHINGLE + 1):
        if letters[start : start + SHINGLE] in theirs:
            first, last = places[start], places[start + SHINGLE - 1]
            marked[first : last + 1] = [True] * (last + 1 - first)
    pairs = groupby(zip(text, marked, strict=True), key=itemgetter(1))
    return [("".join(letter for letter, _ in run), same) for same, run in pairs]


def text_of(answers: Mapping[str, str], sections: Sequence[str]) -> str:
    """Return the non-empty answers of a report, one per line, in the order of its sections."""
    return "\n".join(words for name in sections if (words := answers.get(name, "").strip()))


def _latin(text: str) -> str:
    # Without the particle that follows an address in Korean: info@firm.kr로.
    return "".join(letter for letter in text.casefold() if letter.isascii() and letter.isalnum())


def _letters(text: str) -> str:
    return "".join(_LETTER.findall(text)).casefold()
