"""Pending steps."""

from django.db import models
from django.db.models import Q

from applications.models.agreement.contracts import Agreement
from applications.states import WaitsFor


class Turn(models.Model):
    """Whose turn it is: one step that waits for the firm or for staff, since when, until when.

    Services open and finish turns with every act, so that the list of those that are open shows
    where time is lost, and those that are done how long each step took.
    """

    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, related_name="turns", verbose_name="협약"
    )
    step = models.CharField("할 일", max_length=20)
    waits_for = models.CharField("할 사람", max_length=10, choices=WaitsFor.choices)
    since = models.DateTimeField("시작")
    due_at = models.DateTimeField("기한")
    done_at = models.DateTimeField("끝난 때", null=True)

    class Meta:
        verbose_name = "협약 할 일"
        verbose_name_plural = "협약 할 일"
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "step"],
                condition=Q(done_at=None),
                name="one_open_turn_per_step",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(done_at=None), name="turn_ageing"),
        ]

    def __str__(self) -> str:
        return self.step
