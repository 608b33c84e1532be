"""Settlements and the money they recover."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.agreement.contracts import Agreement
from applications.states import (
    RecoveryState,
    SettlementState,
)

USER = settings.AUTH_USER_MODEL


class Settlement(models.Model):
    """The settlement of an agreement: proposed by an officer, approved by another person.

    settled = paid + balance − recover to the last won; `release_won` goes back to the pot.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="settlements")
    number = models.PositiveSmallIntegerField("차수")
    state = models.CharField(
        "상태", max_length=10, choices=SettlementState.choices, default=SettlementState.PROPOSED
    )
    content = models.JSONField("계산 내역")
    sha256 = models.CharField("SHA-256", max_length=64)
    eligible_won = models.PositiveBigIntegerField("인정 사업비(원)")
    settled_won = models.PositiveBigIntegerField("확정 지원금(원)")
    paid_won = models.PositiveBigIntegerField("지급액(원)")
    balance_won = models.PositiveBigIntegerField("더 지급할 금액(원)")
    recover_won = models.PositiveBigIntegerField("초과 지급액(원)")
    release_won = models.PositiveBigIntegerField("예산으로 돌아갈 금액(원)")
    proposed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField("작성 시각")
    decided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="결정자"
    )
    decided_at = models.DateTimeField("결정 시각", null=True)
    note = models.CharField("의견", max_length=500, blank=True)

    class Meta:
        verbose_name = "정산"
        verbose_name_plural = "정산"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="settlement_number_once"),
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state__in=[SettlementState.PROPOSED, SettlementState.APPROVED]),
                name="one_standing_settlement",
            ),
            models.CheckConstraint(
                condition=Q(
                    paid_won=F("settled_won") + F("recover_won") - F("balance_won"),
                ),
                name="settlement_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(balance_won=0) | Q(recover_won=0), name="pay_or_recover_not_both"
            ),
            models.CheckConstraint(
                condition=~Q(state=SettlementState.APPROVED)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="settlement_has_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} 정산 {self.number}차"


class Recovery(models.Model):
    """Paid money that is recovered (환수): due at `due_at`, received once."""

    settlement = models.OneToOneField(Settlement, on_delete=models.PROTECT, related_name="recovery")
    amount_won = models.PositiveBigIntegerField("환수액(원)")
    due_at = models.DateTimeField("납부 기한")
    state = models.CharField(
        "상태", max_length=10, choices=RecoveryState.choices, default=RecoveryState.DUE
    )
    received_on = models.DateField("납부일", null=True)
    evidence = models.CharField("납부 확인", max_length=200, blank=True)
    recorded_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("확인 시각", null=True)

    class Meta:
        verbose_name = "환수"
        verbose_name_plural = "환수"
        constraints = [
            models.CheckConstraint(condition=Q(amount_won__gt=0), name="recovery_positive"),
            models.CheckConstraint(
                condition=Q(state=RecoveryState.DUE, recorded_by=None, received_on=None)
                | Q(
                    state=RecoveryState.RECEIVED,
                    recorded_by__isnull=False,
                    received_on__isnull=False,
                ),
                name="received_recovery_has_its_record",
            ),
        ]

    def __str__(self) -> str:
        return f"환수 {self.amount_won:,}원"
