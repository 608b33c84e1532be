"""Verdicts of models, and what inspectors decided beside them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from kamp.models.clips import Clip
from kamp.models.training import InspectionModel
from kamp.states import Mark, Verdict

USER = settings.AUTH_USER_MODEL


class Inspection(models.Model):
    """Verdict of a model on one clip: given once, never changed.

    `pictures`: one archive with the heatmap on each of the `shown` frames and on the panorama.
    """

    model = models.ForeignKey(InspectionModel, on_delete=models.PROTECT, related_name="inspections")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="inspections")
    verdict = models.CharField("판정", max_length=10, choices=Verdict.choices)
    reasons = models.JSONField("까닭", default=list)
    known_score = models.FloatField("알려진 불량 점수", null=True)
    anomaly_score = models.FloatField("이상 점수", null=True)
    frame_scores = models.JSONField("프레임별 점수", default=list)
    times = models.JSONField("걸린 시간(ms)", default=dict)
    pictures = models.CharField(max_length=100, blank=True, editable=False)
    shown = models.JSONField("보이는 프레임", default=list)
    inspected_at = models.DateTimeField("판정한 시각")

    class Meta:
        verbose_name = "판정"
        verbose_name_plural = "판정"
        constraints = [
            models.UniqueConstraint(fields=["model", "clip"], name="one_verdict_of_a_model"),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.HOLD) | ~Q(reasons=[]), name="a_hold_says_why"
            ),
        ]

    def __str__(self) -> str:
        return self.get_verdict_display()


class InspectorDecision(models.Model):
    """Decision of an inspector beside the verdict; a later decision is a new row."""

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="decisions")
    mark = models.CharField("검사원 판정", max_length=10, choices=Mark.choices)
    note = models.CharField("덧붙임", max_length=300, blank=True)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "검사원 판정"
        verbose_name_plural = "검사원 판정"

    def __str__(self) -> str:
        return self.get_mark_display()
