"""Counters beside the sums of the entries, for many pots in two queries."""

import pytest

from programs.models import Budget
from programs.queries import ledger as ledger_queries
from programs.rules.ledger import Balance
from programs.services import ledger
from tests.factories.programs import NOW, load, pot, program

pytestmark = pytest.mark.django_db


def test_many_pots_are_recomputed_in_two_queries(django_assert_num_queries) -> None:
    boxes = [pot(1_000) for _ in range(5)]
    for place, box in enumerate(boxes, start=1):
        ledger.reserve(
            box, ledger.Booking(amount=place, reference=f"r{place}", subject="s"), by=None, now=NOW
        )
    boxes = list(Budget.objects.order_by("pk"))
    with django_assert_num_queries(2):
        rows = ledger_queries.statements(boxes)
    assert [row.recomputed.reserved for row in rows] == [1, 2, 3, 4, 5]
    assert all(row.agrees for row in rows)
    assert ledger_queries.total(row.stored for row in rows) == Balance(5_000, 15, 0, 0)


def test_a_pot_without_entries_is_empty_and_agrees() -> None:
    (row,) = ledger_queries.statements([pot(0)])
    assert row.agrees
    assert row.stored == Balance()
    assert ledger_queries.total([]) == Balance()


def test_a_counter_that_was_tampered_with_would_be_seen() -> None:
    box = pot(1_000)
    box.reserved_won = 7
    (row,) = ledger_queries.statements([box])
    assert not row.agrees


def test_the_newest_movements_come_first() -> None:
    box = pot(1_000)
    for place in range(5):
        ledger.reserve(
            box, ledger.Booking(amount=1, reference=f"r{place}", subject="s"), by=None, now=NOW
        )
    assert [row.reference for row in ledger_queries.latest_entries(2)] == ["r4", "r3"]


def test_a_pot_that_serves_no_sub_programme_is_not_part_of_the_sum() -> None:
    (row,) = ledger_queries.statements([pot(10)])
    assert not row.in_total
    load()
    (served,) = ledger_queries.statements([program("build").pot])
    assert served.in_total
