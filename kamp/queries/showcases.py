"""The public list of showcases, its filters, and a case with its rows."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from kamp.models import Showcase
from kamp.states import DataKind, Process, Purpose
from kamp.visibility import public_showcases

CHOICES: Mapping[str, type[Any]] = {
    "process": Process,
    "purpose": Purpose,
    "data_kind": DataKind,
}
FILTERS = (*CHOICES, "equipment")


def with_rows(rows: QuerySet[Showcase]) -> QuerySet[Showcase]:
    """Fetch the rows of each case in a fixed number of queries."""
    return rows.prefetch_related("metrics", "steps", "testimonials", "images")


def filtered(wanted: Mapping[str, str]) -> QuerySet[Showcase]:
    """Published cases, the latest first, narrowed by exact values of FILTERS."""
    asked = {name: wanted[name] for name in FILTERS if wanted.get(name)}
    return public_showcases().filter(**asked).order_by("-published_at", "-pk")


def facets() -> dict[str, list[tuple[str, str]]]:
    """The values that published cases have, so that no filter leads to nothing."""
    rows = list(public_showcases().values_list(*FILTERS).distinct()[:1_000])
    found: dict[str, list[tuple[str, str]]] = {}
    for place, name in enumerate(FILTERS):
        present = {row[place] for row in rows if row[place]}
        labels = dict(CHOICES[name].choices) if name in CHOICES else {one: one for one in present}
        found[name] = [
            (value, label) for value, label in sorted(labels.items()) if value in present
        ]
    return found


def whole(slug: str) -> Showcase | None:
    """One published case with its rows."""
    return with_rows(public_showcases()).filter(slug=slug).first()
