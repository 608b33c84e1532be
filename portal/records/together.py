"""Rows of several tables read by one statement.

A page about one thing shows rows of many tables. A query of its own for each costs more in building,
planning and waiting than its few rows do, so what belongs together is read together: every table is
one branch of a UNION ALL and gives its rows as JSON arrays.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connection, models

ARRAY = {"postgresql": "json_build_array", "sqlite": "json_array"}
NOT_IN_JSON = (models.BooleanField, models.DateField)
"""Fields whose values arrive as a text or a number; no model read here has another such field."""


@dataclass(frozen=True)
class Rows:
    """The rows of a model for which an SQL condition holds; `%(name)s` in it is a key given by name.

    `columns` are the attributes to read, the primary key among them; all where none are named.
    """

    model: type[models.Model]
    condition: str
    columns: tuple[str, ...] = ()

    def fields(self) -> list[Any]:
        """Return the fields that are read, in the order of the model."""
        fields = self.model._meta.concrete_fields
        return [row for row in fields if not self.columns or row.attname in self.columns]


def read(parts: Mapping[str, Rows], **keys: int) -> dict[str, list[Any]]:
    """Return the instances of each part by its name, in the order of their primary keys.

    They are what a query of each part alone would return, seen at one instant.
    """
    named = tuple(parts.items())
    with connection.cursor() as cursor:
        cursor.execute(_statement(connection.vendor, named), keys)
        rows = cursor.fetchall()
    found: dict[str, list[Any]] = {name: [] for name in parts}
    for place, values in rows:
        name, part = named[place]
        names, converters = _columns(part)
        row = json.loads(values)
        for index, convert in converters:
            row[index] = convert(row[index])
        found[name].append(part.model.from_db(connection.alias, names, row))
    for instances in found.values():
        instances.sort(key=lambda instance: instance.pk)
    return found


def relate(instance: models.Model, **relations: list[Any]) -> None:
    """Set rows of reverse foreign keys, as `prefetch_related` does after its queries."""
    kept = instance.__dict__.setdefault("_prefetched_objects_cache", {})
    for name, rows in relations.items():
        found = getattr(instance, name).get_queryset()
        found._result_cache, found._prefetch_done = rows, True
        kept[name] = found


@cache
def _statement(vendor: str, named: tuple[tuple[str, Rows], ...]) -> str:
    branches = []
    for place, (_, part) in enumerate(named):
        columns = ", ".join(_expression(vendor, field) for field in part.fields())
        # Names and conditions come from the code, keys are bound.
        branches.append(
            f"SELECT {place}, CAST({ARRAY[vendor]}({columns}) AS text)"  # noqa: S608
            f' FROM "{part.model._meta.db_table}" WHERE {part.condition}'
        )
    return " UNION ALL ".join(branches)


def _expression(vendor: str, field: Any) -> str:
    column = f'"{field.column}"'
    return f"json({column})" if vendor == "sqlite" and _is_json(field) else column


def _is_json(field: Any) -> bool:
    return isinstance(field, models.JSONField)


@cache
def _columns(
    part: Rows,
) -> tuple[list[str], list[tuple[int, Callable[[Any], Any]]]]:
    """Return the attribute names of the columns that are read, and by position what reads a value."""
    fields = part.fields()
    converters: list[tuple[int, Callable[[Any], Any]]] = [
        (index, _instant if isinstance(field, models.DateTimeField) else field.to_python)
        for index, field in enumerate(fields)
        if isinstance(field, NOT_IN_JSON)
    ]
    return [field.attname for field in fields], converters


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)  # SQLite stores UTC without saying so
