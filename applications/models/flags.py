"""Flags that staff set on applications, each with a day until which somebody sees to it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.states import FlagLabel

USER = settings.AUTH_USER_MODEL


class StaffFlag(models.Model):
    """A flag on an application, for staff alone: it is set once and cleared once, never changed."""

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="staff_flags", verbose_name="신청"
    )
    label = models.CharField("표시", max_length=20, choices=FlagLabel.choices)
    due_on = models.DateField("기한")
    who = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="할 사람"
    )
    note = models.CharField("내용", max_length=300, blank=True)
    set_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="단 사람"
    )
    set_at = models.DateTimeField("단 시각")
    cleared_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="뗀 사람"
    )
    cleared_at = models.DateTimeField("뗀 시각", null=True)
    outcome = models.CharField("결과", max_length=300, blank=True)

    class Meta:
        verbose_name = "표시"
        verbose_name_plural = "표시"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "label"],
                condition=Q(cleared_at=None),
                name="one_open_flag_of_a_label",
            ),
            models.CheckConstraint(
                condition=Q(cleared_by=None, cleared_at=None)
                | Q(cleared_by__isnull=False, cleared_at__isnull=False),
                name="flag_cleared_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["label", "-application", "due_on"],
                condition=Q(cleared_at=None),
                name="flag_open",
            ),
            models.Index(
                fields=["due_on", "-application"], condition=Q(cleared_at=None), name="flag_due"
            ),
        ]

    def __str__(self) -> str:
        return self.get_label_display()
