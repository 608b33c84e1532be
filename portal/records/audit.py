"""A chain of hashes over rows that must stay as they are, and the search for any that did not.

Each app names its tables in a module of its own (`settings.AUDITED`). A sweep seals new rows in
blocks: a block holds the hash of every row and the hash of the block before. Filing and deciding
wait for nothing: they write their rows as ever, and the sweep follows within a minute or two.
`verify` reads every sealed row again and names each one that was altered, removed or slipped in.
"""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models, transaction
from django.utils.module_loading import import_string

from portal.jobs.progress import Progress, no_progress
from portal.models import AuditChain, AuditCheck, AuditSeal, Stateful, User
from portal.records import snapshot

JOB = "portal.verify_audit"
SEAL_TASK = "portal.records.tasks.seal_audit"
CHUNK = 1_000  # rows of one seal
WINDOW = timedelta(minutes=20)  # no transaction lives as long; what comes later was not ours
SHOWN = 200  # findings kept with a verification
LOWEST = -(2**63)  # a row slipped in by hand may have any key

ALTERED, REMOVED, INSERTED = "altered", "removed", "inserted"
SEAL_BROKEN, HEAD_BROKEN, MISFIT = "seal_broken", "head_broken", "misfit"
WORDS = {
    ALTERED: "봉인한 뒤 내용이 바뀌었습니다",
    REMOVED: "봉인한 뒤 지워졌습니다",
    INSERTED: "포털을 거치지 않고 끼워 넣었습니다",
    SEAL_BROKEN: "봉인 자체가 바뀌거나 빠졌습니다",
    HEAD_BROKEN: "마지막 봉인이 사슬의 끝과 다릅니다",
    MISFIT: "기록과 맞지 않습니다",
}


@dataclass(frozen=True)
class Audited:
    """One table of the chain.

    `rows()` are those that are final. `since` is the field by which new ones are found: `pk` where
    rows are only ever added in order, else the instant at which a row became final. `time` is when
    a row came to be, for tables found by `pk`: one dated before its turn was slipped in. `columns`
    are those that may no longer change; () is all of them.
    """

    name: str
    label: str
    rows: Callable[[], models.QuerySet[Any]]
    since: str = "pk"
    time: str = ""
    columns: tuple[str, ...] = ()

    @property
    def model(self) -> type[models.Model]:
        """Whose rows they are."""
        return self.rows().model

    @property
    def table(self) -> str:
        """The table's name in the database."""
        return self.model._meta.db_table

    def sealed_columns(self) -> list[str]:
        """The columns that a seal made today covers."""
        found = self.columns or [f.attname for f in self.model._meta.concrete_fields]
        return sorted(found)


class Fault(NamedTuple):
    """What is wrong with which row."""

    table: str
    pk: str
    what: str
    detail: str = ""

    @property
    def words(self) -> str:
        """The fault in a sentence."""
        told = f": {self.detail}" if self.detail else ""
        return f"{self.table} {self.pk}: {WORDS[self.what]}{told}"


@dataclass
class Report:
    """What a verification found; `unsealed` rows are new ones that the sweep has not reached."""

    started_at: datetime
    rows: int = 0
    seals: int = 0
    faults: int = 0
    findings: list[Fault] = field(default_factory=list)
    unsealed: list[tuple[str, str]] = field(default_factory=list)
    unsealed_count: int = 0
    oldest_unsealed_at: datetime | None = None

    def add(self, *faults: Fault) -> None:
        """Note faults; all are counted, the first are named."""
        for fault in faults:
            self.faults += 1
            if len(self.findings) < SHOWN:
                self.findings.append(fault)


Check = Callable[[], Iterable[Fault]]


@cache
def tables() -> tuple[Audited, ...]:
    """Every table that the apps have named, in the order of the settings."""
    found = tuple(table for name in settings.AUDITED for table in import_string(name))
    if len({table.name for table in found}) < len(found):
        raise ValueError("two audited tables share a name")
    return found


@cache
def checks() -> tuple[Check, ...]:
    """Questions whose answers follow from sealed rows, such as: do the counters add up?"""
    return tuple(import_string(name) for name in settings.AUDIT_CHECKS)


def digest(name: str, pk: object, columns: Sequence[str], values: Sequence[object]) -> bytes:
    """The hash of one row: its chain, its key and what stands in its columns."""
    text = snapshot.dumps([name, pk, dict(zip(columns, values, strict=True))], default=_spelled)
    return hashlib.sha256(text.encode()).digest()


def sha256_of(seal: AuditSeal) -> str:
    """The hash of a seal: all it says, and through `previous` all seals before it."""
    head = snapshot.dumps(
        [
            seal.chain_id,
            seal.number,
            seal.previous,
            snapshot.spelled(seal.sealed_at),
            seal.columns,
            seal.pks,
        ]
    )
    return hashlib.sha256(head.encode() + bytes(seal.digests)).hexdigest()


