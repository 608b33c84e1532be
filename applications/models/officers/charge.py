"""How applications came to their responsible officers."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.states import Charge

USER = settings.AUTH_USER_MODEL


class OfficerChange(models.Model):
    """One change of `Application.officer`. Append-only in the database.

    `officer` is the one after it, None where the file is nobody's; `by` None is the portal itself.
    """

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="officer_changes", verbose_name="신청"
    )
    kind = models.CharField("구분", max_length=20, choices=Charge.choices)
    officer = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="담당자"
    )
    previous = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="이전 담당자"
    )
    by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="처리한 사람"
    )
    at = models.DateTimeField("처리 시각")
    reason = models.CharField("사유", max_length=500, blank=True)

    class Meta:
        verbose_name = "담당 이력"
        verbose_name_plural = "담당 이력"
        constraints = [
            models.CheckConstraint(
                condition=Q(officer__isnull=False) | Q(previous__isnull=False),
                name="officer_change_names_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=[Charge.TAKEN_OVER, Charge.ENDED]) | ~Q(reason=""),
                name="officer_change_against_somebody_needs_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.get_kind_display()}"
