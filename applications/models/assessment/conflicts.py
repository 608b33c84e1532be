"""Conflict statements of assessors, and the ties that were found."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application

USER = settings.AUTH_USER_MODEL


class ConflictStatement(models.Model):
    """An assessor's statement on one application before it opens. Append-only."""

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="conflict_statements"
    )
    assessor = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="conflict_statements", verbose_name="평가위원"
    )
    tied = models.BooleanField("이해관계 있음")
    words = models.CharField("내용", max_length=500, blank=True)
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "이해관계 확인서"
        verbose_name_plural = "이해관계 확인서"
        constraints = [
            models.CheckConstraint(
                condition=Q(tied=False) | ~Q(words=""), name="stated_tie_has_a_description"
            ),
        ]
        indexes = [models.Index(fields=["application", "assessor"], name="statement_of_pair")]

    def __str__(self) -> str:
        return f"{self.application} · {self.assessor}"


class ConflictOfInterest(models.Model):
    """A tie between an assessor and an application.

    Until it is cleared, the database refuses a sheet of the pair.
    """

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="conflicts", verbose_name="신청"
    )
    assessor = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="conflicts", verbose_name="평가위원"
    )
    code = models.CharField("종류", max_length=40)
    reason = models.CharField("사유", max_length=500)
    found_at = models.DateTimeField("확인 시각")
    cleared_at = models.DateTimeField("해소 시각", null=True)

    class Meta:
        verbose_name = "이해관계"
        verbose_name_plural = "이해관계"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "assessor", "code"],
                condition=Q(cleared_at=None),
                name="one_open_conflict_per_code",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} · {self.assessor}: {self.code}"
