"""Submissions and the versions of the form they were filed under."""

from django.conf import settings
from django.db import models

from applications.models.application import Application

USER = settings.AUTH_USER_MODEL


class FormVersion(models.Model):
    """Questions, conditions and documents as they were when an application was filed."""

    sha256 = models.CharField("SHA-256", max_length=64, primary_key=True)
    content = models.JSONField("양식")

    class Meta:
        verbose_name = "양식 버전"
        verbose_name_plural = "양식 버전"

    def __str__(self) -> str:
        return self.sha256[:12]


class Submission(models.Model):
    """Filed application, frozen: answers, form version, eligibility, preview, files, under one hash.

    Append-only in the database. `content` is the canonical snapshot; `sha256` is over its bytes.
    """

    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, primary_key=True, related_name="submission"
    )
    number = models.CharField("접수번호", max_length=40, unique=True)
    submitted_at = models.DateTimeField("제출 시각")
    submitted_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    form = models.ForeignKey(
        FormVersion, on_delete=models.PROTECT, related_name="+", verbose_name="양식 버전"
    )
    content = models.JSONField("내용")
    sha256 = models.CharField("SHA-256", max_length=64)
    total_cost_won = models.PositiveBigIntegerField("총사업비(원)", null=True)
    support_won = models.PositiveBigIntegerField("정부지원금(원)", null=True)
    own_won = models.PositiveBigIntegerField("기업부담금(원)", null=True)

    class Meta:
        verbose_name = "제출본"
        verbose_name_plural = "제출본"

    def __str__(self) -> str:
        return self.number
