"""What people decide about sheets: to exclude one, to keep it in spite of a tie, to restore it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.assessment.sheets import ScoreSheet
from applications.states import SheetDecisionKind

USER = settings.AUTH_USER_MODEL


class SheetDecision(models.Model):
    """A decision about a sheet, by one person or, if `two`, proposed by one and approved by another."""

    sheet = models.ForeignKey(
        ScoreSheet, on_delete=models.CASCADE, related_name="decisions", verbose_name="평가표"
    )
    kind = models.CharField("처리", max_length=8, choices=SheetDecisionKind.choices)
    reason = models.CharField("사유", max_length=500)
    two = models.BooleanField("두 사람이 결정", default=True)
    proposed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="제안한 사람"
    )
    proposed_at = models.DateTimeField("제안 시각")
    approved_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인한 사람"
    )
    approved_at = models.DateTimeField("확정 시각", null=True)
    discarded_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="거둔 사람"
    )
    discarded_at = models.DateTimeField("거둔 시각", null=True)
    note = models.CharField("거둔 사유", max_length=300, blank=True)

    class Meta:
        verbose_name = "평가표 제외·유지·복원"
        verbose_name_plural = "평가표 제외·유지·복원"
        constraints = [
            models.UniqueConstraint(
                fields=["sheet"],
                condition=Q(approved_at=None, discarded_at=None),
                name="one_open_decision_per_sheet",
            ),
            models.CheckConstraint(
                condition=~Q(approved_by=F("proposed_by")), name="sheet_decision_has_two_people"
            ),
            models.CheckConstraint(
                condition=Q(approved_at=None)
                | Q(two=False, approved_by=None)
                | Q(two=True, approved_by__isnull=False),
                name="sheet_decision_of_two_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(approved_at=None) | Q(discarded_at=None),
                name="sheet_decision_ends_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet}: {self.get_kind_display()}"

    @property
    def open(self) -> bool:
        return self.approved_at is None and self.discarded_at is None
