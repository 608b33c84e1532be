"""Plans of PostgreSQL, for tests that no page reads a whole table that grows."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

# What has to read all rows below it before it returns the first.
COLLECTS = {"Sort", "Incremental Sort", "Aggregate", "Hash", "Materialize", "HashAggregate"}
CONDITIONS = ("Index Cond", "Recheck Cond", "TID Cond")
JOINS = {"Nested Loop", "Hash Join", "Merge Join"}
INDEXES_ONLY = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;"
    " SET LOCAL enable_mergejoin = off; SET LOCAL enable_memoize = off"
)


def plan_of(sql: str, params: Any = None) -> dict[str, Any]:
    """Return the plan of a query when the planner prefers indexes; needs an open transaction.

    On the few rows of a test it would read every table as a whole, however good the index is.
    """
    with connection.cursor() as cursor:
        cursor.execute(INDEXES_ONLY)
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    rows = json.loads(found) if isinstance(found, str) else found
    return rows[0]["Plan"]


def forget_statistics(tables: Iterable[str]) -> None:
    """Let the planner know of these tables as little as when they were made, until the end of the test.

    Otherwise what it learnt while other tests ran makes it find one index of an empty table as good as
    another.
    """
    with connection.cursor() as cursor:
        where = "SELECT %s::text[]::regclass[]"
        cursor.execute(
            f"UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE oid = ANY(({where})::oid[])",
            [list(tables)],
        )
        cursor.execute(
            f"DELETE FROM pg_statistic WHERE starelid = ANY(({where})::oid[])", [list(tables)]
        )


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def joins(plan: dict[str, Any]) -> int:
    return sum(node["Node Type"] in JOINS for node in nodes(plan))


def whole_reads(plan: dict[str, Any], tables: Iterable[str], *, limited: bool = False) -> list[str]:
    """Return the scans of these tables that read every row: without a condition, below no LIMIT."""
    kind = plan["Node Type"]
    limited = (limited or kind == "Limit") and kind not in COLLECTS
    whole = (
        plan.get("Relation Name") in set(tables)
        and not any(name in plan for name in CONDITIONS)
        and not limited
    )
    found = [f"{kind} {plan.get('Relation Name')}"] if whole else []
    for part in plan.get("Plans", []):
        found += whole_reads(part, tables, limited=limited)
    return found


@contextmanager
def reads() -> Iterator[list[str]]:
    """Collect the SELECT statements of what runs inside."""
    collected: list[str] = []
    with CaptureQueriesContext(connection) as caught:
        yield collected
    collected += [row["sql"] for row in caught if row["sql"].lstrip("(").startswith("SELECT")]
