"""Bulk import of suppliers and services: compared first, applied when a person confirms.

A file is applied with all of its lines or none. A column that the file does not have stays as it is.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import IO, Any, NamedTuple

from django.conf import settings
from django.core.files.base import File
from django.db import connection, transaction

from portal.access.roles import roles_of
from portal.core.errors import BadInput, MoveNotAllowed, StaleVersion
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import JobState, User
from portal.records import bulk
from portal.records.workflow import move_many
from portal.uploads import files
from portal.uploads.tables import reading
from vouchers.models import (
    CatalogueImport,
    ImportRow,
    Service,
    Supplier,
    SupplierContact,
    SupplierPartner,
)
from vouchers.roles import EDITORS
from vouchers.rules import catalogue
from vouchers.services import conflicts
from vouchers.services.catalogue import rows
from vouchers.states import Category, ImportKind, ImportOutcome, ServiceMoves, ServiceState

JOB = "vouchers.import"
APPLY_JOB = "vouchers.import_apply"
LIMIT = 500_000
CHUNK = 2_000
READING, COMPARING, WRITING = (
    "줄마다 검토하는 중",
    "지금 목록과 견주는 중",
    "한꺼번에 반영하는 중",
)
SUPPLIER_COLUMNS = [name for name in rows.SUPPLIER_FIELDS if name not in ("partners", "contacts")]
SERVICE_COLUMNS = [*rows.SERVICE_FIELDS, "search", "grams"]
NEW_SUPPLIER = ["created_at", "updated_at", "business_number", *SUPPLIER_COLUMNS]
NEW_SERVICE = ["created_at", "updated_at", "state", "code", "supplier_id", *SERVICE_COLUMNS]
RESULT = ["file_id", "line", "key", "outcome", "message", "changes", "emptied"]

Row = dict[str, Any]
Change = tuple[str, str, str]  # column, old, new


class LineResult(NamedTuple):
    """Outcome of one line."""

    line: int
    key: str
    outcome: str
    message: str = ""
    changes: tuple[Change, ...] = ()

    @property
    def emptied(self) -> bool:
        return any(old and not new for _, old, new in self.changes)


@dataclass
class _Compared:
    """A line beside what the catalogue has: the row to write and its result."""

    row: Row
    known: Any
    result: LineResult
    sells: bool = False


@dataclass
class _Seen:
    """What was read of a file: the results of faulty lines, its columns and its sheet."""

    refused: list[LineResult] = field(default_factory=list)
    header: tuple[str, ...] = ()
    sheet: str = ""


@transaction.atomic
def start(kind: str, *, upload: "File[bytes]", by: User, now: datetime) -> CatalogueImport:
    """Store a file and enqueue the job that compares it with the catalogue.

    Raises MoveNotAllowed (`role`), BadInput (`file_…`), Unavailable.
    """
    _check_role(by)
    inspected = inspect(upload)
    made = CatalogueImport.objects.create(
        kind=ImportKind(kind),
        name=inspected.name,
        file=files.store(upload, by=by),
        sha256=inspected.sha256,
        requested_by=by,
        requested_at=now,
    )
    made.job = queue.enqueue(JOB, key=f"vouchers:import:{made.pk}", by=by, new=True, file=made.pk)
    made.save(update_fields=["job"])
    return made


def inspect(upload: "File[bytes]") -> files.Inspected:
    """Check an uploaded table: an XLSX by its content, a CSV by name and size. Raises BadInput."""
    name = (upload.name or "").lower()
    if not name.endswith(".csv"):
        return files.inspect(upload, allowed=["xlsx"])
    size, digest = files.measure(upload, most=settings.TABLE_MAX_BYTES)
    return files.Inspected((upload.name or "")[-160:], size, digest, "text/csv", "csv")


def preview(
    file: CatalogueImport,
    *,
    now: datetime,
    progress: Progress = no_progress,
    stop: Callable[[], None] = lambda: None,
) -> CatalogueImport:
    """Compare a file with the catalogue; store a result per line and change nothing else.

    `stop` raises JobCancelled when the job was cancelled. Running again is safe.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as valid:
        try:
            seen = _validate(file, valid, progress)
        except BadInput as unreadable:
            return _finish(file, [], _Seen(), fault=unreadable.message, now=now)
        if seen.refused:
            return _finish(file, seen.refused, seen, now=now)
        progress(0, 1, COMPARING)
        results: list[LineResult] = []
        for chunk in _chunks(valid):
            stop()
            results += [one.result for one in _compare(file, chunk, seen.header)]
    if faulty := [row for row in results if row.outcome == ImportOutcome.REFUSED]:
        return _finish(file, faulty, seen, now=now)
    return _finish(file, results, seen, now=now, basis=_basis(results))


