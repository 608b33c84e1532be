"""A hash chain over rows that must not change, and its verification.

Each app names its tables (`settings.AUDITED`). A sweep seals new rows in blocks within a minute or
two: a seal holds the hash of every row and the hash of the seal before. Services write their rows
as usual and do not wait. `verify` reads every sealed row again and reports each one that was
altered, removed or inserted by hand.
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
WINDOW = timedelta(minutes=20)  # longer than any transaction; a later row was inserted by hand
SHOWN = 200  # findings stored with a verification
LOWEST = -(2**63)  # a row inserted by hand may have any key

ALTERED, REMOVED, INSERTED = "altered", "removed", "inserted"
SEAL_BROKEN, HEAD_BROKEN, MISFIT = "seal_broken", "head_broken", "misfit"
MESSAGES = {
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

    `rows()` are the rows that are final. `since` is the field by which new ones are found: `pk` where
    rows are only ever added in order, else the instant at which a row became final. `time` is when a
    row was added, for tables found by `pk`: an older one was inserted by hand. `columns` are those that
    may no longer change; () means all.
    """

    name: str
    label: str
    rows: Callable[[], models.QuerySet[Any]]
    since: str = "pk"
    time: str = ""
    columns: tuple[str, ...] = ()

    @property
    def model(self) -> type[models.Model]:
        return self.rows().model

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def sealed_columns(self) -> list[str]:
        columns = self.columns or [f.attname for f in self.model._meta.concrete_fields]
        return sorted(columns)


class Fault(NamedTuple):
    """What is wrong with which row."""

    table: str
    pk: str
    what: str
    detail: str = ""

    @property
    def words(self) -> str:
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.table} {self.pk}: {MESSAGES[self.what]}{detail}"


@dataclass
class Report:
    """The result of a verification; `unsealed` are new rows that the sweep has not reached."""

    started_at: datetime
    rows: int = 0
    seals: int = 0
    faults: int = 0
    findings: list[Fault] = field(default_factory=list)
    unsealed: list[tuple[str, str]] = field(default_factory=list)
    unsealed_count: int = 0
    oldest_unsealed_at: datetime | None = None

    def add(self, *faults: Fault) -> None:
        """Record faults; all are counted, the first SHOWN are kept."""
        for fault in faults:
            self.faults += 1
            if len(self.findings) < SHOWN:
                self.findings.append(fault)

    def add_unsealed(self, table: str, pk: int, added_at: datetime | None) -> None:
        self.unsealed_count += 1
        if len(self.unsealed) < SHOWN:
            self.unsealed.append((table, str(pk)))
        if added_at and (self.oldest_unsealed_at is None or added_at < self.oldest_unsealed_at):
            self.oldest_unsealed_at = added_at


Check = Callable[[], Iterable[Fault]]


@cache
def tables() -> tuple[Audited, ...]:
    named = tuple(table for name in settings.AUDITED for table in import_string(name))
    if len({table.name for table in named}) < len(named):
        raise ValueError("two audited tables share a name")
    return named


@cache
def checks() -> tuple[Check, ...]:
    """Return the consistency checks of `settings.AUDIT_CHECKS`, such as the counters of budgets."""
    return tuple(import_string(name) for name in settings.AUDIT_CHECKS)


def digest(name: str, pk: object, columns: Sequence[str], values: Sequence[object]) -> bytes:
    """Return the SHA-256 of one row: its chain, key and columns."""
    text = snapshot.dumps([name, pk, dict(zip(columns, values, strict=True))], default=_spelled)
    return hashlib.sha256(text.encode()).digest()


def seal_sha256(seal: AuditSeal) -> str:
    """Return the SHA-256 of a seal and, through `previous`, of all seals before it."""
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
    """Seal the new rows of every table; return how many. Safe beside another sweep."""
    return sum(seal_table(table, now) for table in tables())


def seal_table(table: Audited, now: datetime) -> int:
    chain, _ = AuditChain.objects.get_or_create(name=table.name)
    since = chain.swept_at - WINDOW if chain.swept_at else None
    rows, sealed = _candidates(table, since)
    columns = table.sealed_columns()
    number, head, written, last = chain.number, chain.head, 0, LOWEST
    ordered = rows.order_by("pk").values_list("pk", *columns)
    while part := list(ordered.filter(pk__gt=last)[:CHUNK]):
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
        made.sha256 = seal_sha256(made)
        if not _append(made):
            return written  # another sweep is running
        number, head, written = made.number, made.sha256, written + len(fresh)
    AuditChain.objects.filter(name=table.name, number=number).update(swept_at=now)
    return written


def _append(made: AuditSeal) -> bool:
    # Fails when another sweep has added a seal meanwhile.
    with transaction.atomic():
        taken = AuditChain.objects.filter(name=made.chain_id, number=made.number - 1).update(
            number=made.number, head=made.sha256, rows=models.F("rows") + made.count
        )
        if taken:
            made.save(force_insert=True)
    return bool(taken)


def _candidates(table: Audited, since: datetime | None) -> tuple[models.QuerySet[Any], set[int]]:
    """Return rows that may be new, and the keys among them that were sealed recently."""
    rows = table.rows()
    if since is None:
        return rows, set()
    recent: set[int] = set()
    for pks in AuditSeal.objects.filter(chain=table.name, sealed_at__gte=since).values_list(
        "pks", flat=True
    ):
        recent.update(pks)
    if table.since != "pk":
        return rows.filter(**{f"{table.since}__gte": since}), recent
    if table.time:
        rows = rows.filter(**{f"{table.time}__gte": since})
    return rows.filter(pk__gt=_settled(table, since)), recent


