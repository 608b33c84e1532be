"""Find stored files that no row refers to, as when a transaction failed after writing its file."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.apps import apps
from django.db.models import CharField, JSONField, Model

from portal.uploads import files

AGE = timedelta(days=1)  # longer than any transaction: a younger file may still get its row
BATCH = 500
FILE_COLUMNS = {"file", "pictures", "artefact"}  # names of columns that hold one stored name
LIST_COLUMN = "files"  # name of JSON columns that hold a list of stored names


def find(*, now: datetime) -> Iterator[str]:
    """Yield the stored names of files older than a day that no row of any app refers to."""
    names = files.stored_before(now - AGE)
    listed = frozenset(_listed_names())
    while batch := list(islice(names, BATCH)):
        referenced = {
            name
            for model, column in file_columns()
            for name in model._default_manager.filter(**{f"{column}__in": batch}).values_list(
                column, flat=True
            )
        }
        yield from (name for name in batch if name not in referenced | listed)


def file_columns() -> list[tuple[type[Model], str]]:
    """Return the columns of all apps that hold the name of one stored file."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.name in FILE_COLUMNS and isinstance(field, CharField)
    ]


def _listed_names() -> Iterator[str]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.name == LIST_COLUMN and isinstance(field, JSONField):
                for names in model._default_manager.values_list(LIST_COLUMN, flat=True).iterator():
                    yield from names
