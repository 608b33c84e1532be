"""Budget pots with four counters, and the entries that move them."""

from django.db import models
from django.db.models import F, Q

from portal.models import Dated, User
from programs.rules.ledger import Balance
from programs.states import EntryKind


class Budget(Dated):
    """A pot of public money, shared by the rounds of one year.

    The counters are moved by the database when an entry is added (`programs.guards`), and by
    nothing else; a new pot starts at zero.
    """

    code = models.CharField("코드", max_length=60, unique=True)
    name = models.CharField("이름", max_length=100)
    appropriated_won = models.PositiveBigIntegerField("배정액", default=0, editable=False)
    reserved_won = models.PositiveBigIntegerField("선정액", default=0, editable=False)
    committed_won = models.PositiveBigIntegerField("협약액", default=0, editable=False)
    paid_won = models.PositiveBigIntegerField("지급액", default=0, editable=False)

    class Meta:
        verbose_name = "예산"
        verbose_name_plural = "예산"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    appropriated_won__gte=0,
                    reserved_won__gte=0,
                    committed_won__gte=0,
                    paid_won__gte=0,
                ),
                name="budget_not_below_zero",
            ),
            models.CheckConstraint(
                condition=Q(
                    appropriated_won__gte=F("reserved_won") + F("committed_won") + F("paid_won")
                ),
                name="budget_not_overspent",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def balance(self) -> Balance:
        return Balance(self.appropriated_won, self.reserved_won, self.committed_won, self.paid_won)

    @property
    def available_won(self) -> int:
        return self.balance.available


class LedgerEntry(models.Model):
    """One movement of money. Append-only in the database; written by `services.ledger` alone."""

    budget = models.ForeignKey(
        Budget, on_delete=models.PROTECT, related_name="entries", verbose_name="예산"
    )
    kind = models.CharField("구분", max_length=12, choices=EntryKind.choices)
    amount_won = models.PositiveBigIntegerField("금액")
    reference = models.CharField("근거 번호", max_length=120, unique=True)
    subject = models.CharField("대상", max_length=80, blank=True)
    note = models.CharField("비고", max_length=200, blank=True)
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="처리자"
    )
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "예산 원장"
        verbose_name_plural = "예산 원장"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_won__gt=0), name="ledger_amount_positive"),
            models.CheckConstraint(
                condition=Q(kind__in=EntryKind.values), name="ledger_kind_known"
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "kind"], name="ledger_subject"),
            models.Index(fields=["budget", "kind", "amount_won"], name="ledger_fold"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount_won:,}원"
