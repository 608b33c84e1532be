"""Rewards: a fee for an accepted report, awards out of a pool, certificates."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.models import IssuedPdf, MoveLogBase, Stateful
from vouchers.models.members import Monitor
from vouchers.models.panel import PanelRound
from vouchers.models.reports import ConsumerReport
from vouchers.states import AwardRoundMoves, AwardRoundState, FeeOutcome

USER = settings.AUTH_USER_MODEL


class ReportFee(models.Model):
    """The fee of an accepted report, committed in the ledger on acceptance. Append-only."""

    report = models.OneToOneField(
        ConsumerReport, on_delete=models.PROTECT, related_name="fee", verbose_name="보고서"
    )
    amount_won = models.PositiveBigIntegerField("원고료(원)")
    earned_at = models.DateTimeField("발생 시각")

    class Meta:
        verbose_name = "원고료"
        verbose_name_plural = "원고료"
        constraints = [
            models.CheckConstraint(condition=Q(amount_won__gt=0), name="fee_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.report} 원고료"


class FeeSettlement(models.Model):
    """Records that a fee was paid or withheld, once. Append-only in the database."""

    fee = models.OneToOneField(ReportFee, on_delete=models.PROTECT, related_name="settlement")
    outcome = models.CharField("처리", max_length=10, choices=FeeOutcome.choices)
    note = models.CharField("사유", max_length=300, blank=True)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", verbose_name="처리자")
    at = models.DateTimeField("처리 시각")

    class Meta:
        verbose_name = "원고료 정산"
        verbose_name_plural = "원고료 정산"
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome=FeeOutcome.PAID) | ~Q(note=""), name="withheld_fee_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fee}: {self.get_outcome_display()}"


class AwardRoundMove(MoveLogBase):
    thing = models.ForeignKey("AwardRound", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "시상 이력"
        verbose_name_plural = "시상 이력"


class AwardRound(Stateful):
    """The awards of a panel round: proposed by one person, approved by another, paid once.

    `rules` holds the frozen formula, tiers and tie rule; `results_sha256` hashes all awards.
    """

    MOVES = AwardRoundMoves.by_name()
    MOVE_LOG = AwardRoundMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=AwardRoundState.choices,
        default=AwardRoundState.PROPOSED,
        editable=False,
    )
    round = models.ForeignKey(
        PanelRound, on_delete=models.PROTECT, related_name="award_rounds", verbose_name="회차"
    )
    pool_won = models.PositiveBigIntegerField("인센티브 총액(원)")
    rules = models.JSONField("시상 기준(고정)")
    results_sha256 = models.CharField("결과 SHA-256", max_length=64)
    proposed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="제안한 사람"
    )
    proposed_at = models.DateTimeField("제안 시각")
    approved_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인한 사람"
    )
    approved_at = models.DateTimeField("승인 시각", null=True)
    paid_at = models.DateTimeField("지급 시각", null=True)

    class Meta:
        verbose_name = "시상"
        verbose_name_plural = "시상"
        constraints = [
            models.UniqueConstraint(
                fields=["round"],
                condition=~Q(state=AwardRoundState.DISCARDED),
                name="one_open_award_round_per_panel",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("proposed_by")),
                name="awards_take_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[AwardRoundState.APPROVED, AwardRoundState.PAID])
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="approved_awards_have_an_approver",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} 시상"


class Award(models.Model):
    """An award to one member. Append-only in the database."""

    award_round = models.ForeignKey(AwardRound, on_delete=models.PROTECT, related_name="awards")
    monitor = models.ForeignKey(
        Monitor, on_delete=models.PROTECT, related_name="awards", verbose_name="단원"
    )
    rank = models.PositiveSmallIntegerField("순위")
    tier = models.CharField("등급 코드", max_length=20)
    label = models.CharField("등급", max_length=30)
    commended = models.BooleanField("표창")
    score = models.DecimalField("활동 점수", max_digits=6, decimal_places=2)
    breakdown = models.JSONField("산출 내역")
    amount_won = models.PositiveBigIntegerField("인센티브(원)")

    class Meta:
        verbose_name = "시상 대상"
        verbose_name_plural = "시상 대상"
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["award_round", "monitor"], name="one_award_a_member"),
            models.UniqueConstraint(fields=["award_round", "rank"], name="one_award_a_rank"),
            models.CheckConstraint(condition=Q(amount_won__gt=0), name="award_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.monitor}: {self.label}"


class Certificate(IssuedPdf):
    """The numbered commendation (표창장) for an award."""

    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="certificate")
    number = models.CharField("표창 번호", max_length=30, unique=True)

    class Meta:
        verbose_name = "표창장"
        verbose_name_plural = "표창장"

    def __str__(self) -> str:
        return self.number
