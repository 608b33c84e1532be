"""Score sheets of assessors."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.models.assessment.rubrics import RubricVersion
from applications.states import SheetDecisionKind

USER = settings.AUTH_USER_MODEL
ENDINGS = (SheetDecisionKind.EXCLUDE, SheetDecisionKind.RESTORE)


class SheetQuerySet(models.QuerySet["ScoreSheet"]):
    def active(self) -> "SheetQuerySet":
        """Return the sheets that are neither abstained nor withdrawn."""
        return self.filter(abstained_at=None, withdrawn_at=None)

    def counted(self) -> "SheetQuerySet":
        """Return the sheets that a score is computed from."""
        return self.active().filter(locked_at__isnull=False)

    def waiting(self) -> "SheetQuerySet":
        """Return the active sheets that are not locked."""
        return self.active().filter(locked_at=None)


class ScoreSheet(models.Model):
    """One assessor's sheet for one application: marks and reasons by criterion code.

    A mark is null where the criterion is not applicable. A sheet ends locked (`locked_at`),
    abstained, or withdrawn from the score because of a tie. The database then refuses any change,
    except that a locked sheet may be withdrawn, with its marks kept, and that two people may restore
    a withdrawn one.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="sheets")
    assessor = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="sheets", verbose_name="평가위원"
    )
    rubric = models.ForeignKey(
        RubricVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="sheets",
        verbose_name="평가 기준",
    )
    assigned_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    assigned_at = models.DateTimeField("배정 시각")
    due_at = models.DateTimeField("제출 기한", null=True)
    declared_at = models.DateTimeField("이해관계 확인 시각", null=True)
    marks = models.JSONField("점수", default=dict)
    reasons = models.JSONField("평가 의견", default=dict)
    comment = models.TextField("종합 의견", blank=True)
    version = models.PositiveIntegerField(default=1)
    locked_at = models.DateTimeField("제출 시각", null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    abstained_at = models.DateTimeField("회피 시각", null=True)
    withdrawn_at = models.DateTimeField("제외 시각", null=True)
    end_reason = models.CharField("회피·제외 사유", max_length=500, blank=True)

    objects = SheetQuerySet.as_manager()

    class Meta:
        verbose_name = "평가표"
        verbose_name_plural = "평가표"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "assessor"], name="one_sheet_per_assessor"
            ),
            models.CheckConstraint(
                condition=Q(locked_at=None) | ~Q(sha256=""), name="locked_sheet_is_hashed"
            ),
            models.CheckConstraint(
                condition=Q(abstained_at=None) | Q(locked_at=None),
                name="abstained_sheet_is_not_handed_in",
            ),
            models.CheckConstraint(
                condition=Q(abstained_at=None, withdrawn_at=None, end_reason="")
                | (
                    (Q(abstained_at__isnull=False) | Q(withdrawn_at__isnull=False))
                    & ~Q(end_reason="")
                ),
                name="ended_sheet_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["assessor", "-id"], name="sheet_of_assessor"),
            models.Index(
                fields=["assessor", "due_at"],
                condition=Q(locked_at=None, abstained_at=None, withdrawn_at=None),
                name="sheet_waiting",
            ),
            models.Index(
                fields=["locked_at"], condition=Q(locked_at__isnull=False), name="sheet_locked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} · {self.assessor}"

    def excluded_at(self, at: datetime) -> bool:
        """Tell whether the sheet was out of the score at this instant, also if it was restored later."""
        decided = [
            (row.approved_at, row.pk, row.kind)
            for row in self.decisions.all()
            if row.approved_at and row.approved_at <= at and row.kind in ENDINGS
        ]
        if decided:
            return bool(max(decided)[2] == SheetDecisionKind.EXCLUDE)
        return self.withdrawn_at is not None and self.withdrawn_at <= at

    @property
    def ended(self) -> bool:
        return self.abstained_at is not None or self.withdrawn_at is not None
