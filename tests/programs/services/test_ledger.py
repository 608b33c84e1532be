"""The only door to money: what may go through, what may not, and that a repeat does nothing."""

from collections.abc import Callable

import pytest

from portal.core.errors import BadInput, BudgetExceeded, NotFound, PortalError, StaleVersion
from programs import queries
from programs.models import Budget, LedgerEntry
from programs.rules.ledger import Balance
from programs.services import ledger
from programs.services.ledger import Row
from tests.factories.applications import UserFactory
from tests.factories.programs import NOW, pot

pytestmark = pytest.mark.django_db
BY = {"by": None, "now": NOW}


def test_money_walks_from_reservation_to_payment_and_back() -> None:
    box = pot(100)
    mine = {"subject": "application:1", **BY}
    ledger.reserve(box, amount=60, reference="a", **mine)
    ledger.commit(box, amount=50, reference="b", **mine)
    ledger.release(box, amount=10, reference="c", **mine)
    ledger.pay(box, amount=30, reference="d", **mine)
    ledger.decommit(box, amount=20, reference="e", **mine)
    ledger.recover(box, amount=5, reference="f", **mine)
    ledger.reduce(box, amount=1, reference="g", **BY)
    assert queries.balance(box) == Balance(99, 0, 0, 25)
    assert queries.recomputed(box) == Balance(99, 0, 0, 25)


def test_an_entry_says_who_when_why_and_for_whom() -> None:
    box, manager = pot(100), UserFactory()
    entry = ledger.reserve(
        box, amount=7, reference="x", subject="application:3", by=manager, now=NOW, note="선정"
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
    ledger.reserve(box, amount=100, reference="a", subject="s", **BY)
    with pytest.raises(BudgetExceeded) as refused:
        ledger.reserve(box, amount=1, reference="b", subject="s", **BY)
    assert refused.value.code == "budget_exceeded"
    assert queries.balance(box).reserved == 100


def test_the_refusal_names_what_is_left_and_what_is_lacking() -> None:
    box = pot(100_000_000)
    with pytest.raises(BudgetExceeded) as refused:
        ledger.reserve(box, amount=150_000_000, reference="b", subject="s", **BY)
    assert "100,000,000원" in refused.value.message
    assert "부족액 50,000,000원" in refused.value.message


def test_what_is_promised_is_not_taken_out_of_the_pot() -> None:
    box = pot(100)
    ledger.reserve(box, amount=80, reference="a", subject="s", **BY)
    with pytest.raises(BudgetExceeded):
        ledger.reduce(box, amount=21, reference="b", **BY)
    ledger.reduce(box, amount=20, reference="c", **BY)
    assert queries.balance(box).available == 0


@pytest.mark.parametrize("act", [ledger.release, ledger.commit, ledger.decommit, ledger.pay])
def test_nobody_spends_or_gives_back_what_another_holds(act: Callable[..., object]) -> None:
    box = pot(100)
    ledger.reserve(box, amount=40, reference="a", subject="theirs", **BY)
    ledger.reserve(box, amount=40, reference="b", subject="theirs-too", **BY)
    ledger.commit(box, amount=40, reference="c", subject="theirs-too", **BY)
    with pytest.raises(BudgetExceeded) as refused:
        act(box, amount=1, reference="d", subject="mine", **BY)
    assert refused.value.code == "more_than_held"
    assert queries.balance(box) == Balance(100, 40, 40, 0)


def test_not_more_is_recovered_than_was_paid() -> None:
    box = pot(100)
    mine = {"subject": "s", **BY}
    ledger.reserve(box, amount=40, reference="a", **mine)
    ledger.commit(box, amount=40, reference="b", **mine)
    ledger.pay(box, amount=40, reference="c", **mine)
    with pytest.raises(BudgetExceeded):
        ledger.recover(box, amount=41, reference="d", **mine)
    ledger.recover(box, amount=40, reference="e", **mine)
    assert queries.balance(box).available == 100


def test_a_repeat_has_no_second_effect() -> None:
    box = pot(100)
    first = ledger.reserve(box, amount=60, reference="a", subject="s", **BY)
    for _ in range(3):
        again = ledger.reserve(box, amount=60, reference="a", subject="s", **BY)
        assert again.pk == first.pk
    assert queries.balance(box).reserved == 60


@pytest.mark.parametrize(
    "other", [{"amount": 61}, {"subject": "t"}, {"amount": 60, "subject": "other"}]
)
def test_a_reference_used_for_something_else_is_refused(other: dict) -> None:
    box = pot(100)
    ledger.reserve(box, amount=60, reference="a", subject="s", **BY)
    with pytest.raises(StaleVersion) as refused:
        ledger.reserve(box, **{"amount": 60, "subject": "s", "reference": "a", **other}, **BY)
    assert refused.value.code == "reference_mismatch"


def test_a_reference_used_for_another_act_or_pot_is_refused() -> None:
    box, other = pot(100), pot(100)
    ledger.reserve(box, amount=10, reference="a", subject="s", **BY)
    with pytest.raises(StaleVersion):
        ledger.release(box, amount=10, reference="a", subject="s", **BY)
    with pytest.raises(StaleVersion):
        ledger.reserve(other, amount=10, reference="a", subject="s", **BY)


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, "10", None])
def test_only_whole_won_above_zero_move(amount: object) -> None:
    with pytest.raises(BadInput):
        ledger.reserve(pot(100), amount=amount, reference="a", subject="s", **BY)


