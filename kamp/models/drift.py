"""Drift checks."""

from django.db import models

from kamp.models.inspections import Inspection
from kamp.models.training import InspectionModel


class DriftCheck(models.Model):
    """Comparison of the latest normal products with those of training.

    `shift`: move of the mean score in standard deviations of training; `p_value` of that move.
    """

    model = models.ForeignKey(InspectionModel, on_delete=models.PROTECT, related_name="drifts")
    at = models.DateTimeField("확인한 시각")
    last_inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="+")
    n = models.PositiveIntegerField("제품 수")
    flagged = models.PositiveIntegerField("정상이 아니라고 한 수")
    held = models.PositiveIntegerField("판정을 보류할 수", default=0)
    p_value = models.FloatField("유의확률")
    shift = models.FloatField("점수의 이동")
    drifted = models.BooleanField("달라짐")
    message = models.CharField("알림", max_length=200, blank=True)

    class Meta:
        verbose_name = "촬영 조건 점검"
        verbose_name_plural = "촬영 조건 점검"
        constraints = [
            models.UniqueConstraint(
                fields=["model", "last_inspection"], name="one_drift_check_of_the_same_products"
            ),
        ]

    def __str__(self) -> str:
        return self.message or "달라지지 않음"
