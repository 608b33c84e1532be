"""Instalments of an agreed grant."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.agreement.contracts import Agreement
from applications.states import (
    InstalmentState,
    PayWhen,
)

USER = settings.AUTH_USER_MODEL


class Instalment(models.Model):
    """A part of the grant: planned, requested by an officer, paid once by another person."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="instalments")
    number = models.PositiveSmallIntegerField("차수")
    label = models.CharField("이름", max_length=60)
    after = models.CharField("지급 조건", max_length=12, choices=PayWhen.choices)
    percent = models.PositiveSmallIntegerField("비율(%)", null=True)
    amount_won = models.PositiveBigIntegerField("금액(원)")
    state = models.CharField(
        "상태", max_length=10, choices=InstalmentState.choices, default=InstalmentState.PLANNED
    )
    requested_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="요청자"
    )
    requested_at = models.DateTimeField("요청 시각", null=True)
    paid_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="지급 승인자"
    )
    paid_at = models.DateTimeField("지급 시각", null=True)

    class Meta:
        verbose_name = "지급 차수"
        verbose_name_plural = "지급 차수"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="instalment_once"),
            models.CheckConstraint(
                condition=Q(amount_won__gt=0), name="instalment_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(
                    state=InstalmentState.PAID,
                    paid_by__isnull=False,
                    paid_at__isnull=False,
                    requested_by__isnull=False,
                )
                | (~Q(state=InstalmentState.PAID) & Q(paid_by=None, paid_at=None)),
                name="paid_instalment_has_its_payer",
            ),
            models.CheckConstraint(
                condition=Q(paid_by=None) | ~Q(paid_by=F("requested_by")),
                name="payment_has_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.amount_won:,}원"

    @property
    def reference(self) -> str:
        # The ledger accepts a reference once, so that no instalment is paid twice.
        return f"pay:agreement:{self.agreement_id}:{self.number}"