def confirm(
    file: CatalogueImport, *, basis: str, emptying: bool, by: User, now: datetime
) -> CatalogueImport:
    """Have the previewed changes applied; `basis` is the preview that the person saw.

    `emptying` says that the person agreed to the values that become empty. A repeated request
    changes nothing. Raises MoveNotAllowed (`role`, `import_not_ready`, `import_nothing`),
    StaleVersion, BadInput (`import_empties`).
    """
    _check_role(by)
    file.refresh_from_db()
    if file.basis and basis == file.basis and (_is_going_on(file) or file.imported_at):
        return file
    if not file.basis or file.refused or file.fault or file.imported_at:
        raise MoveNotAllowed("지금은 반영할 수 없는 파일입니다.", code="import_not_ready")
    if basis != file.basis:
        raise StaleVersion(
            "보신 뒤에 미리 보기가 바뀌었습니다. 바뀐 내용을 확인하고 다시 반영하세요."
        )
    if not file.created + file.changed:
        raise MoveNotAllowed("바뀌는 것이 없는 파일입니다.", code="import_nothing")
    if file.emptied and not emptying:
        raise BadInput(
            f"{file.emptied:,}줄에서 지금 있는 값이 비워집니다. 확인란에 표시해 주세요.",
            code="import_empties",
        )
    with transaction.atomic():
        taken = CatalogueImport.objects.filter(
            pk=file.pk, basis=basis, confirmed_at=file.confirmed_at
        )
        if taken.update(confirmed_at=now, confirmed_by=by, stale_at=None):
            key = f"vouchers:import:{file.pk}:after:{file.job_id}"
            job = queue.enqueue(APPLY_JOB, key=key, by=by, new=True, file=file.pk)
            CatalogueImport.objects.filter(pk=file.pk).update(job=job)
    file.refresh_from_db()
    return file


def apply(
    file: CatalogueImport,
    *,
    now: datetime,
    progress: Progress = no_progress,
    stop: Callable[[], None] = lambda: None,
) -> CatalogueImport:
    """Write a confirmed file in one transaction, unless its preview is no longer true.

    Then nothing is written, the new preview is stored and `stale_at` set. Running again is safe.
    """
    if file.confirmed_by is None or file.imported_at:
        return file
    with tempfile.TemporaryFile("w+", encoding="utf-8") as valid:
        try:
            seen = _validate(file, valid, progress)
        except BadInput as unreadable:
            return _finish(file, [], _Seen(), fault=unreadable.message, now=now)
        progress(0, 1, WRITING)
        results: list[LineResult] = []
        with transaction.atomic():
            write = _write_suppliers if file.kind == ImportKind.SUPPLIERS else _write_services
            for chunk in _chunks(valid):
                stop()
                compared = _compare(file, chunk, seen.header, lock=True)
                results += [one.result for one in compared]
                write(compared, file.confirmed_by, now)
            same = not seen.refused and _basis(results) == file.basis
            if same:
                _finish(file, results, seen, now=now, basis=file.basis, imported=True)
                _refresh_index(file)
            else:
                transaction.set_rollback(True)
    if same:
        return file
    CatalogueImport.objects.filter(pk=file.pk).update(confirmed_at=None, confirmed_by=None)
    preview(file, now=now, progress=progress, stop=stop)
    CatalogueImport.objects.filter(pk=file.pk).update(stale_at=now)
    file.refresh_from_db()
    return file


def _is_going_on(file: CatalogueImport) -> bool:
    ended = (JobState.CANCELLED, JobState.PARKED)
    return bool(file.confirmed_at and file.job and file.job.state not in ended)


