"""The database itself refuses what the ledger would not do: direct SQL, on whichever vendor."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from programs.models import Budget, LedgerEntry
from programs.queries import ledger as ledger_queries
from programs.rules import ledger as arithmetic
from programs.rules.ledger import Balance
from programs.services import ledger
from tests.factories.programs import NOW, load, pot

pytestmark = pytest.mark.django_db
BY = {"by": None, "now": NOW}
NEW = (
    "INSERT INTO programs_ledgerentry (budget_id, kind, amount_won, reference, subject, note, at)"
    " VALUES (%s, %s, %s, %s, %s, '', %s)"
)


@pytest.fixture(
    autouse=True, params=["default", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def on_both_databases(request: pytest.FixtureRequest) -> str:
    """Run every test here in the SQLite session and again in the one on PostgreSQL."""
    return request.param


def sql(statement: str, *params: object) -> None:
    """Run one statement as somebody at the database's own prompt would."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


def entry(box: Budget, kind: str, amount: int, reference: str, subject: str = "sql") -> None:
    sql(NEW, box.pk, kind, amount, reference, subject, timezone.now())


def refused(statement: str, *params: object) -> None:
    with pytest.raises(IntegrityError):
        sql(statement, *params)


def test_an_entry_by_direct_sql_moves_the_counters() -> None:
    box = pot(100)
    entry(box, "reserve", 30, "sql:1")
    assert ledger_queries.balance(box) == Balance(100, 30, 0, 0) == ledger_queries.recomputed(box)


def test_an_entry_by_direct_sql_cannot_overspend() -> None:
    box = pot(100)
    entry(box, "reserve", 60, "sql:1")
    with pytest.raises(IntegrityError, match="budget_not_overspent"):
        entry(box, "reserve", 41, "sql:2")
    assert LedgerEntry.objects.filter(budget=box).count() == 2


@pytest.mark.parametrize("kind", ["release", "commit", "decommit", "pay", "recover", "reduce"])
def test_no_counter_goes_below_zero(kind: str) -> None:
    box = pot(10)
    with pytest.raises(DatabaseError):
        entry(box, kind, 11, "sql:1")
    assert ledger_queries.balance(box) == Balance(10)


@pytest.mark.parametrize(("kind", "amount"), [("reserve", 0), ("reserve", -5), ("gift", 5)])
def test_odd_entries_are_refused(kind: str, amount: int) -> None:
    with pytest.raises(DatabaseError):
        entry(pot(10), kind, amount, "sql:1")


def test_a_reference_is_unique() -> None:
    box = pot(10)
    entry(box, "reserve", 1, "sql:1")
    with pytest.raises(IntegrityError):
        entry(box, "reserve", 1, "sql:1")


@pytest.mark.parametrize(
    "counter", ["appropriated_won", "reserved_won", "committed_won", "paid_won"]
)
def test_counters_are_not_written_directly(counter: str) -> None:
    box = pot(100)
    refused(f"UPDATE programs_budget SET {counter} = {counter} + 1 WHERE id = %s", box.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Budget.objects.filter(pk=box.pk).update(**{counter: 7})
    assert ledger_queries.balance(box) == Balance(100)


def test_a_pot_may_be_renamed() -> None:
    box = pot(100)
    sql("UPDATE programs_budget SET name = 'x' WHERE id = %s", box.pk)
    box.refresh_from_db()
    assert (box.name, box.appropriated_won) == ("x", 100)


def test_a_new_pot_starts_empty() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Budget.objects.create(code="rich", name="rich", appropriated_won=1)


def test_a_pot_with_entries_is_not_deleted_and_made_anew() -> None:
    box = pot(100)
    refused("DELETE FROM programs_budget WHERE id = %s", box.pk)
    refused("UPDATE programs_budget SET id = id + 1000 WHERE id = %s", box.pk)


@pytest.mark.parametrize("change", ["amount_won = 1", "kind = 'release'", "note = 'x'"])
def test_entries_are_not_changed(change: str) -> None:
    pot(100)
    refused(f"UPDATE programs_ledgerentry SET {change}")


def test_entries_are_not_deleted() -> None:
    box = pot(100)
    refused("DELETE FROM programs_ledgerentry")
    with pytest.raises(IntegrityError), transaction.atomic():
        box.entries.all().delete()


def test_why_a_round_changed_is_kept_for_good() -> None:
    load()
    refused("UPDATE programs_roundchange SET reason = 'x'")
    refused("DELETE FROM programs_roundchange")


def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "programs", check=True, dry_run=True, verbosity=0)


KINDS = sorted(set(arithmetic.DELTAS))
HISTORY = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(1, 60), st.sampled_from(["a", "b"])), max_size=40
)
QUICK = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def through_the_service(box: Budget, kind: str, amount: int, reference: str, who: str) -> None:
    act: Callable[..., object] = getattr(ledger, kind)
    subject = "" if kind in ("appropriate", "reduce") else who
    act(box, ledger.Booking(amount, reference, subject), **BY)


@given(HISTORY)
@QUICK
def test_in_any_history_the_counters_are_the_fold_of_the_entries(
    history: list[tuple[str, int, str]],
) -> None:
    box = pot(100)
    prefix = f"h{box.pk}"
    written = [("appropriate", 100)]
    for place, (kind, amount, who) in enumerate(history):
        try:
            through_the_service(box, kind, amount, f"{prefix}:{place}", who)
        except ledger.BudgetExceeded:
            continue
        written.append((kind, amount))
    stored = ledger_queries.balance(box)
    assert stored == arithmetic.fold(written) == ledger_queries.recomputed(box)
    assert arithmetic.check(stored)


@given(HISTORY)
@QUICK
def test_the_database_allows_exactly_what_the_arithmetic_allows(
    history: list[tuple[str, int, str]],
) -> None:
    box = pot(100)
    balance = Balance(100)
    for place, (kind, amount, _) in enumerate(history):
        after = arithmetic.after(balance, kind, amount)
        try:
            entry(box, kind, amount, f"d{box.pk}:{place}")
        except IntegrityError:
            assert not arithmetic.check(after)
        else:
            assert arithmetic.check(after)
            balance = after
    assert ledger_queries.balance(box) == balance == ledger_queries.recomputed(box)
