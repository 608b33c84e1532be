"""Frozen rubrics."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from programs.models import SubProgram

USER = settings.AUTH_USER_MODEL


class RubricVersion(models.Model):
    """The rubric of a sub-programme, frozen when scoring begins. Append-only in the database.

    `content` is what `rules.assessment.scoring.Rubric` reads, `guides` the guidance beside each
    criterion; the hash covers both. A later version links the one before it.
    """

    sub_program = models.ForeignKey(
        SubProgram, on_delete=models.PROTECT, related_name="rubrics", verbose_name="내역사업"
    )
    number = models.PositiveIntegerField("버전")
    content = models.JSONField("평가 기준")
    guides = models.JSONField("평가 안내", default=dict)
    sha256 = models.CharField("SHA-256", max_length=64)
    frozen_at = models.DateTimeField("고정 시각")
    frozen_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="고정한 사람"
    )
    reason = models.CharField("사유", max_length=300)
    previous = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="following",
        verbose_name="앞 버전",
    )

    class Meta:
        verbose_name = "평가 기준 판"
        verbose_name_plural = "평가 기준 판"
        constraints = [
            models.UniqueConstraint(fields=["sub_program", "number"], name="one_rubric_per_number"),
            models.CheckConstraint(
                condition=Q(number=1, previous=None) | Q(number__gt=1, previous__isnull=False),
                name="later_rubric_names_the_one_before",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sub_program} 평가 기준 {self.number}판"
