"""Spending of the firm and use of in-kind support."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.agreement.contracts import Agreement
from applications.states import (
    SpendingState,
)

USER = settings.AUTH_USER_MODEL


class Spending(models.Model):
    """One line of spending with its evidence and the verdict of staff."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="spendings")
    item = models.CharField("비목", max_length=40)
    spent_on = models.DateField("사용일")
    payee = models.CharField("받은 곳", max_length=100)
    purpose = models.CharField("사용 내용", max_length=200)
    amount_won = models.PositiveBigIntegerField("금액(원)")
    name = models.CharField("증빙 파일", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("크기")
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("형식", max_length=120)
    entered_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField("입력 시각")
    removed_at = models.DateTimeField("삭제 시각", null=True)
    state = models.CharField(
        "확인", max_length=10, choices=SpendingState.choices, default=SpendingState.CLAIMED
    )
    allowed_won = models.PositiveBigIntegerField("인정액(원)", default=0)
    reason = models.CharField("사유", max_length=300, blank=True)
    checked_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField("확인 시각", null=True)

    class Meta:
        verbose_name = "사용내역"
        verbose_name_plural = "사용내역"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_won__gt=0), name="spending_positive"),
            models.CheckConstraint(
                condition=Q(allowed_won__lte=F("amount_won")), name="allowed_within_the_spending"
            ),
            models.CheckConstraint(
                condition=Q(state=SpendingState.ALLOWED) | Q(allowed_won=0),
                name="only_allowed_spending_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payee} {self.amount_won:,}원"


class InKindUse(models.Model):
    """Used in-kind support, in won of its planned value. Append-only in the database."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="uses")
    reference = models.CharField("근거 번호", max_length=80, unique=True)
    label = models.CharField("내용", max_length=200)
    amount_won = models.PositiveBigIntegerField("가액(원)")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "현물 사용"
        verbose_name_plural = "현물 사용"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_won__gt=0), name="in_kind_use_positive"),
        ]

    def __str__(self) -> str:
        return self.label
