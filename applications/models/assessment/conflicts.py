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


class FrozenParties(models.Model):
    """The firms of an application as ties are judged by them, frozen when it is filed. Append-only.

    `parties` are rows with the fields of `portal.assignment.ties.Party`. What a firm changes later
    voids nobody's sheet.
    """

    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, primary_key=True, related_name="frozen_parties"
    )
    parties = models.JSONField("기업과 담당자")
    frozen_at = models.DateTimeField("고정 시각")

    class Meta:
        verbose_name = "접수 때의 기업 정보"
        verbose_name_plural = "접수 때의 기업 정보"

    def __str__(self) -> str:
        return str(self.application)


class ConflictOfInterest(models.Model):
    """A tie between an assessor and an application.

    Until it is cleared, the database refuses a sheet of the pair. A `late` one was found while the
    pair had a sheet: it changes nothing until people decide about the sheet; `kept_at` says that they
    keep it.
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
    late = models.BooleanField("배정 뒤에 확인", default=False)
    kept_at = models.DateTimeField("유지 결정 시각", null=True)

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
        indexes = [
            models.Index(
                fields=["found_at"],
                condition=Q(late=True, cleared_at=None, kept_at=None),
                name="conflict_undecided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} · {self.assessor}"
