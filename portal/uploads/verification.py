"""Compare every stored file with size and SHA-256 in the rows that name it."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import JSONField, Model

from portal.uploads import files
from portal.uploads.stores.base import Digest, digest_of
from portal.uploads.unreferenced import LIST_COLUMN, file_columns

THREADS = 8  # a bucket answers after milliseconds in which nothing else would be done
BATCH = 500
MISSING = "파일이 없습니다"
ALTERED = "내용이 기록과 다릅니다"
RESIZED = "크기가 기록과 다릅니다"
PUBLIC = "저장소가 누구에게나 내줍니다"


@dataclass(frozen=True, slots=True)
class Named:
    """Files as one row names them; size 0 and an empty hash where the row knows none."""

    model: type[Model]
    column: str
    key: str
    names: tuple[str, ...]
    size: int
    sha256: str
    removed: bool  # the row says that its file was taken out

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that is not what its row says."""

    table: str
    key: str
    name: str
    problem: str

    def __str__(self) -> str:
        return f"{self.table} {self.key}: {self.name}: {self.problem}"


@dataclass(slots=True)
class Findings:
    """What was read: files and bytes, names without a hash by table, and every fault."""

    files: int = 0
    size: int = 0
    unhashed: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def verify() -> Findings:
    """Read every file that a row names. Raises Unavailable when the store does not answer."""
    found = Findings()
    rows = named()
    with ThreadPoolExecutor(THREADS) as threads:
        while batch := list(islice(rows, BATCH)):
            # A store is open as a whole, by its policy: one file of many tells.
            if files.kept_in().is_public(batch[0].names[0]):
                found.faults.append(_fault(batch[0], batch[0].names[0], PUBLIC))
            for row, (digests, fault) in zip(batch, threads.map(_compare, batch), strict=True):
                found.files += len(digests)
                found.size += sum(digest.size for digest in digests)
                if digests and not row.sha256:
                    found.unhashed[row.table] = found.unhashed.get(row.table, 0) + len(digests)
                if fault and _unchanged(row):
                    found.faults.append(fault)
    return found


def named() -> Iterator[Named]:
    """Yield what the rows of all apps say about their files."""
    for model, column in file_columns():
        yield from _of_column(model, column)
    for model in apps.get_models():
        if isinstance(_field(model, LIST_COLUMN), JSONField):
            yield from _of_column(model, LIST_COLUMN)


def _unchanged(row: Named) -> bool:
    # Somebody may have taken the file out since the row was read.
    return list(_of_column(row.model, row.column, pk=row.key)) == [row]


def _of_column(model: type[Model], column: str, **only: str) -> Iterator[Named]:
    sha256 = hash_column(model, column)
    size = _first(model, *(["size"] if _is_main(column) else []))
    removed = _first(model, "removed_at")
    rows = model._default_manager.filter(**only).order_by("pk")
    columns = ["pk", column, *filter(None, (sha256, size, removed))]
    for row in rows.values(*columns).iterator(BATCH):
        names = row[column] if isinstance(row[column], list) else [row[column]]
        if any(names):
            yield Named(
                model=model,
                column=column,
                key=str(row["pk"]),
                names=tuple(names),
                size=row[size] if size else 0,
                sha256=row[sha256] if sha256 else "",
                removed=bool(removed and row[removed]),
            )


def hash_column(model: type[Model], column: str) -> str:
    """Return the column with the SHA-256 of what `column` names, "" where there is none."""
    return _first(model, f"{column}_sha256", *(["sha256"] if _is_main(column) else []))


def _is_main(column: str) -> bool:
    # What a table's columns without a prefix are about.
    return column in ("file", LIST_COLUMN)


def _first(model: type[Model], *columns: str) -> str:
    return next((column for column in columns if _field(model, column) is not None), "")


def _field(model: type[Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _compare(row: Named) -> tuple[list[Digest], Fault | None]:
    digests = []
    for name in row.names:
        try:
            with files.kept_in().open(name) as kept:
                digests.append(digest_of(kept))
        except FileNotFoundError:
            return digests, None if row.removed else _fault(row, name, MISSING)
    if row.size and sum(digest.size for digest in digests) != row.size:
        return digests, _fault(row, row.names[0], RESIZED)
    if row.sha256 and row.sha256 not in _hashes(digests):
        return digests, _fault(row, row.names[0], ALTERED)
    return digests, None


def _fault(row: Named, name: str, problem: str) -> Fault:
    return Fault(row.table, row.key, name, problem)


def _hashes(digests: list[Digest]) -> set[str]:
    # Of several pictures a row keeps the hash over their hashes; of a film its own.
    joined = hashlib.sha256("".join(digest.sha256 for digest in digests).encode()).hexdigest()
    return {joined, *(digest.sha256 for digest in digests if len(digests) == 1)}
