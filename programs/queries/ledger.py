"""What is in the pots: counters, entries, and the two held against each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet, Sum

from programs.models import Budget, LedgerEntry, SubProgram
from programs.rules import ledger
from programs.rules.ledger import Balance
from programs.visibility import public_entries, public_pots


@dataclass(frozen=True)
class Statement:
    """A pot as its counters stand, and as its entries add up; the two must agree.

    `in_total` tells whether a sub-programme is paid from it, so that it is part of the year's sum.
    """

    pot: Budget
    stored: Balance
    recomputed: Balance
    in_total: bool

    @property
    def agrees(self) -> bool:
        """Whether counters and entries tell the same."""
        return self.stored == self.recomputed


def balance(pot: Budget) -> Balance:
    """Read the counters of a pot now."""
    return Budget.objects.get(pk=pot.pk).balance


def recomputed(pot: Budget) -> Balance:
    """Add up the entries of a pot."""
    return _folded([pot.pk])[pot.pk]


def statements(pots: Iterable[Budget]) -> list[Statement]:
    """Hold the counters of many pots against their entries, in two queries."""
    pots = list(pots)
    folded = _folded([pot.pk for pot in pots])
    serving = set(SubProgram.objects.values_list("pot", flat=True))
    return [Statement(pot, pot.balance, folded[pot.pk], pot.pk in serving) for pot in pots]


def held(pot: Budget, subject: str) -> Balance:
    """Add up what one subject holds of a pot: reserved, committed, paid."""
    sums = LedgerEntry.objects.filter(budget=pot, subject=subject).values_list("kind")
    found = Balance()
    for kind, amount in sums.annotate(total=Sum("amount_won")).order_by():
        found = ledger.after(found, kind, amount)
    return found


def total(balances: Iterable[Balance]) -> Balance:
    """Add up the counters of many pots."""
    rows = [(row.appropriated, row.reserved, row.committed, row.paid) for row in balances]
    return Balance(*(sum(column) for column in zip(*rows, strict=True))) if rows else Balance()


def latest_entries(limit: int) -> QuerySet[LedgerEntry]:
    """List the newest movements of public pots."""
    return public_entries().select_related("budget").order_by("-pk")[:limit]


def published() -> list[tuple[Budget, Balance]]:
    """The public pots, each with the sum of its public entries, in two queries."""
    pots = list(public_pots())
    folded = _folded([pot.pk for pot in pots], public_entries())
    return [(pot, folded[pot.pk]) for pot in pots]


def _folded(
    pots: Sequence[int], entries: QuerySet[LedgerEntry] | None = None
) -> dict[int, Balance]:
    rows = LedgerEntry.objects.all() if entries is None else entries
    sums = (
        rows.filter(budget__in=pots)
        .values_list("budget", "kind")
        .annotate(total=Sum("amount_won"))
        .order_by()
    )
    balances = dict.fromkeys(pots, Balance())
    for pot, kind, total in sums:
        balances[pot] = ledger.after(balances[pot], kind, total)
    return balances
