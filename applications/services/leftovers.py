"""Files that no row names: left where a transaction failed after its file was written."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.apps import apps
from django.db.models import Model

from portal import files

AGE = timedelta(days=1)  # no transaction lasts that long: what has no row by then gets none
AT_ONCE = 500


def find(*, now: datetime) -> Iterator[str]:
    """Name the files older than a day that no row names; a removed attachment still names its own."""
    names = files.stored_before(now - AGE)
    while part := list(islice(names, AT_ONCE)):
        named = {
            name
            for model in keepers()
            for name in model._default_manager.filter(file__in=part).values_list("file", flat=True)
        }
        yield from (name for name in part if name not in named)


def keepers() -> list[type[Model]]:
    """Every model of every wing that names kept files: those with a column called `file`."""
    return [
        model
        for model in apps.get_models()
        if any(field.name == "file" for field in model._meta.concrete_fields)
    ]
