"""Uploads and what the scanner for malicious software found in them."""

from django.db import models
from django.db.models import Q

from portal.models.access import User


class Verdict(models.TextChoices):
    WAITING = "waiting", "검사 중"
    PASSED = "passed", "통과"
    QUARANTINED = "quarantined", "격리"


class ScannedFile(models.Model):
    """One stored upload and its verdict. Uploads from before there was a scanner may have no row."""

    name = models.CharField("저장한 이름", max_length=100, unique=True, editable=False)
    title = models.CharField("파일 이름", max_length=160)
    size = models.PositiveBigIntegerField("크기(바이트)")
    sha256 = models.CharField("SHA-256", max_length=64)
    verdict = models.CharField(
        "검사", max_length=12, choices=Verdict.choices, default=Verdict.WAITING
    )
    uploaded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="올린 사람"
    )
    stored_at = models.DateTimeField("저장 시각")
    checked_at = models.DateTimeField("검사 시각", null=True)
    signature = models.CharField("찾은 것", max_length=200, blank=True)
    database = models.CharField("검사 기준", max_length=120, blank=True)
    problem = models.CharField("검사하지 못한 까닭", max_length=200, blank=True)

    class Meta:
        verbose_name = "올린 파일 검사"
        verbose_name_plural = "올린 파일 검사"
        indexes = [
            models.Index(
                fields=["stored_at"], condition=Q(verdict="waiting"), name="scannedfile_waiting"
            ),
            models.Index(
                fields=["stored_at"],
                condition=Q(verdict="quarantined"),
                name="scannedfile_quarantined",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="waiting", checked_at=None)
                | (~Q(verdict="waiting") & Q(checked_at__isnull=False)),
                name="scannedfile_verdict_has_its_instant",
            ),
            models.CheckConstraint(
                condition=Q(verdict="quarantined") | Q(signature=""),
                name="scannedfile_only_quarantine_names_a_signature",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.get_verdict_display()})"
