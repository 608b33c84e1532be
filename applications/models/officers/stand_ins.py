"""Who stands in for an absent officer, from which day until which."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

USER = settings.AUTH_USER_MODEL


class StandIn(models.Model):
    """Days (KST, both included) on which one officer stands in for another; ended early or not."""

    officer = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="absences", verbose_name="자리를 비우는 사람"
    )
    stand_in = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="standing_in", verbose_name="대행자"
    )
    first_day = models.DateField("첫날")
    last_day = models.DateField("마지막 날")
    arranged_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="정한 사람"
    )
    arranged_at = models.DateTimeField("정한 시각")
    ended_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="끝낸 사람"
    )
    ended_at = models.DateTimeField("일찍 끝낸 시각", null=True)

    class Meta:
        verbose_name = "업무 대행"
        verbose_name_plural = "업무 대행"
        constraints = [
            models.CheckConstraint(
                condition=Q(first_day__lte=F("last_day")), name="stand_in_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=~Q(officer=F("stand_in")), name="nobody_stands_in_for_themselves"
            ),
            models.CheckConstraint(
                condition=Q(ended_by=None, ended_at=None)
                | Q(ended_by__isnull=False, ended_at__isnull=False),
                name="stand_in_ended_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.officer} 대행 {self.stand_in}"

    def runs_on(self, day: date) -> bool:
        return self.ended_at is None and self.first_day <= day <= self.last_day

    def is_open_on(self, day: date) -> bool:
        """Tell whether it runs on this day or has not begun."""
        return self.ended_at is None and day <= self.last_day
