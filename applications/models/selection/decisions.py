"""Decisions on applications."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.models.selection.proposals import Selection
from applications.states import Outcome


class Decision(models.Model):
    """The outcome of one application with its reason. Append-only in the database.

    The first one (`previous` None) is made by a selection and is in force from its release. Every
    later one replaces the one before it from `at` on; the old row is kept.
    """

    selection = models.ForeignKey(Selection, on_delete=models.PROTECT, related_name="decisions")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField("결과", max_length=10, choices=Outcome.choices)
    rank = models.PositiveIntegerField("순위", null=True)
    grant_won = models.PositiveBigIntegerField("지원금(원)", default=0)
    reason_code = models.CharField("사유 코드", max_length=40)
    reason = models.CharField("사유", max_length=300)
    previous = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="next", verbose_name="이전 결정"
    )
    at = models.DateTimeField("변경 시각", null=True)

    class Meta:
        verbose_name = "결정"
        verbose_name_plural = "결정"
        constraints = [
            models.UniqueConstraint(
                fields=["selection", "application"],
                condition=Q(previous=None),
                name="one_first_decision_per_selection",
            ),
            models.CheckConstraint(
                condition=Q(previous=None, at=None) | Q(previous__isnull=False, at__isnull=False),
                name="later_decision_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.SELECTED) | Q(grant_won=0),
                name="only_the_selected_have_a_grant",
            ),
        ]
        indexes = [models.Index(fields=["selection", "rank"], name="decision_rank")]

    def __str__(self) -> str:
        return f"{self.application}: {self.get_outcome_display()}"

    @property
    def in_force_at(self) -> datetime | None:
        """Since when it is or was in force; a first decision since its release."""
        return self.at or self.selection.released_at

    @property
    def change_kind(self) -> str:
        """The `ChangeKind` that made it; empty for a first decision."""
        return self.reason_code if self.previous_id else ""
