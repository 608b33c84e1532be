"""What a moderator is pointed at: personal data, insults, text taken from another report, gaps."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

SHINGLE = 8
"""Letters in a shingle: long enough that common phrases seldom agree, short enough for one
clause."""

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
    """One thing found in a text: code, meaning, the words themselves."""

    code: str
    label: str
    words: str


def personal_data(text: str) -> list[Flag]:
    """Point at what looks like personal data; a person decides."""
    return [
        Flag(code, label, match.group())
        for code, label, pattern in _PERSONAL
        for match in pattern.finditer(text)
    ]


def insults(text: str, words: Iterable[str]) -> list[Flag]:
    """Point at listed words, whatever stands between their letters."""
    letters = _letters(text)
    return [
        Flag("insult", "모욕·비하 표현", word)
        for word in words
        if (bare := _letters(word)) and bare in letters
    ]


def shingles(text: str) -> frozenset[str]:
    """Cut a text into overlapping pieces of `SHINGLE` letters; spaces and marks do not count."""
    letters = _letters(text)
    return frozenset(letters[i : i + SHINGLE] for i in range(len(letters) - SHINGLE + 1))


def similarity(mine: frozenset[str], other: frozenset[str]) -> int:
    """Say how much of `mine` stands in `other` too, in whole percent (0 for too short a text)."""
    if not mine:
        return 0
    share = Decimal(100 * len(mine & other)) / len(mine)
    return int(share.quantize(Decimal(1), ROUND_HALF_UP))


def shared(text: str, other: str) -> list[tuple[str, bool]]:
    """Cut a text into runs, each with whether it stands in the other text too; joined, it is whole."""
    places = [i for i, letter in enumerate(text) if _LETTER.match(letter)]
    letters = "".join(text[i] for i in places).casefold()
    there = shingles(other)
    marked = [False] * len(text)
    for start in range(len(letters) - SHINGLE + 1):
        if letters[start : start + SHINGLE] in there:
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
    """Join the written parts of a report in the order of its sections."""
    return "\n".join(words for name in sections if (words := answers.get(name, "").strip()))


def _letters(text: str) -> str:
    return "".join(_LETTER.findall(text)).casefold()
