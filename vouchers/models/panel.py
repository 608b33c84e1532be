"""A panel round: dates, kinds of members, criteria, and the services to be tried."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.models import Dated
from programs.models import Budget
from programs.rules import calendar
from programs.states import ROUND_ACTS, QuotaKind
from vouchers.models.catalogue import Service
from vouchers.states import MemberKind

USER = settings.AUTH_USER_MODEL


class PanelRound(Dated):
    """One panel (모니터링단): intake window, size, members per service, budgets.

    Loaded from a data file; `origins` maps each field to its source.
    """

    code = models.SlugField("코드", max_length=40, unique=True)
    year = models.PositiveSmallIntegerField("연도")
    name = models.CharField("이름", max_length=100)
    summary = models.TextField("소개", blank=True)
    announced = models.BooleanField("공고 여부", default=False)
    opens_at = models.DateTimeField("모집 시작")
    closes_at = models.DateTimeField("모집 마감")
    target_count = models.PositiveIntegerField("모집 인원")
    target_kind = models.CharField(
        "모집 인원 구분", max_length=10, choices=QuotaKind.choices, default=QuotaKind.ABOUT
    )
    reserve_count = models.PositiveIntegerField("예비 인원", default=0)
    members_per_service = models.PositiveSmallIntegerField("서비스마다 체험 인원", default=4)
    load = models.PositiveSmallIntegerField("한 사람의 최대 체험 서비스", default=8)
    wishes_most = models.PositiveSmallIntegerField("희망 서비스 최대", default=10)
    wishes_until = models.DateTimeField("희망 서비스 마감", null=True, blank=True)
    active_until = models.DateTimeField("활동 마감", null=True, blank=True)
    burst_limit = models.PositiveSmallIntegerField("몰린 신청으로 보는 건수", default=3)
    burst_hours = models.PositiveSmallIntegerField("몰린 신청을 보는 시간", default=24)
    fee_won = models.PositiveIntegerField("보고서 한 건의 원고료(원)", null=True, blank=True)
    fee_pot = models.ForeignKey(
        Budget,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="원고료 예산",
    )
    award_pot = models.ForeignKey(
        Budget,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="인센티브 예산",
    )
    consents = models.JSONField("동의", default=list, blank=True)
    origins = models.JSONField("출처", default=dict, blank=True)
    covered = models.ManyToManyField(
        Service, through="CoveredService", related_name="rounds", verbose_name="체험 서비스"
    )

    class Meta:
        verbose_name = "모니터링단 회차"
        verbose_name_plural = "모니터링단 회차"
        ordering = ["-opens_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="panel_closes_after_it_opens"
            ),
            models.CheckConstraint(
                condition=Q(members_per_service__gte=1, load__gte=1, target_count__gte=1),
                name="panel_has_a_size",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def window(self) -> calendar.Window:
        return calendar.Window(self.opens_at, self.closes_at)


class PanelRoundChange(models.Model):
    """A change of a round, such as new dates, with the reason. Append-only in the database."""

    round = models.ForeignKey(PanelRound, on_delete=models.PROTECT, related_name="changes")
    act = models.CharField("처리", max_length=20)
    before = models.JSONField("이전", default=dict)
    after = models.JSONField("이후", default=dict)
    reason = models.CharField("사유", max_length=300, blank=True)
    by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="처리자"
    )
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "모니터링단 회차 변경 이력"
        verbose_name_plural = "모니터링단 회차 변경 이력"
        ordering = ["pk"]

    def __str__(self) -> str:
        return ": ".join(filter(None, [ROUND_ACTS[self.act], self.reason]))


class PanelKind(models.Model):
    """A kind of member in one round: who belongs to it and what proves it.

    At least `least_members` of the kind are selected if enough apply; each service is tried by at
    least `least_each` of them.
    """

    round = models.ForeignKey(
        PanelRound, on_delete=models.CASCADE, related_name="kinds", verbose_name="회차"
    )
    code = models.CharField("구분", max_length=10, choices=MemberKind.choices)
    guide = models.CharField("대상", max_length=200)
    evidence = models.CharField("증빙", max_length=200)
    least_members = models.PositiveIntegerField("최소 선정 인원", default=0)
    least_each = models.PositiveSmallIntegerField("서비스마다 최소 인원", default=1)
    origins = models.JSONField("출처", default=dict, blank=True)
    order = models.PositiveSmallIntegerField("순서", default=0)

    class Meta:
        verbose_name = "단원 구분"
        verbose_name_plural = "단원 구분"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "code"], name="one_kind_per_panel"),
        ]

    def __str__(self) -> str:
        return self.get_code_display()


class PanelCriterion(models.Model):
    """A criterion for applicants (전문성, 관심도): maximum points, weight in percent."""

    round = models.ForeignKey(
        PanelRound, on_delete=models.CASCADE, related_name="criteria", verbose_name="회차"
    )
    code = models.SlugField("코드", max_length=40)
    label = models.CharField("이름", max_length=50)
    guide = models.CharField("설명", max_length=300, blank=True)
    max_points = models.PositiveSmallIntegerField("만점")
    weight = models.PositiveSmallIntegerField("비중(%)")
    origins = models.JSONField("출처", default=dict, blank=True)
    order = models.PositiveSmallIntegerField("순서", default=0)

    class Meta:
        verbose_name = "선정 기준"
        verbose_name_plural = "선정 기준"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "code"], name="one_criterion_per_panel"),
            models.CheckConstraint(
                condition=Q(max_points__gte=1, weight__gte=1, weight__lte=100),
                name="panel_criterion_counts",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class CoveredService(models.Model):
    """A service to be tried in a round, by `wanted` members (default: `members_per_service`)."""

    round = models.ForeignKey(PanelRound, on_delete=models.PROTECT, related_name="coverage")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="coverage")
    wanted = models.PositiveSmallIntegerField("체험 인원", null=True, blank=True)
    added_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField("지정 시각")

    class Meta:
        verbose_name = "체험 서비스"
        verbose_name_plural = "체험 서비스"
        constraints = [
            models.UniqueConstraint(fields=["round", "service"], name="covered_once_a_round"),
        ]

    def __str__(self) -> str:
        return str(self.service)
