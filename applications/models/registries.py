"""Consent of firms to being looked up, checks of a sub-programme's firms, and changes that staff saw."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.company import Company
from portal.models import Job, RegistryAnswer
from programs.models import SubProgram

USER = settings.AUTH_USER_MODEL


class RegistryConsent(models.Model):
    """A firm's consent to the portal asking agencies about it, in a version of its wording."""

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="registry_consents", verbose_name="기업"
    )
    wording = models.CharField("문구 버전", max_length=20)
    given_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="동의한 사람"
    )
    given_at = models.DateTimeField("동의 시각", db_index=True)
    withdrawn_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="철회한 사람"
    )
    withdrawn_at = models.DateTimeField("철회 시각", null=True)

    class Meta:
        verbose_name = "기관 조회 동의"
        verbose_name_plural = "기관 조회 동의"
        constraints = [
            models.UniqueConstraint(
                fields=["company"], condition=Q(withdrawn_at=None), name="one_registry_consent"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="registryconsent_is_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company} ({self.wording})"


class RegistryCheck(models.Model):
    """One run that asks every registry about all firms of a sub-programme.

    `results` has per registry how many were asked, answered, changed, and failed by kind; `unasked`
    counts the firms that did not consent.
    """

    sub_program = models.ForeignKey(
        SubProgram, on_delete=models.PROTECT, related_name="+", verbose_name="내역사업"
    )
    requested_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="요청자"
    )
    requested_at = models.DateTimeField("요청 시각")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    results: Any = models.JSONField("결과", default=dict)
    unasked = models.PositiveIntegerField("동의하지 않은 기업", null=True)
    finished_at = models.DateTimeField("마친 시각", null=True)

    class Meta:
        verbose_name = "기관 재조회"
        verbose_name_plural = "기관 재조회"
        constraints = [
            models.UniqueConstraint(
                fields=["sub_program"],
                condition=Q(finished_at=None),
                name="one_registry_check_at_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sub_program} 기관 재조회"


class RegistryChange(RegistryAnswer):
    """A changed answer, as staff see it."""

    class Meta:
        proxy = True
        verbose_name = "바뀐 기관 조회"
        verbose_name_plural = "바뀐 기관 조회"


class RegistryReview(models.Model):
    """What a member of staff noted about a changed answer; the note itself decides nothing."""

    answer = models.OneToOneField(
        RegistryAnswer, on_delete=models.PROTECT, related_name="review", verbose_name="바뀐 답"
    )
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", verbose_name="확인자")
    at = models.DateTimeField("확인 시각")
    note = models.CharField("확인한 내용", max_length=300)

    class Meta:
        verbose_name = "바뀐 답의 확인"
        verbose_name_plural = "바뀐 답의 확인"

    def __str__(self) -> str:
        return self.note