@pytest.mark.parametrize("names", [{"reference": ""}, {"subject": ""}, {"reference": "x" * 121}])
def test_an_entry_needs_a_reference_and_a_subject(names: dict) -> None:
    with pytest.raises(BadInput):
        ledger.reserve(pot(100), **{"amount": 1, "reference": "a", "subject": "s", **names}, **BY)


def test_a_pot_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        ledger.appropriate(Budget(pk=0, code="x", name="x"), amount=1, reference="a", **BY)


def test_many_are_reserved_together_in_the_order_asked() -> None:
    box = pot(6_000)
    rows = [Row(f"application:{n}", n, f"award:{n}") for n in range(100, 0, -1)]
    entries = ledger.reserve_many(box, rows, **BY)
    assert [entry.amount_won for entry in entries] == [row.amount for row in rows]
    assert all(entry.pk for entry in entries)
    assert queries.balance(box).reserved == 5_050
    ledger.release_many(box, [Row(s, a, f"un{r}") for s, a, r in rows], **BY)
    assert queries.balance(box) == Balance(6_000, 0, 0, 0)


def test_many_are_reserved_all_or_not_at_all() -> None:
    box = pot(100)
    rows = [("s1", 60, "a"), ("s2", 60, "b")]
    with pytest.raises(BudgetExceeded):
        ledger.reserve_many(box, rows, **BY)
    assert LedgerEntry.objects.filter(budget=box, kind="reserve").count() == 0
    assert queries.balance(box).reserved == 0


def test_an_interrupted_batch_is_completed_and_not_doubled() -> None:
    box = pot(100)
    rows = [("s1", 10, "a"), ("s2", 20, "b"), ("s3", 30, "c")]
    ledger.reserve_many(box, rows[:2], **BY)
    ledger.reserve_many(box, rows, **BY)
    ledger.reserve_many(box, rows, **BY)
    assert queries.balance(box).reserved == 60
    assert ledger.reserve_many(box, [], **BY) == []


def test_a_batch_may_not_name_a_reference_twice() -> None:
    with pytest.raises(BadInput):
        ledger.reserve_many(pot(100), [("s1", 1, "a"), ("s1", 1, "a")], **BY)


def test_a_release_of_many_checks_each_subject() -> None:
    box = pot(100)
    ledger.reserve_many(box, [("s1", 10, "a"), ("s2", 20, "b")], **BY)
    with pytest.raises(BudgetExceeded):
        ledger.release_many(box, [("s1", 20, "c"), ("s2", 10, "d")], **BY)
    assert queries.balance(box).reserved == 30


def test_thousands_cost_few_statements(django_assert_max_num_queries) -> None:
    box = pot(10_000_000)
    rows = [Row(f"application:{n}", 1_000, f"award:{n}") for n in range(3_000)]
    with django_assert_max_num_queries(40):
        ledger.reserve_many(box, rows, **BY)
    assert queries.balance(box).reserved == 3_000_000


def test_every_refusal_is_a_portal_error_with_a_code() -> None:
    box = pot(10)
    for amount, reference in ((11, "a"), (0, "b")):
        with pytest.raises(PortalError) as refused:
            ledger.reserve(box, amount=amount, reference=reference, subject="s", **BY)
        assert refused.value.code
        assert refused.value.findings
