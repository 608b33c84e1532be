"""Import the catalogue beside a bare COPY; search it beside reading its newest rows."""

import io
import time

from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import connection

from bench.environment import Environment, Log
from bench.report import Row, milliseconds, percentile, times
from demo.vouchers import suppliers as suppliers_demo
from portal.core.clock import now
from portal.models import User
from portal.paper import tables
from vouchers.models import Service
from vouchers.queries import catalogue
from vouchers.roles import PANEL_OPERATOR
from vouchers.services.catalogue import importing, rows
from vouchers.states import Category, ImportKind

PART = "catalogue"
SUPPLIERS, SERVICES = 642, 1_757
QUICK, LARGE = 5, 100
PAGE = 21
TURNS = 5
SEARCHES = (
    catalogue.Search(text="화상회의"),
    catalogue.Search(text="가온 협업"),
    catalogue.Search(text="원격접속 보안 맞춤형"),
    catalogue.Search(text="컨설팅", category=Category.CONSULTING),
    catalogue.Search(text="심리 상담", highest_won=100_000),
    catalogue.Search(text="없는말이다"),
    catalogue.Search(category=Category.CARE),
)
GOAL_SECONDS = {1: 10, QUICK: 30, LARGE: 180}
GOAL_SEARCH = 0.25


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    rows = []
    for factor in (1, QUICK if quick else LARGE):
        log(f"importing {SUPPLIERS * factor:,} suppliers and {SERVICES * factor:,} services")
        database = environment.create(f"{PART}{factor}", template=template)
        seconds = environment.run_part(database, PART, factor=factor)
        environment.drop(database)
        rows += _rows(seconds, factor)
    return rows


def _rows(seconds: dict[str, float], factor: int) -> list[Row]:
    size = f"{SERVICES * factor:,}"
    goal = GOAL_SECONDS[factor]
    return [
        Row(
            PART, f"import {SUPPLIERS * factor:,} suppliers and {size} services",
            f"{seconds['import']:.1f} s, {seconds['cpu']:.1f} s of its CPU",
            f"{seconds['copy']:.2f} s (COPY)",
            times(seconds["import"] / seconds["copy"]), f"≤ {goal} s", seconds["import"] <= goal,
        ),
        Row(PART, "… the same files again, nothing changes", f"{seconds['again']:.1f} s"),
        Row(
            PART, f"search {size} services, p95", milliseconds(seconds["search"]),
            f"{milliseconds(seconds['newest'])} (newest rows)",
            times(seconds["search"] / seconds["newest"]), f"≤ {milliseconds(GOAL_SEARCH)}",
            seconds["search"] <= GOAL_SEARCH,
        ),
    ]  # fmt: skip


def run(factor: int) -> dict[str, float]:
    operator = User.objects.create(email="bench-panel@bulk.example", name="측정", is_staff=True)
    operator.groups.add(Group.objects.get(name=PANEL_OPERATOR))
    suppliers, services = SUPPLIERS * factor, SERVICES * factor
    files = {
        ImportKind.SUPPLIERS: "".join(
            tables.csv_lines(
                list(rows.SUPPLIER_COLUMNS), suppliers_demo.suppliers(suppliers), counted=False
            )
        ),
        ImportKind.SERVICES: "".join(
            tables.csv_lines(
                list(rows.SERVICE_COLUMNS),
                suppliers_demo.services(services, suppliers=suppliers),
                counted=False,
            )
        ),
    }
    seconds = {"copy": _copy(files[ImportKind.SUPPLIERS]) + _copy(files[ImportKind.SERVICES])}
    cpu = time.process_time()
    seconds["import"] = _import(files, operator)
    seconds["cpu"] = time.process_time() - cpu
    seconds["again"] = _import(files, operator)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE vouchers_service")
    searches = [_timed(search) for _ in range(TURNS) for search in SEARCHES]
    seconds["search"] = percentile(searches, 0.95)
    seconds["newest"] = percentile([_timed(catalogue.Search()) for _ in range(TURNS)], 0.5)
    return seconds


def _import(files: dict[ImportKind, str], operator: User) -> float:
    started = time.monotonic()
    for kind, text in files.items():
        at = now()
        upload = ContentFile(text.encode(), name=f"{kind.value}.csv")
        file = importing.start(kind, upload=upload, by=operator, now=at)
        importing.preview(file, now=at)
        if file.created + file.changed:
            importing.confirm(file, basis=file.basis, emptying=False, by=operator, now=at)
            importing.apply(file, now=at)
        if file.refused or file.fault:
            raise RuntimeError(f"{kind}: {file.refused} lines were refused: {file.fault}")
    return time.monotonic() - started


def _copy(text: str) -> float:
    width = text.partition("\n")[0].count(",") + 1
    columns = ", ".join(f"c{place} text" for place in range(width))
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE bare ({columns})")
        cursor.copy_expert("COPY bare FROM STDIN CSV HEADER", io.StringIO(text))
        cursor.execute("DROP TABLE bare")
    return time.monotonic() - started


def _timed(search: catalogue.Search) -> float:
    started = time.monotonic()
    matches = catalogue.matching(Service.objects.all(), search)
    list(catalogue.with_supplier(catalogue.ordered(matches, catalogue.NEWEST))[:PAGE])
    return time.monotonic() - started
