"""The report rules of a round: form, periods, score formula, awards."""

from collections.abc import Container
from datetime import date, datetime

from django.db import models
from django.db.models import Q

from portal.models import Dated
from programs.rules import deadlines
from vouchers.models.panel import PanelRound


class ReportPlan(Dated):
    """The rules of one round's reports; every field has its origin in `origins`.

    `form` holds sections, scales and evidence for `rules.reports.writing.parse`, `formula` the
    activity score, `tiers` the awards, `insults` the words that automatic checks look for.
    """

    round = models.OneToOneField(
        PanelRound, on_delete=models.PROTECT, related_name="plan", verbose_name="회차"
    )
    form = models.JSONField("보고서 서식")
    reminder_days = models.JSONField("마감 안내(며칠 전)", default=list)
    comment_days = models.PositiveSmallIntegerField("공급기업 의견 기간(일)")
    correction_days = models.PositiveSmallIntegerField("시정 기간(일)")
    objection_days = models.PositiveSmallIntegerField("판매 중지 이의신청 기간(일)", default=10)
    due_policies = models.JSONField("기한이 끝나는 때", default=dict)
    similarity_percent = models.PositiveSmallIntegerField("비슷한 글로 보는 비율(%)")
    section_percent = models.PositiveSmallIntegerField("비슷한 항목으로 보는 비율(%)", default=60)
    insults = models.JSONField("모욕·비하 표현", default=list)
    formula = models.JSONField("활동 점수 산식")
    tiers = models.JSONField("시상 등급")
    origins = models.JSONField("출처", default=dict)

    class Meta:
        verbose_name = "보고서 운영 기준"
        verbose_name_plural = "운영 현황과 보고서 기준"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    comment_days__gte=1,
                    correction_days__gte=1,
                    objection_days__gte=1,
                    similarity_percent__gte=1,
                    similarity_percent__lte=100,
                    section_percent__gte=1,
                    section_percent__lte=100,
                ),
                name="report_plan_is_sound",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} 보고서"

    def due_after(self, period: str, start: datetime, holidays: Container[date]) -> datetime:
        """When a period of this plan (`comment_days`, `correction_days`, `objection_days`) is over."""
        policy = deadlines.policy_of(self.due_policies, period)
        return deadlines.due_after(start, getattr(self, period), policy, holidays)
