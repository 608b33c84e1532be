"""Many sessions at one pot on PostgreSQL: never overspent, and overspent when the guard is gone."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import F

from portal.core.errors import BudgetExceeded, PortalError
from portal.records import guard_sync
from programs.models import Budget, LedgerEntry
from programs.queries import ledger as ledger_queries
from programs.rules import ledger as arithmetic
from programs.rules.ledger import Balance
from programs.services import ledger
from tests.factories.programs import pot

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
NOW = datetime(2021, 2, 10, tzinfo=UTC)
THREADS = 16
WAIT = 60  # seconds


def race(act: Callable[[int], object], threads: int = THREADS) -> list[str]:
    """Let all threads act at the same moment, each on its own connection; return how each fared."""
    barrier = threading.Barrier(threads)
    fared = [""] * threads

    def run(place: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(WAIT)
            act(place)
            fared[place] = "done"
        except PortalError as refused:
            fared[place] = refused.code
        finally:
            connections.close_all()

    started = [threading.Thread(target=run, args=[place]) for place in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join(WAIT)
    assert not any(thread.is_alive() for thread in started)
    return fared


def reserve(box: Budget, amount: int, prefix: str) -> Callable[[int], object]:
    return lambda place: ledger.reserve(
        box,
        ledger.Booking(
            amount=amount, reference=f"{prefix}:{place}", subject=f"application:{place}"
        ),
        by=None,
        now=NOW,
    )


def test_sixteen_sessions_never_reserve_more_than_there_is() -> None:
    for turn in range(50):
        box = pot(1_000)
        fared = race(reserve(box, 100, f"turn{turn}"))
        assert fared.count("done") == 10
        assert fared.count("budget_exceeded") == 6
        assert (
            ledger_queries.balance(box)
            == Balance(1_000, 1_000, 0, 0)
            == ledger_queries.recomputed(box)
        )


def test_batches_race_all_or_nothing() -> None:
    box = pot(1_000)

    def act(place: int) -> object:
        rows = [ledger.Booking(30, f"b{place}:{n}", f"s{place}:{n}") for n in range(10)]
        return ledger.reserve_many(box, rows, by=None, now=NOW)

    fared = race(act, 8)
    assert fared.count("done") == 3
    assert (
        ledger_queries.balance(box) == Balance(1_000, 900, 0, 0) == ledger_queries.recomputed(box)
    )


def test_the_same_decision_sent_sixteen_times_reserves_once() -> None:
    box = pot(1_000)
    fared = race(
        lambda place: ledger.reserve(
            box,
            ledger.Booking(amount=100, reference="same", subject="application:1"),
            by=None,
            now=NOW,
        )
    )
    assert fared == ["done"] * THREADS
    assert ledger_queries.balance(box).reserved == 100


def test_direct_sql_from_many_sessions_cannot_overspend_either() -> None:
    box = pot(1_000)

    def act(place: int) -> None:
        statement = (
            "INSERT INTO programs_ledgerentry"
            " (budget_id, kind, amount_won, reference, subject, note, at)"
            " VALUES (%s, 'reserve', 100, %s, 'sql', '', now())"
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, [box.pk, f"sql:{place}"])
        except IntegrityError as error:
            raise BudgetExceeded(str(error)) from error

    fared = race(act)
    assert fared.count("done") == 10
    assert (
        ledger_queries.balance(box) == Balance(1_000, 1_000, 0, 0) == ledger_queries.recomputed(box)
    )


def test_money_moved_both_ways_between_pots_is_conserved_without_a_deadlock() -> None:
    first, second = pot(10_000), pot(10_000)

    def act(place: int) -> None:
        for turn in range(10):
            source, target = (first, second) if place % 2 else (second, first)
            one, other = sorted((source, target), key=lambda box: box.pk)
            with transaction.atomic():
                for box in (one, other):
                    write = ledger.reduce if box.pk == source.pk else ledger.appropriate
                    booking = ledger.Booking(amount=10, reference=f"{place}:{turn}:{box.pk}")
                    write(box, booking, by=None, now=NOW)

    assert race(act, 8) == ["done"] * 8
    total = ledger_queries.balance(first).appropriated + ledger_queries.balance(second).appropriated
    assert total == 20_000


def test_a_pot_being_cut_and_a_pot_being_spent_end_where_the_money_ends() -> None:
    box = pot(1_000)

    def act(place: int) -> object:
        if place % 2:
            return ledger.reduce(
                box, ledger.Booking(amount=100, reference=f"cut:{place}"), by=None, now=NOW
            )
        return reserve(box, 100, "spend")(place)

    assert race(act).count("done") == 10
    left = ledger_queries.balance(box)
    assert left.available == 0
    assert left.appropriated == left.reserved
    assert left == ledger_queries.recomputed(box)


GUARDS = [
    ("DROP TRIGGER programs_ledgerentry_moves_pot ON programs_ledgerentry",),
    ("DROP TRIGGER programs_budget_by_entry ON programs_budget",),
    ("ALTER TABLE programs_budget DROP CONSTRAINT budget_not_overspent",),
]


def unguarded(box: Budget, amount: int, prefix: str) -> Callable[[int], object]:
    """Do what a program without a guard does: add up, look, then write."""
    together = threading.Barrier(THREADS)

    def act(place: int) -> None:
        with transaction.atomic():
            sums = LedgerEntry.objects.filter(budget=box).values_list("kind", "amount_won")
            before = arithmetic.fold(sums)
            together.wait(WAIT)
            if before.available < amount:
                raise BudgetExceeded()
            LedgerEntry.objects.bulk_create(
                [
                    LedgerEntry(
                        budget=box,
                        kind="reserve",
                        amount_won=amount,
                        reference=f"{prefix}:{place}",
                        at=NOW,
                    )
                ]
            )
            Budget.objects.filter(pk=box.pk).update(reserved_won=F("reserved_won") + amount)

    return act


def test_negative_control_without_trigger_and_check_the_same_race_overspends() -> None:
    box = pot(1_000)
    with connection.cursor() as cursor:
        for (statement,) in GUARDS:
            cursor.execute(statement)
    try:
        fared = race(unguarded(box, 100, "control"))
        spent = ledger_queries.balance(box)
        assert fared.count("done") > 10
        assert spent.available < 0
    finally:
        restore(box)
    with pytest.raises(BudgetExceeded):
        reserve(pot(10), 11, "after")(0)


def restore(box: Budget) -> None:
    """Put trigger and constraint back, after the overspent pot is out of the way."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE programs_ledgerentry DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE programs_budget DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM programs_ledgerentry WHERE budget_id = %s", [box.pk])
        cursor.execute("DELETE FROM programs_budget WHERE id = %s", [box.pk])
        cursor.execute("ALTER TABLE programs_ledgerentry ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE programs_budget ENABLE TRIGGER USER")
    guard_sync.install(guard_sync.declared())
    constraint = next(row for row in Budget._meta.constraints if row.name == "budget_not_overspent")
    with connection.schema_editor() as editor:
        editor.add_constraint(Budget, constraint)
