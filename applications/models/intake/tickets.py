"""Tickets by which applications were filed: forms that came while the portal could not serve."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.application import Application


class UsedTicket(models.Model):
    """The ticket by which an application was filed, and when. Append-only in the database."""

    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, related_name="ticket", verbose_name="신청"
    )
    sha256 = models.CharField("확인표의 SHA-256", max_length=64, unique=True)
    key = models.CharField("서명한 키", max_length=8)
    came_at = models.DateTimeField("요청이 도착한 시각")
    redeemed_at = models.DateTimeField("접수를 마친 시각")
    redeemed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="제출자"
    )

    class Meta:
        verbose_name = "접수 확인표로 한 접수"
        verbose_name_plural = "접수 확인표로 한 접수"
        constraints = [
            models.CheckConstraint(
                condition=Q(redeemed_at__gte=F("came_at")), name="ticket_came_before_it_was_used"
            ),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]
