"""Ties that were recorded by mistake, lifted by two people."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.assessment.conflicts import ConflictOfInterest

USER = settings.AUTH_USER_MODEL


class TieLift(models.Model):
    """The lifting of a tie, proposed by one person and approved by another; final once it has ended."""

    tie = models.ForeignKey(
        ConflictOfInterest, on_delete=models.PROTECT, related_name="lifts", verbose_name="이해관계"
    )
    reason = models.CharField("사유", max_length=400)
    proposed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="제안한 사람"
    )
    proposed_at = models.DateTimeField("제안 시각")
    approved_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인한 사람"
    )
    approved_at = models.DateTimeField("승인 시각", null=True)
    discarded_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="거둔 사람"
    )
    discarded_at = models.DateTimeField("거둔 시각", null=True)
    note = models.CharField("거둔 사유", max_length=300, blank=True)

    class Meta:
        verbose_name = "이해관계 해제"
        verbose_name_plural = "이해관계 해제"
        constraints = [
            models.UniqueConstraint(
                fields=["tie"],
                condition=Q(approved_at=None, discarded_at=None),
                name="one_open_lift_per_tie",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False, discarded_at=None),
                name="tie_lift_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("proposed_by")),
                name="tie_lift_has_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tie} 해제"

    @property
    def open(self) -> bool:
        return self.approved_at is None and self.discarded_at is None