def _check_role(by: User) -> None:
    if not roles_of(by) & EDITORS:
        raise MoveNotAllowed("일괄 등록을 할 권한이 없습니다.", code="role")


# Reading


def _validate(file: CatalogueImport, valid: IO[str], progress: Progress) -> _Seen:
    """Write every valid line to `valid`; return the results of the faulty ones. Raises BadInput."""
    suppliers = file.kind == ImportKind.SUPPLIERS
    parse, columns = (
        (rows.supplier, rows.SUPPLIER_COLUMNS)
        if suppliers
        else (rows.service, rows.SERVICE_COLUMNS)
    )
    key_of = "business_number" if suppliers else "code"
    key_column = next(iter(columns))
    numbers: dict[str, int] = {}
    extension = "csv" if file.name.lower().endswith(".csv") else "xlsx"
    with files.open_kept(file.file) as opened:
        table = reading.read(opened, extension, columns=columns, limit=LIMIT)
        seen = _Seen([], table.header, table.sheet)
        number = 0
        for count, line in enumerate(table.lines, start=1):
            number = line.number
            if count % CHUNK == 0:
                progress(count, 0, READING)
            try:
                row = _row_of(line, parse)
                _check_once(row[key_of], number, numbers)
            except BadInput as fault:
                shown = line.texts.get(key_column, "")[:40]
                refused = LineResult(number, shown, ImportOutcome.REFUSED, fault.message[:500])
                seen.refused.append(refused)
                continue
            valid.write(json.dumps([number, row], ensure_ascii=False) + "\n")
    if not number:
        raise BadInput("표에 줄이 없습니다.", code="table_empty")
    return seen


def _row_of(line: reading.Line, parse: Callable[..., Any]) -> Row:
    if line.faults:
        raise BadInput(" ".join(line.faults), code="import_row")
    return dict(vars(parse(line.texts, line.at)))


def _check_once(key: str, line: int, numbers: dict[str, int]) -> None:
    earlier = numbers.setdefault(key, line)
    if earlier != line:
        raise BadInput(f"{earlier}번째 줄과 번호가 같습니다.", code="import_twice")


def _chunks(valid: IO[str]) -> Iterator[list[tuple[int, Row]]]:
    valid.seek(0)
    parsed = ((line, row) for line, row in map(json.loads, valid))
    while chunk := list(islice(parsed, CHUNK)):
        yield chunk


# Comparing


def _compare(
    file: CatalogueImport,
    chunk: Sequence[tuple[int, Row]],
    header: Sequence[str],
    *,
    lock: bool = False,
) -> list[_Compared]:
    """Return the lines beside what the catalogue has; `lock` keeps its rows as they are."""
    compare = _compare_suppliers if file.kind == ImportKind.SUPPLIERS else _compare_services
    return compare(chunk, header, lock)


def _compare_suppliers(
    chunk: Sequence[tuple[int, Row]], header: Sequence[str], lock: bool
) -> list[_Compared]:
    numbers = [row["business_number"] for _, row in chunk]
    found = Supplier.objects.filter(business_number__in=numbers).order_by("pk")
    if lock:
        found = found.select_for_update()
    known = {row.business_number: row for row in found.prefetch_related("partners", "contacts")}
    given = {name: title for name, title in rows.SUPPLIER_FIELDS.items() if title in header}
    return [
        _compared(line, row, row["business_number"], known.get(row["business_number"]), given)
        for line, row in chunk
    ]


def _compare_services(
    chunk: Sequence[tuple[int, Row]], header: Sequence[str], lock: bool
) -> list[_Compared]:
    owners = {
        number: (pk, name)
        for number, pk, name in Supplier.objects.filter(
            business_number__in={row["supplier"] for _, row in chunk}
        ).values_list("business_number", "pk", "name")
    }
    codes = [row["code"] for _, row in chunk]
    found = Service.objects.filter(code__in=codes).order_by("pk")
    if lock:
        found = found.select_for_update()
    known_services = {row.code: row for row in found}
    given = {name: title for name, title in rows.SERVICE_FIELDS.items() if title in header}
    compared = []
    for line, row in chunk:
        known = known_services.get(row["code"])
        owner, row["supplier_name"] = owners.get(row["supplier"], (None, ""))
        row["supplier_id"] = owner
        one = _compared(line, row, row["code"], known, given)
        if fault := _misowned(owner, known):
            one.result = LineResult(line, row["code"], ImportOutcome.REFUSED, fault)
        elif row["on_sale"]:
            _add_sale(one)
        compared.append(one)
    return compared


