"""The work under an agreement: reports, checks, spending, its settlement and what comes back."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.agreement import Agreement
from applications.states import (
    CheckKind,
    FinalOutcome,
    RecoveryState,
    ReportKind,
    ReportState,
    SettlementState,
    SpendingState,
)

USER = settings.AUTH_USER_MODEL


class Report(models.Model):
    """A report of the firm: saved as it is written, frozen under a hash when it is filed."""

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
    """A file that belongs to a report."""

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
    """What staff found of the work, half-way or at its end. Append-only in the database."""

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


class Spending(models.Model):
    """One line of what the firm spent, with its evidence and what staff made of it."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="spendings")
    item = models.CharField("비목", max_length=40)
    spent_on = models.DateField("사용일")
    payee = models.CharField("받은 곳", max_length=100)
    purpose = models.CharField("사용 내용", max_length=200)
    amount_won = models.PositiveBigIntegerField("금액(원)")
    name = models.CharField("증빙 파일", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("크기")
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("형식", max_length=120)
    entered_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField("입력 시각")
    removed_at = models.DateTimeField("삭제 시각", null=True)
    state = models.CharField(
        "확인", max_length=10, choices=SpendingState.choices, default=SpendingState.CLAIMED
    )
    allowed_won = models.PositiveBigIntegerField("인정액(원)", default=0)
    reason = models.CharField("사유", max_length=300, blank=True)
    checked_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField("확인 시각", null=True)

    class Meta:
        verbose_name = "사용내역"
        verbose_name_plural = "사용내역"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_won__gt=0), name="spending_positive"),
            models.CheckConstraint(
                condition=Q(allowed_won__lte=F("amount_won")), name="allowed_within_the_spending"
            ),
            models.CheckConstraint(
                condition=Q(state=SpendingState.ALLOWED) | Q(allowed_won=0),
                name="only_allowed_spending_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payee} {self.amount_won:,}원"


class InKindUse(models.Model):
    """What was used of an award in kind, in won of its planned value. Append-only."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="uses")
    reference = models.CharField("근거 번호", max_length=80, unique=True)
    label = models.CharField("내용", max_length=200)
    amount_won = models.PositiveBigIntegerField("가액(원)")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "현물 사용"
        verbose_name_plural = "현물 사용"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_won__gt=0), name="in_kind_use_positive"),
        ]

    def __str__(self) -> str:
        return self.label


class Settlement(models.Model):
    """What an agreement comes to: proposed by an officer, approved by somebody else, then fixed.

    settled = paid + balance − recover to the last won; `release_won` goes back to the pot.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="settlements")
    number = models.PositiveSmallIntegerField("차수")
    state = models.CharField(
        "상태", max_length=10, choices=SettlementState.choices, default=SettlementState.PROPOSED
    )
    content = models.JSONField("계산 내역")
    sha256 = models.CharField("SHA-256", max_length=64)
    eligible_won = models.PositiveBigIntegerField("인정 사업비(원)")
    settled_won = models.PositiveBigIntegerField("확정 지원금(원)")
    paid_won = models.PositiveBigIntegerField("지급액(원)")
    balance_won = models.PositiveBigIntegerField("더 지급할 금액(원)")
    recover_won = models.PositiveBigIntegerField("환수할 금액(원)")
    release_won = models.PositiveBigIntegerField("예산으로 돌아갈 금액(원)")
    proposed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField("작성 시각")
    decided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="결정자"
    )
    decided_at = models.DateTimeField("결정 시각", null=True)
    note = models.CharField("의견", max_length=500, blank=True)

    class Meta:
        verbose_name = "정산"
        verbose_name_plural = "정산"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="settlement_number_once"),
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state__in=[SettlementState.PROPOSED, SettlementState.APPROVED]),
                name="one_standing_settlement",
            ),
            models.CheckConstraint(
                condition=Q(
                    paid_won=F("settled_won") + F("recover_won") - F("balance_won"),
                ),
                name="settlement_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(balance_won=0) | Q(recover_won=0), name="pay_or_recover_not_both"
            ),
            models.CheckConstraint(
                condition=~Q(state=SettlementState.APPROVED)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="settlement_has_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} 정산 {self.number}차"


class Recovery(models.Model):
    """Money that was paid and comes back (환수): due on a day, received once."""

    settlement = models.OneToOneField(Settlement, on_delete=models.PROTECT, related_name="recovery")
    amount_won = models.PositiveBigIntegerField("환수액(원)")
    due_at = models.DateTimeField("납부 기한")
    state = models.CharField(
        "상태", max_length=10, choices=RecoveryState.choices, default=RecoveryState.DUE
    )
    received_on = models.DateField("납부일", null=True)
    evidence = models.CharField("납부 확인", max_length=200, blank=True)
    recorded_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("확인 시각", null=True)

    class Meta:
        verbose_name = "환수"
        verbose_name_plural = "환수"
        constraints = [
            models.CheckConstraint(condition=Q(amount_won__gt=0), name="recovery_positive"),
            models.CheckConstraint(
                condition=Q(state=RecoveryState.DUE, recorded_by=None, received_on=None)
                | Q(
                    state=RecoveryState.RECEIVED,
                    recorded_by__isnull=False,
                    received_on__isnull=False,
                ),
                name="received_recovery_has_its_record",
            ),
        ]

    def __str__(self) -> str:
        return f"환수 {self.amount_won:,}원"
