"""How staff pages and choices name persons: two of one name are told apart."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator

from portal.models import User


def told_apart(person: User) -> str:
    """Return a person's name, affiliation and masked address: 김하나 · 한국대학교 · ha**na@example.kr.

    The affiliation is that of an account that was read with one (`person.affiliation`).
    """
    affiliation = getattr(person, "affiliation", "") or ""
    return " · ".join(filter(None, (person.name, affiliation, hinted(person.email))))


def hinted(address: str) -> str:
    """Return an address with the middle of its first part hidden: ha**na@example.kr.

    More is left than of a masked address, so that neighbours in a numbered series differ.
    """
    name, _, host = address.partition("@")
    kept = min(2, len(name) // 3)
    first, last = name[: max(1, kept)], name[len(name) - kept :]
    return f"{first}**{last}@{host}"


def labels(people: Iterable[User]) -> dict[int, str]:
    """Return a label for each account, no two alike: where even the masks agree, with its number."""
    by_pk = {person.pk: told_apart(person) for person in people}
    times = Counter(by_pk.values())
    return {
        pk: label if times[label] == 1 else f"{label} · {pk}번 계정" for pk, label in by_pk.items()
    }


class _People(ModelChoiceIterator):
    field: Any

    def __iter__(self) -> Iterator[Any]:
        people = list(self.queryset)
        self.field.known = labels(people)
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        for person in people:
            yield self.choice(person)


class PersonField(forms.ModelChoiceField):
    iterator = _People
    known: dict[int, str] = {}  # replaced as a whole by each reading

    def label_from_instance(self, obj: Any) -> str:
        return self.known.get(obj.pk) or told_apart(obj)


class PersonsField(forms.ModelMultipleChoiceField):
    iterator = _People
    known: dict[int, str] = {}  # replaced as a whole by each reading

    def label_from_instance(self, obj: Any) -> str:
        return self.known.get(obj.pk) or told_apart(obj)
