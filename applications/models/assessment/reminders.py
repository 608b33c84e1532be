"""Reminders to assessors whose sheets are late."""

from django.conf import settings
from django.db import models

USER = settings.AUTH_USER_MODEL


class AssessmentReminder(models.Model):
    """One act of reminding, of one assessor or of all who were late. Append-only."""

    by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="알린 사람"
    )
    at = models.DateTimeField("알린 시각")

    class Meta:
        verbose_name = "평가 독려"
        verbose_name_plural = "평가 독려"

    def __str__(self) -> str:
        return f"평가 독려 {self.pk}"


class RemindedAssessor(models.Model):
    """What one assessor was reminded of, at most once a day. Append-only."""

    reminder = models.ForeignKey(
        AssessmentReminder, on_delete=models.PROTECT, related_name="assessors"
    )
    assessor = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="평가위원"
    )
    day = models.DateField("알린 날")
    overdue = models.PositiveIntegerField("기한이 지난 평가표")
    due_at = models.DateTimeField("가장 이른 기한")

    class Meta:
        verbose_name = "독려받은 평가위원"
        verbose_name_plural = "독려받은 평가위원"
        constraints = [
            models.UniqueConstraint(
                fields=["assessor", "day"], name="one_assessment_reminder_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessor} {self.day}"
