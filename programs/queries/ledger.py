"""Balances of pots, from their counters and from their entries."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, Sum

from portal.monitoring.figures import Figure
from programs.models import Budget, LedgerEntry, SubProgram
from programs.rules import ledger
from programs.rules.ledger import Balance
from programs.visibility import public_entries, public_pots


@dataclass(frozen=True)
class Statement:
    """A pot with the balance in its counters and the sum of its entries; the two must agree.

    `in_total` is False for a pot that no sub-programme is paid from: it is not part of the sum.
    """

    pot: Budget
    stored: Balance
    recomputed: Balance
    in_total: bool

    @property
    def agrees(self) -> bool:
        return self.stored == self.recomputed


def balance(pot: Budget) -> Balance:
    """Return the counters of a pot as they are in the database now."""
    return Budget.objects.get(pk=pot.pk).balance


def recomputed(pot: Budget) -> Balance:
    """Return the sum of the entries of a pot."""
    return _sums([pot.pk])[pot.pk]


def statements(pots: Iterable[Budget]) -> list[Statement]:
    """Compare the counters of many pots with their entries, in two queries."""
    pots = list(pots)
    sums = _sums([pot.pk for pot in pots])
    in_use = set(SubProgram.objects.values_list("pot", flat=True))
    return [Statement(pot, pot.balance, sums[pot.pk], pot.pk in in_use) for pot in pots]


def available_at(pot: Budget, at: datetime) -> int:
    """Return what was available of a pot at an instant that has passed, in won."""
    later = LedgerEntry.objects.filter(budget=pot, at__gt=at).values_list("kind", "amount_won")
    added = sum(ledger.after(Balance(), kind, amount).available for kind, amount in later)
    return pot.available_won - added


def held(pot: Budget, subject: str) -> Balance:
    """Return what one subject has reserved, committed and paid of a pot."""
    sums = LedgerEntry.objects.filter(budget=pot, subject=subject).values_list("kind")
    balance = Balance()
    for kind, amount in sums.annotate(total=Sum("amount_won")).order_by():
        balance = ledger.after(balance, kind, amount)
    return balance


def total(balances: Iterable[Balance]) -> Balance:
    """Return the sum of many balances."""
    rows = [(row.appropriated, row.reserved, row.committed, row.paid) for row in balances]
    return Balance(*(sum(column) for column in zip(*rows, strict=True))) if rows else Balance()


def latest_entries(limit: int) -> QuerySet[LedgerEntry]:
    return public_entries().select_related("budget").order_by("-pk")[:limit]


def published() -> list[tuple[Budget, Balance]]:
    """Return the public pots, each with the sum of its public entries, in two queries."""
    pots = list(public_pots())
    sums = _sums([pot.pk for pot in pots], public_entries())
    return [(pot, sums[pot.pk]) for pot in pots]


def _sums(pots: Sequence[int], entries: QuerySet[LedgerEntry] | None = None) -> dict[int, Balance]:
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


def figures(at: datetime) -> Iterator[Figure]:
    """Yield what each pot holds, for the operators."""
    pots = {pot.code: pot.balance for pot in Budget.objects.all()}
    for name, meaning, part in (
        ("portal_pot_appropriated_won", "Won appropriated to a pot.", "appropriated"),
        ("portal_pot_available_won", "Won of it that nobody has.", "available"),
    ):
        values = {(code,): float(getattr(balance, part)) for code, balance in pots.items()}
        yield Figure(name, meaning, ["pot"], values)


# What money is for, see `subject` in docs/architecture.md; the key of an application ends its receipt number.
SUBJECT_WORDS = {
    "application": "신청 {:06}",
    "panel-award": "모니터링단 시상 {}번",
    "report-fee": "원고료 {}번",
}


def subject_words(subject: str) -> str:
    """Return what an entry of the ledger is for in words; "" for a pot's own money."""
    kind, _, key = subject.partition(":")
    words = SUBJECT_WORDS.get(kind)
    return words.format(int(key)) if words and key.isdigit() else ""
