"""Files that no row names: left behind by transactions that failed after writing a file."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.apps import apps
from django.db.models import CharField, JSONField, Model

from portal.uploads import files

AGE = timedelta(days=1)  # longer than any transaction: a file without a row by then never gets one
AT_ONCE = 500
COLUMNS = {"file", "pictures", "artefact"}  # names of columns that name one kept file
LIST = "files"  # and one that lists several


def find(*, now: datetime) -> Iterator[str]:
    """Yield the names of files older than a day that no row names."""
    names = files.stored_before(now - AGE)
    listed = frozenset(_listed())
    while part := list(islice(names, AT_ONCE)):
        named = {
            name
            for model, column in file_columns()
            for name in model._default_manager.filter(**{f"{column}__in": part}).values_list(
                column, flat=True
            )
        }
        yield from (name for name in part if name not in named | listed)


def file_columns() -> list[tuple[type[Model], str]]:
    """Return every column of every app that names a kept file."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.name in COLUMNS and isinstance(field, CharField)
    ]


def _listed() -> Iterator[str]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.name == LIST and isinstance(field, JSONField):
                for row in model._default_manager.values_list(LIST, flat=True).iterator():
                    yield from row
