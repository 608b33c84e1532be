"""Stores of files for tests: which one is used, and what lies there."""

from datetime import timedelta
from itertools import count

from django.utils import timezone

from bench.objects import ObjectStore
from portal.uploads import address, files

NUMBERS = count(1)


def use(settings, url: str, *, signed: bool = False) -> None:
    """Let the portal keep its files at a `PORTAL_FILES_URL`."""
    settings.BUCKET = address.read(url)
    private = address.storage(settings.BUCKET, signed=signed)
    settings.STORAGES = {**settings.STORAGES, "private": private}


def new_bucket(server: ObjectStore) -> tuple[str, str]:
    """Create an empty bucket; return its name and its `PORTAL_FILES_URL`."""
    name = f"files-{next(NUMBERS)}"
    return name, server.url(name)


def everything() -> list[str]:
    """Return the names of all files that are kept, sorted."""
    return sorted(files.stored_before(timezone.now() + timedelta(minutes=1)))
