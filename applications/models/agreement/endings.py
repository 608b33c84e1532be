"""Requests to end an agreement early."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.agreement.contracts import Agreement
from applications.states import (
    EndingKind,
    EndingState,
)

USER = settings.AUTH_USER_MODEL


class Ending(models.Model):
    """A request to end an agreement early, decided by another person."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="endings")
    kind = models.CharField("구분", max_length=10, choices=EndingKind.choices)
    reason = models.CharField("사유", max_length=500)
    state = models.CharField(
        "상태", max_length=10, choices=EndingState.choices, default=EndingState.ASKED
    )
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("요청 시각")
    note = models.CharField("결정 사유", max_length=500, blank=True)
    decided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="결정자"
    )
    decided_at = models.DateTimeField("결정 시각", null=True)

    class Meta:
        verbose_name = "중도 종료"
        verbose_name_plural = "중도 종료"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state=EndingState.ASKED),
                name="one_ending_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["agreement", "kind"],
                condition=Q(state=EndingState.APPROVED),
                name="an_agreement_ends_once_per_kind",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
                name="ending_has_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
