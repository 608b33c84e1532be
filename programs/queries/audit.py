"""Consistency checks for the audit: counters against the sealed ledger."""

from collections.abc import Iterator

from portal.core.money import won
from portal.records.audit import MISFIT, Fault
from programs.models import Budget
from programs.queries.ledger import statements


def counters() -> Iterator[Fault]:
    """Yield a fault for each pot whose counters are not the sums of its entries."""
    for row in statements(Budget.objects.all()):
        if not row.agrees:
            difference = (
                f"남은 예산 {won(row.stored.available)}, 원장의 합 {won(row.recomputed.available)}"
            )
            yield Fault(Budget._meta.db_table, str(row.pot.pk), MISFIT, difference)
