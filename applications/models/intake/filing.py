"""Submissions, the versions of the form they were filed under, and what is prepared for filing."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce

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


class PreparedFiling(models.Model):
    """What filing a draft would freeze, as a review page showed it; pressing submit confirms `sha256`.

    A draft has a row for each content that somebody was shown lately, so that a person whose page is
    out of date reads what has changed since. `content` lacks number, instant and version: those are
    added when it is filed. What was judged at one instant holds from `valid_from` until before
    `valid_until`.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="prepared")
    sha256 = models.CharField("SHA-256", max_length=64)
    version = models.PositiveIntegerField("신청서 버전")
    # Names the versions of all rows that it was made from; empty where the database has none.
    basis = models.CharField("바탕", max_length=32, blank=True)
    valid_from = models.DateTimeField("판단이 맞는 처음 시각")
    valid_until = models.DateTimeField("판단을 다시 할 시각")
    complete = models.BooleanField("빠진 항목 없음")
    form = models.ForeignKey(FormVersion, on_delete=models.PROTECT, related_name="+")
    content = models.JSONField("내용")
    claims = models.JSONField("가점 주장")
    parties = models.JSONField("기업과 담당자")
    evidence = models.JSONField("사실의 출처", null=True)
    shown_at = models.DateTimeField("보인 시각")

    class Meta:
        verbose_name = "제출 준비"
        verbose_name_plural = "제출 준비"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "sha256"], name="one_prepared_filing_per_content"
            ),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


class Submission(models.Model):
    """Filed application, frozen: answers, form version, eligibility, preview, files, under one hash.

    Append-only in the database. `content` is the canonical snapshot; `sha256` is over its bytes.
    `evidence` is what sources said of its facts when it was prepared, beside the content: an answer
    that comes after the firm has read its application does not change what it confirmed.
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
    evidence = models.JSONField("사실의 출처", null=True)
    total_cost_won = models.PositiveBigIntegerField("총사업비(원)", null=True)
    support_won = models.PositiveBigIntegerField("정부지원금(원)", null=True)
    own_won = models.PositiveBigIntegerField("기업부담금(원)", null=True)

    class Meta:
        verbose_name = "제출본"
        verbose_name_plural = "제출본"
        indexes = [
            # Expert services have no amount; the staff list sorts them as nothing.
            models.Index(Coalesce("support_won", 0), "application", name="submission_support"),
        ]

    def __str__(self) -> str:
        return self.number
