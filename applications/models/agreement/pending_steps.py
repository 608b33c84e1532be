"""The steps that an agreement is waiting for."""

from django.db import models
from django.db.models import Q

from applications.models.agreement.contracts import Agreement
from applications.states import WaitsFor


class PendingStep(models.Model):
    """A step that is due from the firm or from staff, since when and until when.

    Services open and finish steps with every act. The open ones show where time is lost, the
    finished ones how long each step took.
    """

    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, related_name="pending_steps", verbose_name="협약"
    )
    step = models.CharField("할 일", max_length=20)
    waits_for = models.CharField("할 사람", max_length=10, choices=WaitsFor.choices)
    since = models.DateTimeField("시작")
    due_at = models.DateTimeField("기한")
    done_at = models.DateTimeField("끝난 때", null=True)
    soon_told_at = models.DateTimeField("기한 전 알림", null=True)
    late_told_at = models.DateTimeField("기한 뒤 알림", null=True)

    class Meta:
        verbose_name = "협약 할 일"
        verbose_name_plural = "협약 할 일"
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "step"],
                condition=Q(done_at=None),
                name="pending_step_open_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(done_at=None), name="pending_step_due"
            ),
            models.Index(
                fields=["waits_for", "since", "due_at", "agreement"],
                condition=Q(done_at=None),
                name="pending_step_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.step
