"""Bring a file of suppliers or services into the catalogue: all of it or nothing, told by line."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import IO, Any, NamedTuple

from django.conf import settings
from django.core.files.base import File
from django.db import connection, transaction

from portal.access.roles import roles_of
from portal.core.errors import BadInput, MoveNotAllowed
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import User
from portal.paper import tables
from portal.records import bulk
from portal.records.workflow import move_many
from portal.uploads import files
from vouchers.models import (
    CatalogueImport,
    ImportRow,
    Service,
    Supplier,
    SupplierContact,
    SupplierPartner,
)
from vouchers.roles import AGENCY, PANEL_OPERATOR
from vouchers.rules import catalogue
from vouchers.services import conflicts
from vouchers.services.catalogue import rows
from vouchers.states import ImportKind, ImportOutcome, ServiceMoves, ServiceState

JOB = "vouchers.import"
LIMIT = 500_000
SEARCH_INDEX = "vouchers_service_words"
CHUNK = 2_000
READING, WRITING = "줄마다 검토하는 중", "한꺼번에 반영하는 중"
SUPPLIER_FIELDS = ("name", "representative", "address", "phone", "email", "homepage")
SERVICE_FIELDS = (
    "category",
    "name",
    "price_won",
    "price_basis",
    "target",
    "summary",
    "contents",
    "search",
    "grams",
)
NEW_SUPPLIER = ["created_at", "updated_at", "business_number", *SUPPLIER_FIELDS]
NEW_SERVICE = ["created_at", "updated_at", "state", "code", "supplier_id", *SERVICE_FIELDS]
RESULT = ["file_id", "line", "key", "outcome", "message"]

Row = dict[str, Any]


class Told(NamedTuple):
    """What became of one line."""

    line: int
    key: str
    outcome: str
    message: str = ""


@transaction.atomic
def start(kind: str, *, upload: "File[bytes]", by: User, now: datetime) -> CatalogueImport:
    """Keep a file and ask for the job that imports it.

    Raises MoveNotAllowed (`role`), BadInput (`file_…`), Unavailable.
    """
    if not roles_of(by) & {PANEL_OPERATOR, AGENCY}:
        raise MoveNotAllowed("일괄 등록을 할 권한이 없습니다.", code="role")
    found = inspect(upload)
    made = CatalogueImport.objects.create(
        kind=ImportKind(kind),
        name=found.name,
        file=files.store(upload),
        sha256=found.sha256,
        requested_by=by,
        requested_at=now,
    )
    made.job = queue.enqueue(JOB, key=f"vouchers:import:{made.pk}", by=by, new=True, file=made.pk)
    made.save(update_fields=["job"])
    return made


def inspect(upload: "File[bytes]") -> files.Inspected:
    """Judge a table: an XLSX by its content, anything called CSV by whether it can be read."""
    name = (upload.name or "").lower()
    if not name.endswith(".csv"):
        return files.inspect(upload, allowed=["xlsx"])
    size, digest = files.measure(upload, most=settings.TABLE_MAX_BYTES)
    return files.Inspected((upload.name or "")[-160:], size, digest, "text/csv", "csv")


def run(
    file: CatalogueImport,
    *,
    now: datetime,
    progress: Progress = no_progress,
    stop: Callable[[], None] = lambda: None,
) -> CatalogueImport:
    """Judge every line, then write them all in one transaction, or none; results are kept by line.

    `stop` raises JobCancelled when somebody has asked for it; then nothing is in. May run again.
    """
    CatalogueImport.objects.filter(pk=file.pk).update(judged_at=None, imported_at=None, fault="")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as kept:
        try:
            refused = _judge(file, kept, progress)
        except BadInput as unreadable:
            return _end(file, [], fault=unreadable.message, now=now)
        if refused:
            return _end(file, refused, now=now)
        progress(0, 1, WRITING)
        with transaction.atomic():
            write = _write_suppliers if file.kind == ImportKind.SUPPLIERS else _write_services
            told: list[Told] = []
            for chunk in _chunks(kept):
                stop()
                told += write(chunk, file.requested_by, now)
            if any(row.outcome == ImportOutcome.REFUSED for row in told):
                transaction.set_rollback(True)
            else:
                _end(file, told, now=now, imported=True)
                _after(file)
    if any(row.outcome == ImportOutcome.REFUSED for row in told):
        _end(file, [row for row in told if row.outcome == ImportOutcome.REFUSED], now=now)
    return file


def _judge(file: CatalogueImport, kept: IO[str], progress: Progress) -> list[Told]:
    """Read every line into `kept`; returns the faulty ones."""
    suppliers = file.kind == ImportKind.SUPPLIERS
    read, columns = (
        (rows.supplier, rows.SUPPLIER_COLUMNS)
        if suppliers
        else (rows.service, rows.SERVICE_COLUMNS)
    )
    key_of = "business_number" if suppliers else "code"
    seen: dict[str, int] = {}
    refused: list[Told] = []
    line = 0
    for count, (line, cells) in enumerate(_lines(file, columns), start=1):
        if count % CHUNK == 0:
            progress(count, 0, READING)
        shown = next(iter(cells.values()), "")[:40]
        try:
            row = vars(read(cells))
        except BadInput as fault:
            refused.append(Told(line, shown, ImportOutcome.REFUSED, fault.message))
            continue
        key = row[key_of]
        if key in seen:
            message = f"{seen[key]}번째 줄과 번호가 같습니다."
            refused.append(Told(line, shown, ImportOutcome.REFUSED, message))
            continue
        seen[key] = line
        kept.write(json.dumps([line, row], ensure_ascii=False) + "\n")
    if not line:
        raise BadInput("표에 줄이 없습니다.", code="table_empty")
    return refused


def _lines(
    file: CatalogueImport, columns: Mapping[str, bool]
) -> Iterator[tuple[int, dict[str, str]]]:
    extension = "csv" if file.name.lower().endswith(".csv") else "xlsx"
    with files.private_storage.open(file.file) as opened:
        for place, (line, cells) in enumerate(tables.read(opened, extension, limit=LIMIT)):
            if not place:
                _check_header(cells, columns)
            if next(iter(cells.values()), "") == "합계":  # the last line of the portal's own CSV
                continue
            yield line, cells


def _check_header(cells: Mapping[str, str], columns: Mapping[str, bool]) -> None:
    lacking = [name for name, needed in columns.items() if needed and name not in cells]
    strange = [name for name in cells if name not in columns]
    if lacking or strange:
        parts = [f"없는 열: {', '.join(lacking)}." if lacking else ""]
        parts.append(f"알 수 없는 열: {', '.join(strange)}." if strange else "")
        raise BadInput(" ".join(part for part in parts if part)[:300], code="table_header")


def _chunks(kept: IO[str]) -> Iterator[list[tuple[int, Row]]]:
    kept.seek(0)
    parsed = ((line, row) for line, row in map(json.loads, kept))
    while chunk := list(islice(parsed, CHUNK)):
        yield chunk


# Suppliers


def _write_suppliers(chunk: Sequence[tuple[int, Row]], by: User, now: datetime) -> list[Told]:
    numbers = [row["business_number"] for _, row in chunk]
    there = {
        row.business_number: row
        for row in Supplier.objects.filter(business_number__in=numbers).prefetch_related(
            "partners", "contacts"
        )
    }
    new = [row for _, row in chunk if row["business_number"] not in there]
    bulk.insert(
        Supplier,
        NEW_SUPPLIER,
        [
            (now, now, row["business_number"], *(row[name] for name in SUPPLIER_FIELDS))
            for row in new
        ],
    )
    ids = dict(
        Supplier.objects.filter(business_number__in=numbers).values_list("business_number", "pk")
    )
    told, changed, renamed, around = [], [], [], [*new]
    for line, row in chunk:
        known = there.get(row["business_number"])
        outcome = ImportOutcome.CREATED
        if known is not None:
            differs = _differing(known, row, SUPPLIER_FIELDS)
            if "name" in differs:
                renamed.append(known.pk)
            if differs:
                known.updated_at = now
                changed.append(known)
            moved = _people(known) != (_pairs(row["partners"]), _pairs(row["contacts"]))
            if moved:
                around.append(row)
            outcome = ImportOutcome.CHANGED if differs or moved else ImportOutcome.UNCHANGED
        told.append(Told(line, row["business_number"], outcome))
    Supplier.objects.bulk_update(changed, [*SUPPLIER_FIELDS, "updated_at"], batch_size=CHUNK // 20)
    _put_people(ids, around)
    _index_again(renamed)
    return told


def _people(supplier: Supplier) -> tuple[set[Any], set[Any]]:
    partners = {(row.name, row.business_number) for row in supplier.partners.all()}
    contacts = {(row.name, row.email, row.phone) for row in supplier.contacts.all()}
    return partners, contacts


def _pairs(parts: Iterable[Sequence[str]]) -> set[Any]:
    return {tuple(part) for part in parts}


def _put_people(ids: Mapping[str, int], around: Sequence[Row]) -> None:
    """Replace the partner firms and people of these suppliers."""
    owners = [ids[row["business_number"]] for row in around]
    SupplierPartner.objects.filter(supplier__in=owners).delete()
    SupplierContact.objects.filter(supplier__in=owners).delete()
    bulk.insert(
        SupplierPartner,
        ["supplier_id", "name", "business_number"],
        [(ids[row["business_number"]], *part) for row in around for part in row["partners"]],
    )
    bulk.insert(
        SupplierContact,
        ["supplier_id", "name", "email", "phone"],
        [(ids[row["business_number"]], *part) for row in around for part in row["contacts"]],
    )


def _index_again(suppliers: Sequence[int]) -> None:
    """A supplier's new name is found with its services."""
    touched = Service.objects.filter(supplier__in=suppliers).select_related("supplier")
    batch = []
    for service in touched.iterator(chunk_size=CHUNK):
        service.search = searchable(service.name, service.supplier.name, service.summary)
        service.grams = catalogue.grams(service.search)
        batch.append(service)
    Service.objects.bulk_update(batch, ["search", "grams"], batch_size=CHUNK // 20)


# Services


def _write_services(chunk: Sequence[tuple[int, Row]], by: User, now: datetime) -> list[Told]:
    owners = {
        number: (pk, name)
        for number, pk, name in Supplier.objects.filter(
            business_number__in={row["supplier"] for _, row in chunk}
        ).values_list("business_number", "pk", "name")
    }
    codes = [row["code"] for _, row in chunk]
    there = {row.code: row for row in Service.objects.filter(code__in=codes)}
    told: list[Told] = []
    new: list[tuple[object, ...]] = []
    changed: list[Service] = []
    selling: list[str] = []
    for line, row in chunk:
        if row["supplier"] not in owners:
            told.append(
                Told(
                    line,
                    row["code"],
                    ImportOutcome.REFUSED,
                    "공급기업이 등록되어 있지 않습니다. 공급기업을 먼저 올려 주세요.",
                )
            )
            continue
        owner, owner_name = owners[row["supplier"]]
        row["search"] = searchable(row["name"], owner_name, row["summary"])
        row["grams"] = catalogue.grams(row["search"])
        known = there.get(row["code"])
        if known is None:
            values = (row[name] for name in SERVICE_FIELDS)
            new.append((now, now, ServiceState.REGISTERED.value, row["code"], owner, *values))
            outcome, message = ImportOutcome.CREATED, ""
        elif known.supplier_id != owner:
            outcome, message = ImportOutcome.REFUSED, "다른 공급기업의 서비스 번호입니다."
        else:
            outcome, message = _change(known, row, changed, now)
        if row["on_sale"] and (known is None or known.state == ServiceState.REGISTERED):
            selling.append(row["code"])
            if outcome == ImportOutcome.UNCHANGED:
                outcome = ImportOutcome.CHANGED
        told.append(Told(line, row["code"], outcome, message))
    bulk.insert(Service, NEW_SERVICE, new)
    Service.objects.bulk_update(changed, [*SERVICE_FIELDS, "updated_at"], batch_size=CHUNK // 20)
    on_sale = Service.objects.filter(code__in=selling, state=ServiceState.REGISTERED)
    move_many(on_sale, ServiceMoves.SELL, by=by, now=now, note="일괄 등록")
    return told


def _change(
    known: Service, row: Row, changed: list[Service], now: datetime
) -> tuple[ImportOutcome, str]:
    differs = _differing(known, row, SERVICE_FIELDS)
    suspended = known.state == ServiceState.SUSPENDED
    message = "판매 중지 상태는 바꾸지 않았습니다." if suspended and row["on_sale"] else ""
    if not differs:
        return ImportOutcome.UNCHANGED, message
    known.updated_at = now
    changed.append(known)
    return ImportOutcome.CHANGED, message


def searchable(name: str, supplier: str, summary: str) -> str:
    """What a service is found by: its name, its supplier's, its line of introduction."""
    return catalogue.searchable(name, supplier, summary)


def _differing(known: Any, row: Row, names: Sequence[str]) -> list[str]:
    """Name the fields that differ, and set them."""
    found = [name for name in names if getattr(known, name) != row[name]]
    for name in found:
        setattr(known, name, row[name])
    return found


# The end


def _end(
    file: CatalogueImport,
    told: Sequence[Told],
    *,
    now: datetime,
    imported: bool = False,
    fault: str = "",
) -> CatalogueImport:
    """Keep what became of each line, and the sums."""
    with transaction.atomic():
        ImportRow.objects.filter(file=file).delete()
        bulk.insert(
            ImportRow, RESULT, [(file.pk, row[0], row[1], str(row[2]), row[3]) for row in told]
        )
        outcomes = [row.outcome for row in told]
        for outcome in ImportOutcome:
            setattr(file, outcome.value, outcomes.count(outcome))
        file.judged_at, file.fault = now, fault[:300]
        file.imported_at = now if imported else None
        file.save(
            update_fields=["judged_at", "imported_at", "fault", *(o.value for o in ImportOutcome)]
        )
    return file


def _after(file: CatalogueImport) -> None:
    """Settle the index of the search; new firms and people may tie somebody on a panel already."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # new words wait in a list that every search reads
            cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [SEARCH_INDEX])
    if file.kind == ImportKind.SUPPLIERS:
        conflicts.ask_recheck(reason=f"import:{file.pk}", by=file.requested_by)
