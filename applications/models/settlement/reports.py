"""Reports of the firm and checks of the work by staff."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.agreement.contracts import Agreement
from applications.states import (
    CheckKind,
    FinalOutcome,
    ReportKind,
    ReportState,
)

USER = settings.AUTH_USER_MODEL


class Report(models.Model):
    """A report of the firm: a draft until it is filed under its SHA-256."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField("종류", max_length=10, choices=ReportKind.choices)
    state = models.CharField(
        "상태", max_length=10, choices=ReportState.choices, default=ReportState.DRAFT
    )
    due_at = models.DateTimeField("제출 기한")
    data = models.JSONField("내용", default=dict)
    version = models.PositiveIntegerField("판", default=0)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField("저장 시각", null=True)
    filed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    filed_at = models.DateTimeField("제출 시각", null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)

    class Meta:
        verbose_name = "보고서"
        verbose_name_plural = "보고서"
        constraints = [
            models.UniqueConstraint(fields=["agreement", "kind"], name="one_report_per_kind"),
            models.CheckConstraint(
                condition=~Q(state=ReportState.FILED)
                | (Q(filed_by__isnull=False, filed_at__isnull=False) & ~Q(sha256="")),
                name="filed_report_is_frozen",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class ReportFile(models.Model):
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="files")
    name = models.CharField("파일 이름", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("크기")
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("형식", max_length=120)
    uploaded_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("올린 시각")
    removed_at = models.DateTimeField("삭제 시각", null=True)

    class Meta:
        verbose_name = "보고서 첨부"
        verbose_name_plural = "보고서 첨부"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class StageCheck(models.Model):
    """The result of a mid or final check of the work. Append-only in the database."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="stage_checks")
    kind = models.CharField("점검", max_length=10, choices=CheckKind.choices)
    outcome = models.CharField("결과", max_length=12)
    reason = models.CharField("사유", max_length=1000)
    until = models.DateTimeField("보완 기한", null=True)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "수행 점검"
        verbose_name_plural = "수행 점검"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "kind"],
                condition=~Q(outcome=FinalOutcome.HELD),
                name="one_verdict_per_check",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.outcome}"