def _settled(table: Audited, since: datetime) -> int:
    """Return the highest primary key that no open transaction can still insert below."""
    pks = (
        AuditSeal.objects.filter(chain=table.name, sealed_at__lt=since)
        .order_by("-number")
        .values_list("pks", flat=True)
        .first()
    )
    return int(pks[-1]) if pks else LOWEST


# --- Verifying -------------------------------------------------------------------------------------


def verify(*, now: datetime, progress: Progress = no_progress) -> Report:
    """Read every sealed row again; report what was altered, removed or inserted by hand.

    Memory grows by eight bytes a sealed row. Large tables are read in blocks, so that nothing is locked.
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
    """Return the last seal of every chain, which outsiders keep to check the portal later."""
    labels = {table.name: table.label for table in tables()}
    chains = AuditChain.objects.filter(name__in=labels).order_by("name")
    return [
        {
            "name": row.name,
            "label": labels[row.name],
            "number": row.number,
            "rows": row.rows,
            "sha256": row.head,
            "swept_at": row.swept_at,
        }
        for row in chains
    ]


def combined_head(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return one SHA-256 over the last seals of all chains."""
    ends = [[row["name"], row["number"], row["sha256"]] for row in rows]
    return snapshot.sha256_of_plain(ends)


def check_kept_seal(name: str, number: int, sha256: str) -> Fault | None:
    """Compare the hash of a seal that somebody kept with the portal's; return the fault, if any."""
    kept = AuditSeal.objects.filter(chain=name, number=number).first()
    if kept is not None and seal_sha256(kept) == sha256 == kept.sha256:
        return None
    return Fault("portal_auditseal", f"{name}:{number}", SEAL_BROKEN, "보관한 해시와 다릅니다")


def misplaced_states(models_moved: Iterable[type[Stateful]]) -> Iterator[Fault]:
    """Yield a fault for every object whose state differs from the target of its last move."""
    for model in models_moved:
        last = model.MOVE_LOG.objects.filter(thing=models.OuterRef("pk")).order_by("-pk")  # type: ignore[attr-defined]
        led = model._default_manager.annotate(led_to=models.Subquery(last.values("target")[:1]))
        strays = led.filter(led_to__isnull=False).exclude(led_to=models.F("state"))
        for pk, state, target in strays.values_list("pk", "state", "led_to"):
            detail = f"상태 {state}, 마지막 이력은 {target}"
            yield Fault(model._meta.db_table, str(pk), MISFIT, detail)


def verify_table(
    table: Audited, report: Report, total: int = 0, progress: Progress = no_progress
) -> None:
    chain = AuditChain.objects.filter(name=table.name).first() or AuditChain(name=table.name)
    sealed = array("q")
    number, previous = 0, ""
    for made in _seals(table.name):
        number += 1
        if made.number != number or made.previous != previous or seal_sha256(made) != made.sha256:
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
    _check_unsealed(table, chain, array("q", sorted(sealed)), report)


def _seals(name: str) -> Iterator[AuditSeal]:
    last = 0
    rows = AuditSeal.objects.filter(chain=name).order_by("number")
    while part := list(rows.filter(number__gt=last)[:20]):
        last = part[-1].number
        yield from part


def _compare(table: Audited, made: AuditSeal) -> Iterator[Fault]:
    digests = bytes(made.digests)
    try:
        rows = table.model._base_manager.filter(pk__in=made.pks).values_list("pk", *made.columns)
        values = {row[0]: row[1:] for row in rows}
    except FieldError:
        yield Fault(table.table, f"{made.pks[0]}–{made.pks[-1]}", ALTERED, "열이 없어졌습니다")
        return
    for place, pk in enumerate(made.pks):
        if pk not in values:
            yield Fault(table.table, str(pk), REMOVED)
        elif (
            digest(table.name, pk, made.columns, values[pk])
            != digests[32 * place : 32 * place + 32]
        ):
            yield Fault(table.table, str(pk), ALTERED)


def _check_unsealed(
    table: Audited, chain: AuditChain, sealed: "array[int]", report: Report
) -> None:
    """Count rows that no seal covers: new ones wait for the sweep, older ones were inserted by hand."""
    since = chain.swept_at - WINDOW if chain.swept_at else None
    settled = _settled(table, since) if since and table.since == "pk" else LOWEST
    for pk, added_at in _rows_with_time(table):
        if _contains(sealed, pk):
            continue
        if since and (pk <= settled or (added_at is not None and added_at < since)):
            report.add(Fault(table.table, str(pk), INSERTED))
        else:
            report.add_unsealed(table.table, pk, added_at)


def _rows_with_time(table: Audited) -> Iterator[tuple[int, datetime | None]]:
    # `time` is None for tables that do not record it.
    time = table.time if table.since == "pk" else table.since
    rows = table.rows().order_by("pk").values_list("pk", *([time] if time else []))
    last = LOWEST
    while part := list(rows.filter(pk__gt=last)[: 10 * CHUNK]):
        last = part[-1][0]
        yield from ((row[0], row[1] if time else None) for row in part)


def _contains(keys: "array[int]", key: int) -> bool:
    place = bisect_left(keys, key)
    return place < len(keys) and keys[place] == key
