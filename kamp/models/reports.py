"""Inspection reports."""

from django.conf import settings
from django.db import models

from kamp.models.inspections import Inspection
from kamp.models.training import InspectionModel
from portal.models import IssuedPdf, Job

USER = settings.AUTH_USER_MODEL


class InspectionReport(IssuedPdf):
    """A PDF of the verdicts of a model up to one inspection, and of the decisions up to one."""

    model = models.ForeignKey(InspectionModel, on_delete=models.PROTECT, related_name="reports")
    last_inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    decisions_until = models.PositiveBigIntegerField(default=0, editable=False)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "검사 보고서"
        verbose_name_plural = "검사 보고서"
        constraints = [
            models.UniqueConstraint(
                fields=["model", "last_inspection", "decisions_until"],
                name="one_report_of_the_same_facts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} 보고서"
