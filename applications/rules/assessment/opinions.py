"""What a firm reads of assessors' reasons: gathered without their writers, searched for names."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core import text

COMMENT, COMMENT_LABEL = "", "종합 의견"
SHORTEST_PERSON, SHORTEST_FIRM = 2, 3  # shorter words are parts of ordinary text
# Contacts and numbers that free text may contain. An address is tried only where its word begins:
# tried from every letter, a long word costs the square of its length. A number may be followed by a
# particle (010-1234-5678로), a business number by no unit of money.
CONTACTS = re.compile(
    r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++|https?://\S++|www\.\S++"
    r"|(?<![0-9])[0-9]{3}-?[0-9]{2}-?[0-9]{5}(?![0-9]|\s?[천만억원])"
    r"|(?<![0-9])0[0-9]{1,2}[-.) ]?[0-9]{3,4}[-. ]?[0-9]{4}(?![0-9])"
)
FORMS_OF_FIRMS = re.compile(r"\(주\)|㈜|주식회사|유한회사|\(유\)")


@dataclass(frozen=True)
class Written:
    """The reasons of one sheet by criterion code, and its comment."""

    reasons: Mapping[str, str]
    comment: str


@dataclass(frozen=True)
class Mention:
    """What may tell who somebody is: the part it stands in, the words, and what they are."""

    part: str
    words: str
    what: str

    @property
    def message(self) -> str:
        return f"{self.part}: ‘{self.words}’ ({self.what})"


def gather(
    criteria: Iterable[tuple[str, str]], sheets: Sequence[Written], *, salt: str
) -> list[dict[str, Any]]:
    """Return by criterion (code, label) the reasons that were written, then the comments.

    Their order is the same each time and another in every part, so that it tells neither who wrote
    what nor which reasons are by one person.
    """
    parts = [
        (code, label, [sheet.reasons.get(code, "") for sheet in sheets]) for code, label in criteria
    ]
    parts.append((COMMENT, COMMENT_LABEL, [sheet.comment for sheet in sheets]))
    return [
        {"code": code, "label": label, "texts": _shuffled(words, f"{salt}:{code}")}
        for code, label, words in parts
    ]


def begin(original: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the text that the officer begins to edit: the reasons of each part, one below another."""
    return [
        {"code": row["code"], "label": row["label"], "text": "\n\n".join(row["texts"])}
        for row in original
    ]


def mentions(
    parts: Iterable[Mapping[str, str]], *, people: Iterable[str], firms: Iterable[str]
) -> list[Mention]:
    """Return the names and contacts in a text: of these people and firms, and any mail or number.

    Names are found however they are spaced or written; each is told once per part.
    """
    known = [
        *_names(people, "평가위원의 이름·소속·연락처", SHORTEST_PERSON),
        *_names((FORMS_OF_FIRMS.sub("", firm) for firm in firms), "다른 기업", SHORTEST_FIRM),
    ]
    found: list[Mention] = []
    for row in parts:
        whole = text.letters(row["text"])
        hits = [(words, what) for letters, words, what in known if letters in whole]
        hits += [(words, "연락처나 번호") for words in CONTACTS.findall(row["text"])]
        found += [Mention(row["label"], words, what) for words, what in dict.fromkeys(hits)]
    return found


def _names(words: Iterable[str], what: str, shortest: int) -> list[tuple[str, str, str]]:
    named = ((text.letters(name), name.strip(), what) for name in words)
    return [row for row in dict.fromkeys(named) if len(row[0]) >= shortest]


def _shuffled(words: Iterable[str], salt: str) -> list[str]:
    kept = [text.strip() for text in words if text.strip()]
    return sorted(kept, key=lambda text: (hashlib.sha256(f"{salt}:{text}".encode()).digest(), text))