def _spelled(value: object) -> str:
    return str(value) if isinstance(value, UUID) else snapshot.spelled(value)


# --- Sealing ---------------------------------------------------------------------------------------


def seal(*, now: datetime) -> int:
    """Seal what is new in every table; returns how many rows. Safe beside another sweep."""
    return sum(seal_table(table, now) for table in tables())


def seal_table(table: Audited, now: datetime) -> int:
    """Seal what is new in one table."""
    chain, _ = AuditChain.objects.get_or_create(name=table.name)
    floor = chain.swept_at - WINDOW if chain.swept_at else None
    rows, sealed = _candidates(table, floor)
    columns = table.sealed_columns()
    number, head, written, last = chain.number, chain.head, 0, LOWEST
    waiting = rows.order_by("pk").values_list("pk", *columns)
    while part := list(waiting.filter(pk__gt=last)[:CHUNK]):
        last = part[-1][0]
        fresh = [row for row in part if row[0] not in sealed]
        if not fresh:
            continue
        made = AuditSeal(
            chain=chain,
            number=number + 1,
            columns=columns,
            pks=[row[0] for row in fresh],
            digests=b"".join(digest(table.name, row[0], columns, row[1:]) for row in fresh),
            count=len(fresh),
            previous=head,
            sealed_at=now,
        )
        made.sha256 = sha256_of(made)
        if not _append(made):
            return written  # another sweep is at it
        number, head, written = made.number, made.sha256, written + len(fresh)
    AuditChain.objects.filter(name=table.name, number=number).update(swept_at=now)
    return written


def _append(made: AuditSeal) -> bool:
    """Add one seal to its chain, unless somebody else has added one meanwhile."""
    with transaction.atomic():
        taken = AuditChain.objects.filter(name=made.chain_id, number=made.number - 1).update(
            number=made.number, head=made.sha256, rows=models.F("rows") + made.count
        )
        if taken:
            made.save(force_insert=True)
    return bool(taken)


def _candidates(table: Audited, floor: datetime | None) -> tuple[models.QuerySet[Any], set[int]]:
    """Rows that may be new, and the keys among them that were sealed of late."""
    rows = table.rows()
    if floor is None:
        return rows, set()
    recent: set[int] = set()
    for pks in AuditSeal.objects.filter(chain=table.name, sealed_at__gte=floor).values_list(
        "pks", flat=True
    ):
        recent.update(pks)
    if table.since != "pk":
        return rows.filter(**{f"{table.since}__gte": floor}), recent
    if table.time:
        rows = rows.filter(**{f"{table.time}__gte": floor})
    return rows.filter(pk__gt=_settled(table, floor)), recent


def _settled(table: Audited, floor: datetime) -> int:
    """The key up to which no row can come any more: sealed longer ago than any transaction."""
    pks = (
        AuditSeal.objects.filter(chain=table.name, sealed_at__lt=floor)
        .order_by("-number")
        .values_list("pks", flat=True)
        .first()
    )
    return int(pks[-1]) if pks else LOWEST


# --- Verifying -------------------------------------------------------------------------------------


def verify(*, now: datetime, progress: Progress = no_progress) -> Report:
    """Read every sealed row again; name what was altered, removed or slipped in.

    Memory grows by eight bytes for each sealed row and by nothing else. Tables of a million rows
    are read in blocks, so that nothing is locked and nothing waits.
    """
    report = Report(now)
    total = sum(AuditChain.objects.values_list("rows", flat=True))
    for table in tables():
        verify_table(table, report, total, progress)
    for check in checks():
        report.add(*check())
    progress(report.rows, max(total, report.rows), "끝")
    return report


def record(report: Report, *, by: User | None, now: datetime) -> AuditCheck:
    """Keep what a verification found."""
    return AuditCheck.objects.create(
        started_at=report.started_at,
        finished_at=now,
        requested_by=by,
        rows=report.rows,
        seals=report.seals,
        faults=report.faults,
        unsealed=report.unsealed_count,
        oldest_unsealed_at=report.oldest_unsealed_at,
        findings=[{**fault._asdict(), "words": fault.words} for fault in report.findings],
        heads=[[row["name"], row["number"], row["sha256"]] for row in heads()],
    )


def heads() -> list[dict[str, Any]]:
    """The end of every chain: what an outsider keeps to hold the portal to it later."""
    labels = {table.name: table.label for table in tables()}
    found = AuditChain.objects.filter(name__in=labels).order_by("name")
    return [
        {
            "name": row.name,
            "label": labels[row.name],
            "number": row.number,
            "rows": row.rows,
            "sha256": row.head,
            "swept_at": row.swept_at,
        }
        for row in found
    ]


