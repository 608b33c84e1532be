"""Text search by pairs of letters (bigrams), ignoring spaces, punctuation and case."""

from collections.abc import Iterable

from portal.core.text import letters

SHORTEST = 2  # letters; a single one is in a third of all services
BREAK = "|"  # between the searchable parts, so that no bigram spans two of them


def searchable(*parts: str) -> str:
    """Join the normalised parts with `BREAK`."""
    return BREAK.join(letters(part) for part in parts)


def grams(searched: str) -> str:
    """Return the distinct bigrams of a searchable text, sorted and separated by spaces, as indexed."""
    return " ".join(sorted(set(_pairs(searched.split(BREAK)))))


def words(query: str) -> list[str]:
    """Split a query into normalised words; a match contains all of them."""
    return [word for word in map(letters, query.split()) if word]


def required_grams(words: Iterable[str]) -> list[str]:
    """Return the bigrams that a service containing all these words must have."""
    return sorted(set(_pairs(words)))


def _pairs(parts: Iterable[str]) -> Iterable[str]:
    return (part[at : at + 2] for part in parts for at in range(len(part) - 1))
