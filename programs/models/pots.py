"""Money proposed for a pot, and totals proposed for a round; another manager approves."""

from django.db import models
from django.db.models import F, Q

from programs.models.ledger import Budget, LedgerEntry
from programs.models.proposals import Proposal, two_people
from programs.models.rounds import ProgramRound
from programs.states import EntryKind


class PotProposal(Proposal):
    """An appropriation or reduction; `entry` is the ledger entry that its approval wrote."""

    KINDS = (
        (EntryKind.APPROPRIATE.value, EntryKind.APPROPRIATE.label),
        (EntryKind.REDUCE.value, EntryKind.REDUCE.label),
    )

    pot = models.ForeignKey(
        Budget, on_delete=models.PROTECT, related_name="proposals", verbose_name="예산"
    )
    kind = models.CharField("구분", max_length=12, choices=KINDS)
    amount_won = models.PositiveBigIntegerField("금액")
    # What the pot held before its approval, for the public history.
    held_won = models.PositiveBigIntegerField("승인 전 배정액", null=True, editable=False)
    reason = models.CharField("사유", max_length=200)
    entry = models.OneToOneField(
        LedgerEntry,
        on_delete=models.PROTECT,
        null=True,
        related_name="proposal",
        verbose_name="예산 원장",
    )

    class Meta:
        verbose_name = "예산 변경안"
        verbose_name_plural = "예산 변경안"
        constraints = [
            models.UniqueConstraint(
                fields=["pot"], condition=Q(ended_at=None), name="one_open_proposal_per_pot"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, entry=None)
                | Q(approved_by__isnull=False, entry__isnull=False, ended_at__isnull=False)
                & ~Q(approved_by=F("by")),
                name="pot_proposal_needs_two_people",
            ),
            models.CheckConstraint(
                condition=Q(amount_won__gt=0) & Q(kind__in=["appropriate", "reduce"]),
                name="pot_proposal_moves_money",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pot} {self.get_kind_display()}안"


class TotalProposal(Proposal):
    """Another total for a round; its approval writes a `RoundChange`."""

    round = models.ForeignKey(
        ProgramRound, on_delete=models.PROTECT, related_name="total_proposals", verbose_name="회차"
    )
    before_won = models.PositiveBigIntegerField("지금 총예산")
    after_won = models.PositiveBigIntegerField("바꿀 총예산")
    reason = models.CharField("사유와 근거", max_length=300)

    class Meta:
        verbose_name = "총예산 변경안"
        verbose_name_plural = "총예산 변경안"
        constraints = [
            models.UniqueConstraint(
                fields=["round"], condition=Q(ended_at=None), name="one_open_total_per_round"
            ),
            two_people("total_proposal_needs_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.round} 총예산 변경안"
