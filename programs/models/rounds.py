"""Rounds, the history of their dates, and dates proposed for approval."""

from django.db import models
from django.db.models import F, Q

from portal.models import Dated, User
from programs.models.proposals import Proposal, two_people
from programs.rules import calendar
from programs.rules.grants import limits as firm_limits
from programs.states import ROUND_ACTS, Ground


class ProgramRound(Dated):
    """One call for applications (회차) of the umbrella programme."""

    code = models.SlugField("코드", max_length=40, unique=True)
    year = models.PositiveSmallIntegerField("연도")
    sequence = models.PositiveSmallIntegerField("차수")
    name = models.CharField("이름", max_length=100)
    opens_at = models.DateTimeField("접수 시작")
    closes_at = models.DateTimeField("접수 마감")
    announced = models.BooleanField("공고 여부", default=False)
    total_won = models.PositiveBigIntegerField("총예산")
    outage_hours = models.PositiveSmallIntegerField("장애로 보는 마감 전 시간", default=24)
    extension_days = models.PositiveSmallIntegerField("장애로 늘릴 수 있는 날", default=3)
    ticket_hours = models.PositiveSmallIntegerField("복구 뒤 접수 확인표를 받는 시간", default=2)
    profile = models.JSONField("기업정보 질문", default=list, blank=True)
    pools = models.JSONField("전문가 풀", default=list, blank=True)
    limits = models.JSONField("기업별 지원 한도", default=list, blank=True)
    origins = models.JSONField("출처", default=dict, blank=True)

    class Meta:
        verbose_name = "사업 회차"
        verbose_name_plural = "사업 회차"
        ordering = ["-opens_at"]
        constraints = [
            models.UniqueConstraint(fields=["year", "sequence"], name="round_once_a_year"),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="round_closes_after_it_opens"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def window(self) -> calendar.Window:
        return calendar.Window(self.opens_at, self.closes_at)

    def limits_parsed(self) -> tuple[firm_limits.Limit, ...]:
        return firm_limits.parse(self.limits)


class RoundChange(models.Model):
    """Why a round's dates or announcement changed. Append-only in the database."""

    round = models.ForeignKey(ProgramRound, on_delete=models.PROTECT, related_name="changes")
    act = models.CharField("처리", max_length=20)
    before = models.JSONField("이전", default=dict)
    after = models.JSONField("이후", default=dict)
    reason = models.CharField("사유", max_length=300, blank=True)
    ground = models.CharField("근거", max_length=10, choices=Ground.choices, blank=True)
    evidence = models.JSONField("장애 기록", default=list, blank=True)
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="처리자"
    )
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인자"
    )
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "회차 변경 이력"
        verbose_name_plural = "회차 변경 이력"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(ground=Ground.OUTAGE) | ~Q(evidence=[]),
                name="extension_by_outage_shows_its_minutes",
            ),
            models.CheckConstraint(
                condition=~Q(ground=Ground.LEGAL)
                | Q(approved_by__isnull=False) & ~Q(approved_by=F("by")),
                name="extension_by_law_needs_two_people",
            ),
        ]

    def __str__(self) -> str:
        return ": ".join(filter(None, [ROUND_ACTS[self.act], self.reason]))


class RoundProposal(Proposal):
    """New dates of an announced round for another lawful reason; another manager approves."""

    round = models.ForeignKey(
        ProgramRound, on_delete=models.PROTECT, related_name="proposals", verbose_name="회차"
    )
    opens_at = models.DateTimeField("접수 시작")
    closes_at = models.DateTimeField("접수 마감")
    reason = models.CharField("사유와 근거", max_length=300)
    # The dates it was made upon; unknown of proposals made before this field.
    before = models.JSONField("제안할 때의 기간", null=True)

    class Meta:
        verbose_name = "접수 기간 변경안"
        verbose_name_plural = "접수 기간 변경안"
        constraints = [
            models.UniqueConstraint(
                fields=["round"], condition=Q(ended_at=None), name="one_open_proposal_per_round"
            ),
            two_people("proposal_needs_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.round} 접수 기간 변경안"
