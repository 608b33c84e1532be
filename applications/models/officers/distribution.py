"""By which rules new files of a sub-programme are distributed among its officers."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from programs.models import SubProgram, Track
from programs.states import Region

USER = settings.AUTH_USER_MODEL


class DistributionPlan(models.Model):
    """One version of the rules of a sub-programme; the latest is in force. Append-only.

    Without a plan, or with one that has no rule, nothing is distributed.
    """

    sub_program = models.ForeignKey(
        SubProgram,
        on_delete=models.PROTECT,
        related_name="distribution_plans",
        verbose_name="내역사업",
    )
    number = models.PositiveIntegerField("판")
    made_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="정한 사람"
    )
    made_at = models.DateTimeField("정한 시각")

    class Meta:
        verbose_name = "배분 규칙"
        verbose_name_plural = "배분 규칙"
        constraints = [
            models.UniqueConstraint(
                fields=["sub_program", "number"], name="one_distribution_plan_of_a_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sub_program} 배분 규칙 {self.number}판"


class DistributionRule(models.Model):
    """Which files go to whom; the first rule that fits a file counts. Append-only.

    What is empty fits every file. `officer` None: in turn, to the one who has the fewest.
    """

    plan = models.ForeignKey(DistributionPlan, on_delete=models.PROTECT, related_name="rules")
    order = models.PositiveSmallIntegerField("순서")
    region = models.CharField("지역", max_length=20, choices=Region.choices, blank=True)
    track = models.ForeignKey(
        Track, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="지원유형"
    )
    endings = models.JSONField("접수번호 끝자리", default=list)
    officer = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="담당자"
    )

    class Meta:
        verbose_name = "배분 규칙 한 줄"
        verbose_name_plural = "배분 규칙 한 줄"
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "order"], name="one_distribution_rule_in_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} {self.order}"

    @property
    def fits(self) -> Q:
        """Return the condition on applications, which is never empty."""
        found = Q(submitted_at__isnull=False)
        if self.region:
            found &= Q(region=self.region)
        if self.track_id is not None:
            found &= Q(track=self.track_id)
        if self.endings:
            found &= Q(*(Q(number__endswith=row) for row in self.endings), _connector=Q.OR)
        return found