def head_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """One hash over the ends of all chains."""
    told = [[row["name"], row["number"], row["sha256"]] for row in rows]
    return snapshot.sha256_of_plain(told)


def kept(name: str, number: int, sha256: str) -> Fault | None:
    """Hold a seal's hash that somebody kept against what the portal has there now."""
    there = AuditSeal.objects.filter(chain=name, number=number).first()
    if there is not None and sha256_of(there) == sha256 == there.sha256:
        return None
    return Fault("portal_auditseal", f"{name}:{number}", SEAL_BROKEN, "보관한 해시와 다릅니다")


def misplaced(models_moved: Iterable[type[Stateful]]) -> Iterator[Fault]:
    """Name everything whose state is not where its last move led."""
    for model in models_moved:
        last = model.MOVE_LOG.objects.filter(thing=models.OuterRef("pk")).order_by("-pk")  # type: ignore[attr-defined]
        led = model._default_manager.annotate(led_to=models.Subquery(last.values("target")[:1]))
        strays = led.filter(led_to__isnull=False).exclude(led_to=models.F("state"))
        for pk, state, target in strays.values_list("pk", "state", "led_to"):
            told = f"상태 {state}, 마지막 이력은 {target}"
            yield Fault(model._meta.db_table, str(pk), MISFIT, told)


def verify_table(
    table: Audited, report: Report, total: int = 0, progress: Progress = no_progress
) -> None:
    """Read the seals of one table and their rows again, then look for rows that no seal knows."""
    chain = AuditChain.objects.filter(name=table.name).first() or AuditChain(name=table.name)
    sealed = array("q")
    number, previous = 0, ""
    for made in _seals(table.name):
        number += 1
        if made.number != number or made.previous != previous or sha256_of(made) != made.sha256:
            report.add(Fault("portal_auditseal", f"{table.name}:{made.number}", SEAL_BROKEN))
            number = made.number
        previous = made.sha256
        report.add(*_compare(table, made))
        report.rows += made.count
        report.seals += 1
        sealed.extend(made.pks)
        progress(report.rows, max(total, report.rows), table.label)
    if (chain.number, chain.head) != (number, previous):
        report.add(Fault("portal_auditchain", table.name, HEAD_BROKEN))
    _look_for_strangers(table, chain, array("q", sorted(sealed)), report)


def _seals(name: str) -> Iterator[AuditSeal]:
    last = 0
    rows = AuditSeal.objects.filter(chain=name).order_by("number")
    while part := list(rows.filter(number__gt=last)[:20]):
        last = part[-1].number
        yield from part


def _compare(table: Audited, made: AuditSeal) -> Iterator[Fault]:
    """Hold the rows of one seal against its hashes."""
    digests = bytes(made.digests)
    try:
        rows = table.model._base_manager.filter(pk__in=made.pks).values_list("pk", *made.columns)
        found = {row[0]: row[1:] for row in rows}
    except FieldError:
        yield Fault(table.table, f"{made.pks[0]}–{made.pks[-1]}", ALTERED, "열이 없어졌습니다")
        return
    for place, pk in enumerate(made.pks):
        if pk not in found:
            yield Fault(table.table, str(pk), REMOVED)
        elif (
            digest(table.name, pk, made.columns, found[pk]) != digests[32 * place : 32 * place + 32]
        ):
            yield Fault(table.table, str(pk), ALTERED)


def _look_for_strangers(
    table: Audited, chain: AuditChain, sealed: "array[int]", report: Report
) -> None:
    """Tell rows that no seal knows: new ones wait for the sweep, others were slipped in."""
    floor = chain.swept_at - WINDOW if chain.swept_at else None
    settled = _settled(table, floor) if floor and table.since == "pk" else LOWEST
    moment = table.time if table.since == "pk" else table.since
    last = LOWEST
    names = ["pk", *([moment] if moment else [])]
    rows = table.rows().order_by("pk").values_list(*names)
    while part := list(rows.filter(pk__gt=last)[: 10 * CHUNK]):
        last = part[-1][0]
        for pk, *at in part:
            place = bisect_left(sealed, pk)
            if place < len(sealed) and sealed[place] == pk:
                continue
            came = at[0] if at else None
            if floor and (pk <= settled or (came is not None and came < floor)):
                report.add(Fault(table.table, str(pk), INSERTED))
                continue
            report.unsealed_count += 1
            if len(report.unsealed) < SHOWN:
                report.unsealed.append((table.table, str(pk)))
            if came and (report.oldest_unsealed_at is None or came < report.oldest_unsealed_at):
                report.oldest_unsealed_at = came
