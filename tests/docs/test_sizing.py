"""The table of hosts in docs/operations.md follows from the costs that docs/bench.md printed."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
BENCH = (ROOT / "docs/bench.md").read_text("utf-8")
BUSY, PROCESSORS, WORKERS, IN_FLIGHT = 0.7, 2, 3, 4


def costs() -> tuple[float, float]:
    """Return what a firm's whole way costs of the web processes and of PostgreSQL, in ms."""
    found = re.search(r"whole way of a firm, web \+ PostgreSQL +\| ([\d.]+) \+ ([\d.]+) ms", BENCH)
    assert found
    return float(found[1]), float(found[2])


def row(hosts: int) -> str:
    """Return the line of the table, as it is to be pasted when the costs have changed."""
    web, database = costs()
    alone = hosts == 1
    a_second = BUSY * PROCESSORS * hosts * 1000 / (web + database if alone else web)
    needs = "on the same 2" if alone else f"{a_second * database / 1000 / BUSY:.1f}"
    name = "1, with PostgreSQL on it" if alone else str(hosts)
    sessions = hosts * WORKERS * IN_FLIGHT
    return f"| {name} | {a_second:.1f} | {a_second * 3600:,.0f} | {needs} | {sessions} |"


@pytest.mark.parametrize("hosts", [1, 4, 20])
def test_the_table_is_reckoned_from_the_printed_costs(hosts: int) -> None:
    assert row(hosts) in OPERATIONS, f"costs have changed, the row is now: {row(hosts)}"


def test_the_formulas_name_the_printed_costs() -> None:
    web, database = costs()
    assert f"costs {web} ms of the web processes and {database} ms of PostgreSQL" in OPERATIONS
    assert f"× 1,000 ÷ {web}\n" in OPERATIONS
    assert f"× {database} ÷ 1,000 ÷ 0.7" in OPERATIONS
    compose = (ROOT / "docker-compose.yml").read_text()
    assert f'"--workers={WORKERS}"' in compose