def _misowned(owner: int | None, known: Service | None) -> str:
    if owner is None:
        return "공급기업이 등록되어 있지 않습니다. 공급기업을 먼저 올려 주세요."
    if known is not None and known.supplier_id != owner:
        return "다른 공급기업의 서비스 번호입니다."
    return ""


def _add_sale(one: _Compared) -> None:
    result, known = one.result, one.known
    if known is not None and known.state == ServiceState.SUSPENDED:
        one.result = result._replace(message="판매 중지 상태는 바꾸지 않았습니다.")
    elif known is None:
        one.sells = True
    elif known.state == ServiceState.REGISTERED:
        one.sells = True
        sale = ("상태", ServiceState.REGISTERED.label, ServiceState.ON_SALE.label)
        one.result = result._replace(outcome=ImportOutcome.CHANGED, changes=(*result.changes, sale))


def _compared(line: int, row: Row, key: str, known: Any, given: Mapping[str, str]) -> _Compared:
    if known is None:
        return _Compared(row, None, LineResult(line, key, ImportOutcome.CREATED))
    changes = []
    for name, title in given.items():
        old, new = _shown(name, _stored(known, name)), _shown(name, row[name])
        if old != new:
            changes.append((title, old, new))
    outcome = ImportOutcome.CHANGED if changes else ImportOutcome.UNCHANGED
    return _Compared(row, known, LineResult(line, key, outcome, "", tuple(changes)))


def _stored(known: Any, name: str) -> Any:
    if name == "partners":
        return sorted((row.name, row.business_number) for row in known.partners.all())
    if name == "contacts":
        return sorted((row.name, row.email, row.phone) for row in known.contacts.all())
    return getattr(known, name)


def _shown(name: str, value: Any) -> str:
    if name in ("partners", "contacts"):
        return "; ".join("/".join(part).rstrip("/") for part in sorted(map(tuple, value)))
    if name == "category":
        return str(Category(value).label)
    return f"{value:,}" if name == "price_won" else str(value)


