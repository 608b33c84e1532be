"""Exceptions from the limits on aid of one company."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application

USER = settings.AUTH_USER_MODEL


class AidException(models.Model):
    """A manager's decision that one limit does not stop one application. Append-only."""

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="aid_exceptions", verbose_name="신청"
    )
    limit = models.CharField("한도", max_length=40)
    reason = models.CharField("사유", max_length=300)
    by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="인정한 사람"
    )
    at = models.DateTimeField("인정한 시각")

    class Meta:
        verbose_name = "지원 한도 예외"
        verbose_name_plural = "지원 한도 예외"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "limit"], name="one_exception_per_limit"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="aid_exception_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.limit}"
