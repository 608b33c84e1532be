"""The ledger service: what is booked, what is refused, and that a repeat does nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from portal.core.errors import BadInput, BudgetExceeded, NotFound, PortalError, StaleVersion
from programs.models import Budget, LedgerEntry
from programs.queries import ledger as ledger_queries
from programs.rules.ledger import Balance
from programs.services import ledger
from programs.services.ledger import Booking
from tests.factories.applications import UserFactory
from tests.factories.programs import NOW, pot

pytestmark = pytest.mark.django_db
BY = {"by": None, "now": NOW}


def test_money_goes_from_reservation_to_payment_and_back() -> None:
    box = pot(100)
    ledger.reserve(box, Booking(60, "a", "application:1"), **BY)
    ledger.commit(box, Booking(50, "b", "application:1"), **BY)
    ledger.release(box, Booking(10, "c", "application:1"), **BY)
    ledger.pay(box, Booking(30, "d", "application:1"), **BY)
    ledger.decommit(box, Booking(20, "e", "application:1"), **BY)
    ledger.recover(box, Booking(5, "f", "application:1"), **BY)
    ledger.reduce(box, Booking(amount=1, reference="g"), **BY)
    assert ledger_queries.balance(box) == Balance(99, 0, 0, 25)
    assert ledger_queries.recomputed(box) == Balance(99, 0, 0, 25)


def test_an_entry_records_who_when_why_and_for_whom() -> None:
    box, manager = pot(100), UserFactory()
    entry = ledger.reserve(
        box,
        Booking(amount=7, reference="x", subject="application:3", note="선정"),
        by=manager,
        now=NOW,
    )
    entry.refresh_from_db()
    assert (entry.by, entry.at, entry.note, entry.subject) == (
        manager,
        NOW,
        "선정",
        "application:3",
    )


def test_the_last_won_may_be_promised_and_no_more() -> None:
    box = pot(100)
    ledger.reserve(box, Booking(amount=100, reference="a", subject="s"), **BY)
    with pytest.raises(BudgetExceeded) as refused:
        ledger.reserve(box, Booking(amount=1, reference="b", subject="s"), **BY)
    assert refused.value.code == "budget_exceeded"
    assert ledger_queries.balance(box).reserved == 100


def test_the_refusal_names_what_is_left_and_what_is_lacking() -> None:
    box = pot(100_000_000)
    with pytest.raises(BudgetExceeded) as refused:
        ledger.reserve(box, Booking(amount=150_000_000, reference="b", subject="s"), **BY)
    assert "100,000,000원" in refused.value.message
    assert "부족액 50,000,000원" in refused.value.message


def test_what_is_promised_is_not_taken_out_of_the_pot() -> None:
    box = pot(100)
    ledger.reserve(box, Booking(amount=80, reference="a", subject="s"), **BY)
    with pytest.raises(BudgetExceeded):
        ledger.reduce(box, Booking(amount=21, reference="b"), **BY)
    ledger.reduce(box, Booking(amount=20, reference="c"), **BY)
    assert ledger_queries.balance(box).available == 0


@pytest.mark.parametrize("act", [ledger.release, ledger.commit, ledger.decommit, ledger.pay])
def test_nobody_spends_or_gives_back_what_another_holds(act: Callable[..., object]) -> None:
    box = pot(100)
    ledger.reserve(box, Booking(amount=40, reference="a", subject="theirs"), **BY)
    ledger.reserve(box, Booking(amount=40, reference="b", subject="theirs-too"), **BY)
    ledger.commit(box, Booking(amount=40, reference="c", subject="theirs-too"), **BY)
    with pytest.raises(BudgetExceeded) as refused:
        act(box, Booking(amount=1, reference="d", subject="mine"), **BY)
    assert refused.value.code == "more_than_held"
    assert ledger_queries.balance(box) == Balance(100, 40, 40, 0)


def test_not_more_is_recovered_than_was_paid() -> None:
    box = pot(100)
    ledger.reserve(box, Booking(40, "a", "s"), **BY)
    ledger.commit(box, Booking(40, "b", "s"), **BY)
    ledger.pay(box, Booking(40, "c", "s"), **BY)
    with pytest.raises(BudgetExceeded):
        ledger.recover(box, Booking(41, "d", "s"), **BY)
    ledger.recover(box, Booking(40, "e", "s"), **BY)
    assert ledger_queries.balance(box).available == 100


def test_a_repeat_has_no_second_effect() -> None:
    box = pot(100)
    first = ledger.reserve(box, Booking(amount=60, reference="a", subject="s"), **BY)
    for _ in range(3):
        again = ledger.reserve(box, Booking(amount=60, reference="a", subject="s"), **BY)
        assert again.pk == first.pk
    assert ledger_queries.balance(box).reserved == 60


@pytest.mark.parametrize(
    "other", [{"amount": 61}, {"subject": "t"}, {"amount": 60, "subject": "other"}]
)
def test_a_reference_used_for_something_else_is_refused(other: dict) -> None:
    box = pot(100)
    ledger.reserve(box, Booking(amount=60, reference="a", subject="s"), **BY)
    with pytest.raises(StaleVersion) as refused:
        ledger.reserve(
            box, Booking(**{"amount": 60, "subject": "s", "reference": "a", **other}), **BY
        )
    assert refused.value.code == "reference_mismatch"


def test_a_reference_used_for_another_act_or_pot_is_refused() -> None:
    box, other = pot(100), pot(100)
    ledger.reserve(box, Booking(amount=10, reference="a", subject="s"), **BY)
    with pytest.raises(StaleVersion):
        ledger.release(box, Booking(amount=10, reference="a", subject="s"), **BY)
    with pytest.raises(StaleVersion):
        ledger.reserve(other, Booking(amount=10, reference="a", subject="s"), **BY)


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, "10", None])
def test_only_whole_won_above_zero_move(amount: object) -> None:
    with pytest.raises(BadInput):
        ledger.reserve(pot(100), Booking(amount=amount, reference="a", subject="s"), **BY)


@pytest.mark.parametrize("names", [{"reference": ""}, {"subject": ""}, {"reference": "x" * 121}])
def test_an_entry_needs_a_reference_and_a_subject(names: dict) -> None:
    with pytest.raises(BadInput):
        ledger.reserve(
            pot(100), Booking(**{"amount": 1, "reference": "a", "subject": "s", **names}), **BY
        )


def test_a_missing_pot_is_not_found() -> None:
    with pytest.raises(NotFound):
        ledger.appropriate(Budget(pk=0, code="x", name="x"), Booking(amount=1, reference="a"), **BY)


def test_many_are_reserved_together_in_the_order_given() -> None:
    box = pot(6_000)
    rows = [Booking(n, f"award:{n}", f"application:{n}") for n in range(100, 0, -1)]
    entries = ledger.reserve_many(box, rows, **BY)
    assert [entry.amount_won for entry in entries] == [row.amount for row in rows]
    assert all(entry.pk for entry in entries)
    assert ledger_queries.balance(box).reserved == 5_050
    released = [replace(row, reference=f"un{row.reference}") for row in rows]
    ledger.release_many(box, released, **BY)
    assert ledger_queries.balance(box) == Balance(6_000, 0, 0, 0)


def test_many_are_reserved_all_or_not_at_all() -> None:
    box = pot(100)
    rows = [Booking(60, "a", "s1"), Booking(60, "b", "s2")]
    with pytest.raises(BudgetExceeded):
        ledger.reserve_many(box, rows, **BY)
    assert LedgerEntry.objects.filter(budget=box, kind="reserve").count() == 0
    assert ledger_queries.balance(box).reserved == 0


def test_an_interrupted_batch_is_completed_and_not_doubled() -> None:
    box = pot(100)
    rows = [Booking(10, "a", "s1"), Booking(20, "b", "s2"), Booking(30, "c", "s3")]
    ledger.reserve_many(box, rows[:2], **BY)
    ledger.reserve_many(box, rows, **BY)
    ledger.reserve_many(box, rows, **BY)
    assert ledger_queries.balance(box).reserved == 60
    assert ledger.reserve_many(box, [], **BY) == []


def test_a_batch_may_not_name_a_reference_twice() -> None:
    with pytest.raises(BadInput):
        ledger.reserve_many(pot(100), [Booking(1, "a", "s1"), Booking(1, "a", "s1")], **BY)


def test_a_release_of_many_checks_each_subject() -> None:
    box = pot(100)
    ledger.reserve_many(box, [Booking(10, "a", "s1"), Booking(20, "b", "s2")], **BY)
    with pytest.raises(BudgetExceeded):
        ledger.release_many(box, [Booking(20, "c", "s1"), Booking(10, "d", "s2")], **BY)
    assert ledger_queries.balance(box).reserved == 30


def test_thousands_cost_few_statements(django_assert_max_num_queries) -> None:
    box = pot(10_000_000)
    rows = [Booking(1_000, f"award:{n}", f"application:{n}") for n in range(3_000)]
    with django_assert_max_num_queries(40):
        ledger.reserve_many(box, rows, **BY)
    assert ledger_queries.balance(box).reserved == 3_000_000


def test_every_refusal_is_a_portal_error_with_a_code() -> None:
    box = pot(10)
    for amount, reference in ((11, "a"), (0, "b")):
        with pytest.raises(PortalError) as refused:
            ledger.reserve(box, Booking(amount=amount, reference=reference, subject="s"), **BY)
        assert refused.value.code
        assert refused.value.findings
