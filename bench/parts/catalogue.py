"""Row: importing the catalogue against a bare COPY, searching it against reading its newest rows."""

import io
import time
from collections.abc import Callable

from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import connection

from bench.environment import Stage
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
    catalogue.Asked(text="화상회의"),
    catalogue.Asked(text="가온 협업"),
    catalogue.Asked(text="원격접속 보안 맞춤형"),
    catalogue.Asked(text="컨설팅", category=Category.CONSULTING),
    catalogue.Asked(text="심리 상담", highest_won=100_000),
    catalogue.Asked(text="없는말이다"),
    catalogue.Asked(category=Category.CARE),
)
GOAL_SECONDS = {1: 10, QUICK: 30, LARGE: 180}
GOAL_SEARCH = 0.25


def measure(stage: Stage, template: str, *, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """Fill a database of its own at each size, then search it."""
    told = []
    for factor in (1, QUICK if quick else LARGE):
        say(f"importing {SUPPLIERS * factor:,} suppliers and {SERVICES * factor:,} services")
        database = stage.create(f"{PART}{factor}", template=template)
        found = stage.inside(database, PART, factor=factor)
        stage.drop(database)
        told += _rows(found, factor)
    return told


def _rows(found: dict[str, float], factor: int) -> list[Row]:
    size = f"{SERVICES * factor:,}"
    goal = GOAL_SECONDS[factor]
    return [
        Row(
            PART, f"import {SUPPLIERS * factor:,} suppliers and {size} services",
            f"{found['import']:.1f} s, {found['cpu']:.1f} s of its CPU",
            f"{found['copy']:.2f} s (COPY)",
            times(found["import"] / found["copy"]), f"≤ {goal} s", found["import"] <= goal,
        ),
        Row(PART, "… the same files again, nothing changes", f"{found['again']:.1f} s"),
        Row(
            PART, f"search {size} services, p95", milliseconds(found["search"]),
            f"{milliseconds(found['newest'])} (newest rows)",
            times(found["search"] / found["newest"]), f"≤ {milliseconds(GOAL_SEARCH)}",
            found["search"] <= GOAL_SEARCH,
        ),
    ]  # fmt: skip


def inside(factor: int) -> dict[str, float]:
    """Import twice, copy bare, search."""
    operator = User.objects.create(email="bench-panel@bulk.example", name="측정", is_staff=True)
    operator.groups.add(Group.objects.get(name=PANEL_OPERATOR))
    suppliers, services = SUPPLIERS * factor, SERVICES * factor
    files = {
        ImportKind.SUPPLIERS: "".join(
            tables.csv_lines(list(rows.SUPPLIER_COLUMNS), suppliers_demo.suppliers(suppliers))
        ),
        ImportKind.SERVICES: "".join(
            tables.csv_lines(
                list(rows.SERVICE_COLUMNS), suppliers_demo.services(services, suppliers=suppliers)
            )
        ),
    }
    found = {"copy": _copy(files[ImportKind.SUPPLIERS]) + _copy(files[ImportKind.SERVICES])}
    spent_before = time.process_time()
    found["import"] = _bring(files, operator)
    found["cpu"] = time.process_time() - spent_before
    found["again"] = _bring(files, operator)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE vouchers_service")
    spent = [_timed(asked) for _ in range(TURNS) for asked in SEARCHES]
    found["search"] = percentile(spent, 0.95)
    found["newest"] = percentile([_timed(catalogue.Asked()) for _ in range(TURNS)], 0.5)
    return found


def _bring(files: dict[ImportKind, str], operator: User) -> float:
    began = time.monotonic()
    for kind, text in files.items():
        at = now()
        upload = ContentFile(text.encode(), name=f"{kind.value}.csv")
        file = importing.run(importing.start(kind, upload=upload, by=operator, now=at), now=at)
        if file.imported_at is None:
            raise RuntimeError(f"{kind}: {file.refused} lines were refused: {file.fault}")
    return time.monotonic() - began


def _copy(text: str) -> float:
    """Put the same lines into a bare table, as the database itself would."""
    width = text.partition("\n")[0].count(",") + 1
    columns = ", ".join(f"c{place} text" for place in range(width))
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE bare ({columns})")
        body = text[: text.rindex("합계")]  # the line that counts the others
        cursor.copy_expert("COPY bare FROM STDIN CSV HEADER", io.StringIO(body))
        cursor.execute("DROP TABLE bare")
    return time.monotonic() - began


def _timed(asked: catalogue.Asked) -> float:
    began = time.monotonic()
    rows_found = catalogue.found(Service.objects.all(), asked)
    list(catalogue.with_supplier(catalogue.ordered(rows_found, catalogue.NEWEST))[:PAGE])
    return time.monotonic() - began
