"""Rows of any table with random states and dates, for tests of what reads them.

They need not be possible: on SQLite the checks of the tables are off while they are written. What a
trigger or a unique index refuses is left out.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from random import Random
from typing import Any

from django.db import DatabaseError, connection, models, transaction

from portal.core.clock import now

HOURS = 60 * 24
FRESH = 0.3  # of the rows refer to rows of their own


# A time is a kind of day to Django: it comes first.
MAKERS: dict[type[Any], Callable[[Random], Any]] = {
    models.BooleanField: lambda random: random.random() < 0.5,
    models.DateTimeField: lambda random: now() + timedelta(hours=random.randint(-HOURS, HOURS)),
    models.DateField: lambda random: date(2021, 3, 1) + timedelta(hours=random.randint(0, HOURS)),
    models.IntegerField: lambda random: random.randint(0, 30_000),
    models.DecimalField: lambda random: random.randint(0, 9),
    models.FloatField: lambda random: random.random(),
}


@contextmanager
def unchecked() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        yield
        cursor.execute("PRAGMA ignore_check_constraints = OFF")


def rows(tables: Iterable[type[models.Model]], *, each: int, seed: int = 1, **fixed: Any) -> None:
    """Write about `each` rows of every table; `fixed` holds columns that are not random."""
    random = Random(seed)
    with unchecked():
        for table in tables:
            for _ in range(each):
                row(table, random, **fixed)


def row(table: type[models.Model], random: Random, **fixed: Any) -> models.Model | None:
    """Write one row; return None when the database refuses it."""
    fields = [one for one in table._meta.concrete_fields if not one.primary_key or one.is_relation]
    made = table(**{one.attname: _value(one, random) for one in fields} | fixed)
    try:
        with transaction.atomic():
            table._base_manager.bulk_create([made])
    except DatabaseError:
        return None
    return made


def _value(field: Any, random: Random) -> Any:
    if field.null and random.random() < 0.5:
        return None
    if field.is_relation:
        return _other(field, random)
    if field.choices:
        return random.choice([value for value, _ in field.flatchoices])
    if isinstance(field, models.JSONField | models.UUIDField | models.BinaryField):
        return field.get_default() if field.has_default() else {}
    for kind, make in MAKERS.items():
        if isinstance(field, kind):
            return make(random)
    return f"{random.getrandbits(64):016x}"[: field.max_length or 16]


def _other(field: Any, random: Random) -> Any:
    """Return the key of a row of another table, of a fresh one where there are too few."""
    table = field.related_model
    there = list(table._base_manager.values_list("pk", flat=True)[:50])
    # A catalogue must be possible as a whole: its rows are the caller's.
    own = table._meta.app_label != "programs" and (field.unique or random.random() < FRESH)
    if not there or own:
        made = row(table, random)
        if made is not None:
            return made.pk
    return random.choice(there) if there else None
