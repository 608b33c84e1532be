"""How a search compares texts: without spaces, marks and case, by pairs of letters."""

import unicodedata
from collections.abc import Iterable

SHORTEST = 2  # letters: a single one would stand in a third of all services
BREAK = "|"


def normalise(text: str) -> str:
    """Keep letters and digits only, in lower case: 화상 회의(Zoom) and 화상회의zoom are one."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def searchable(*parts: str) -> str:
    """Join what can be searched, so that no word runs from one part into the next."""
    return BREAK.join(normalise(part) for part in parts)


def grams(searched: str) -> str:
    """Write the pairs of letters in a searchable text, each once, sorted: the words of the index."""
    return " ".join(sorted(set(_pairs(searched.split(BREAK)))))


def words(query: str) -> list[str]:
    """Split what somebody typed into the words that must all be there."""
    return [word for word in map(normalise, query.split()) if word]


def asked_grams(found: Iterable[str]) -> list[str]:
    """The pairs of letters that a service must have to hold all these words."""
    return sorted(set(_pairs(found)))


def _pairs(parts: Iterable[str]) -> Iterable[str]:
    return (part[at : at + 2] for part in parts for at in range(len(part) - 1))
