"""Copy stored files from one store to another. A run that was ended is simply repeated."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import partial
from itertools import islice
from typing import BinaryIO

from django.utils import timezone

from portal.uploads import files
from portal.uploads.stores.base import Digest, Store, digest_of

THREADS = 8
BATCH = 500
AHEAD = timedelta(days=1)  # a store's clock may be ahead of ours


class Outcome(Enum):
    """What happened to one file."""

    COPIED = "copied"
    THERE = "there"  # copied by an earlier run
    CONFLICT = "conflict"  # another content has this name: nothing was written or deleted


@dataclass(frozen=True, slots=True)
class Moved:
    """One file and its outcome; `deleted` says that the original is gone."""

    name: str
    outcome: Outcome
    deleted: bool


def move(source: Store, target: Store, *, delete: bool) -> Iterator[Moved]:
    """Copy every file and compare the copies by hash; `delete` removes originals so confirmed.

    Raises Unavailable when a store does not answer; a repeated call goes on from there.
    """
    names = filter(files.is_name, source.written_before(timezone.now() + AHEAD))
    one = partial(_one, source=source, target=target, delete=delete)
    with ThreadPoolExecutor(THREADS) as threads:
        while batch := list(islice(names, BATCH)):
            yield from (row for row in threads.map(one, batch) if row)


def _one(name: str, *, source: Store, target: Store, delete: bool) -> Moved | None:
    try:
        with source.open(name) as original:
            digest = digest_of(original)
            outcome = _copy(name, original, digest, target, sure=delete)
    except FileNotFoundError:  # discarded meanwhile
        return None
    confirmed = outcome is not Outcome.CONFLICT
    if delete and confirmed:
        source.discard(name)
    return Moved(name, outcome, delete and confirmed)


def _copy(name: str, original: BinaryIO, digest: Digest, target: Store, *, sure: bool) -> Outcome:
    if target.holds(name):
        noted = None if sure else target.recorded(name)  # enough to go on, not to delete by
        same = (noted or _read(name, target)) == digest
        return Outcome.THERE if same else Outcome.CONFLICT
    target.write(name, original, digest)
    return Outcome.COPIED if _read(name, target) == digest else Outcome.CONFLICT


def _read(name: str, store: Store) -> Digest:
    with store.open(name) as kept:
        return digest_of(kept)
