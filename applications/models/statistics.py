"""Round reports that staff request; a job makes the file."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.models import Job
from programs.models import ProgramRound

USER = settings.AUTH_USER_MODEL


class RoundReport(models.Model):
    """One report in one format.

    `announced` rows were counted when the job began, `rows` are in the file; both are equal.
    """

    class Form(models.TextChoices):
        PDF = "pdf", "PDF"
        HWPX = "hwpx", "한글(HWPX)"
        XLSX = "xlsx", "엑셀(XLSX)"
        CSV = "csv", "CSV(선정 목록)"

    round = models.ForeignKey(
        ProgramRound, on_delete=models.PROTECT, related_name="reports", verbose_name="회차"
    )
    form = models.CharField("형식", max_length=4, choices=Form.choices)
    requested_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="요청자"
    )
    requested_at = models.DateTimeField("요청 시각")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    announced = models.PositiveIntegerField("예고한 줄 수", null=True)
    rows = models.PositiveIntegerField("담은 줄 수", null=True)
    file = models.CharField(max_length=100, blank=True, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    made_at = models.DateTimeField("만든 시각", null=True)

    class Meta:
        verbose_name = "회차 보고서"
        verbose_name_plural = "회차 보고서"
        constraints = [
            models.CheckConstraint(
                condition=Q(made_at=None) | (Q(rows=models.F("announced")) & ~Q(file="")),
                name="made_report_holds_what_it_announced",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} 보고서 ({self.get_form_display()})"
