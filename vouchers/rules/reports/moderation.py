"""Automatic checks for the moderator: personal data, insults, text shared with another report."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

SHINGLE = 8
"""Letters in a shingle: long enough that common phrases rarely match, short enough for a clause."""

PERSONAL = (
    ("resident_number", "주민등록번호로 보이는 글", r"(?<!\d)\d{6}[-\s]?[1-4]\d{6}(?!\d)"),
    (
        "phone",
        "전화번호로 보이는 글",
        r"(?<!\d)0(?:1[016789]|2|[3-6][1-5]|70)[-.\s]?\d{3,4}[-.\s]?\d{4}(?!\d)",
    ),
    ("email", "이메일 주소", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    ("card", "카드번호로 보이는 글", r"(?<!\d)(?:\d{4}[-\s]){3}\d{4}(?!\d)"),
    (
        "address",
        "메신저·누리집 계정으로 보이는 글",
        r"(?:카카오톡|카톡|텔레그램|라인)\s*(?:아이디|ID)\s*[:：]?\s*[\w.-]{3,}",
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
    runs: list[tuple[str, bool]] = []
    for letter, same in zip(text, marked, strict=True):
        if runs and runs[-1][1] is same:
            runs[-1] = (runs[-1][0] + letter, same)
        else:
            runs.append((letter, same))
    return runs


def text_of(answers: Mapping[str, str], sections: Sequence[str]) -> str:
    """Return the non-empty answers of a report, one per line, in the order of its sections."""
    return "\n".join(words for name in sections if (words := answers.get(name, "").strip()))


def _letters(text: str) -> str:
    return "".join(_LETTER.findall(text)).casefold()