def _basis(results: Iterable[LineResult]) -> str:
    digest = hashlib.sha256()
    for row in results:
        digest.update(json.dumps([*row], ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


# Writing


def _write_suppliers(compared: Sequence[_Compared], by: User, now: datetime) -> None:
    new = [one.row for one in compared if one.known is None]
    bulk.insert(
        Supplier,
        NEW_SUPPLIER,
        [
            (now, now, row["business_number"], *(row[name] for name in SUPPLIER_COLUMNS))
            for row in new
        ],
    )
    changed, renamed, people = [], [], [*new]
    for one in compared:
        titles = {title for title, _, _ in one.result.changes}
        if one.known is None or not titles:
            continue
        names = {name for name, title in rows.SUPPLIER_FIELDS.items() if title in titles}
        if names & {"partners", "contacts"}:
            people.append(_merged_people(one, names))
        _set(one, names & set(SUPPLIER_COLUMNS), now)
        changed.append(one.known)
        if "name" in names:
            renamed.append(one.known.pk)
    Supplier.objects.bulk_update(changed, [*SUPPLIER_COLUMNS, "updated_at"], batch_size=CHUNK // 20)
    _replace_people(people)
    _reindex(renamed)


def _set(one: _Compared, names: Iterable[str], now: datetime) -> None:
    for name in names:
        setattr(one.known, name, one.row[name])
    one.known.updated_at = now


def _merged_people(one: _Compared, names: set[str]) -> Row:
    kept = {
        name: one.row[name] if name in names else _stored(one.known, name)
        for name in ("partners", "contacts")
    }
    return {"business_number": one.row["business_number"], **kept}


def _replace_people(suppliers: Sequence[Row]) -> None:
    numbers = [row["business_number"] for row in suppliers]
    ids = dict(
        Supplier.objects.filter(business_number__in=numbers).values_list("business_number", "pk")
    )
    SupplierPartner.objects.filter(supplier__in=ids.values()).delete()
    SupplierContact.objects.filter(supplier__in=ids.values()).delete()
    bulk.insert(
        SupplierPartner,
        ["supplier_id", "name", "business_number"],
        [(ids[row["business_number"]], *part) for row in suppliers for part in row["partners"]],
    )
    bulk.insert(
        SupplierContact,
        ["supplier_id", "name", "email", "phone"],
        [(ids[row["business_number"]], *part) for row in suppliers for part in row["contacts"]],
    )


def _reindex(suppliers: Sequence[int]) -> None:
    touched = Service.objects.filter(supplier__in=suppliers).select_related("supplier")
    batch = []
    for service in touched.iterator(chunk_size=CHUNK):
        service.search = searchable(service.name, service.supplier.name, service.summary)
        service.grams = catalogue.grams(service.search)
        batch.append(service)
    Service.objects.bulk_update(batch, ["search", "grams"], batch_size=CHUNK // 20)


def _write_services(compared: Sequence[_Compared], by: User, now: datetime) -> None:
    new: list[tuple[object, ...]] = []
    changed: list[Service] = []
    for one in compared:
        row, known = one.row, one.known
        if one.result.outcome == ImportOutcome.REFUSED:
            continue
        if known is None:
            row["search"] = searchable(row["name"], row["supplier_name"], row["summary"])
            row["grams"] = catalogue.grams(row["search"])
            values = (row[name] for name in SERVICE_COLUMNS)
            state = ServiceState.REGISTERED.value
            new.append((now, now, state, row["code"], row["supplier_id"], *values))
        elif one.result.changes:
            titles = {title for title, _, _ in one.result.changes}
            _set(one, (name for name, title in rows.SERVICE_FIELDS.items() if title in titles), now)
            known.search = searchable(known.name, row["supplier_name"], known.summary)
            known.grams = catalogue.grams(known.search)
            changed.append(known)
    bulk.insert(Service, NEW_SERVICE, new)
    Service.objects.bulk_update(changed, [*SERVICE_COLUMNS, "updated_at"], batch_size=CHUNK // 20)
    selling = [one.row["code"] for one in compared if one.sells]
    on_sale = Service.objects.filter(code__in=selling, state=ServiceState.REGISTERED)
    move_many(on_sale, ServiceMoves.SELL, by=by, now=now, note="일괄 등록")


def searchable(name: str, supplier: str, summary: str) -> str:
    """Return the search text of a service: its name, its supplier's name, its summary."""
    return catalogue.searchable(name, supplier, summary)


# Results


def _finish(
    file: CatalogueImport,
    results: Sequence[LineResult],
    seen: _Seen,
    *,
    now: datetime,
    basis: str = "",
    imported: bool = False,
    fault: str = "",
) -> CatalogueImport:
    with transaction.atomic():
        ImportRow.objects.filter(file=file).delete()
        bulk.insert(ImportRow, RESULT, [_stored_result(file, row) for row in results])
        outcomes = [row.outcome for row in results]
        for outcome in ImportOutcome:
            setattr(file, outcome.value, outcomes.count(outcome))
        file.emptied = sum(row.emptied for row in results)
        file.judged_at, file.fault, file.basis = now, fault[:300], basis
        file.sheet, file.imported_at = seen.sheet[:100], now if imported else None
        file.save(
            update_fields=[
                *("judged_at", "imported_at", "fault", "basis", "sheet", "emptied"),
                *(outcome.value for outcome in ImportOutcome),
            ]
        )
    return file


def _stored_result(file: CatalogueImport, row: LineResult) -> tuple[object, ...]:
    changes = json.dumps(row.changes, ensure_ascii=False)
    return (file.pk, row.line, row.key, str(row.outcome), row.message, changes, row.emptied)


def _refresh_index(file: CatalogueImport) -> None:
    """Flush the search index; request a recheck, as new firms and people may create ties."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # otherwise every search scans the pending list
            cursor.execute("SELECT vouchers_service_words_flush()")
    if file.kind == ImportKind.SUPPLIERS:
        conflicts.request_recheck(reason=f"import:{file.pk}", by=file.requested_by)
