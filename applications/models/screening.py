"""Screening by staff: eligibility checks, supplements and claimed bonuses."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.application import Application
from applications.states import BonusState, CheckDecision, SupplementState
from programs.models import SubProgram
from programs.rules import eligibility, evidence

USER = settings.AUTH_USER_MODEL


class Check(models.Model):
    """Automatic verdict on one condition, from the frozen facts, and the decision of an officer.

    `standing` says how far sources confirm the fact, `evidence` what each of them says; both are read
    anew until the officer decides, and stay as they were then.
    """

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="checks", verbose_name="신청"
    )
    code = models.CharField("조건", max_length=60)
    message = models.CharField("내용", max_length=300)
    met = models.BooleanField("자동 판정 충족", null=True)
    # On what the verdict rests; rows from before this column rest on the firm's answers.
    basis = models.CharField(
        "근거",
        max_length=10,
        choices=list(eligibility.BASES.items()),
        default=eligibility.ANSWER,
        db_default=eligibility.ANSWER,
    )
    standing = models.CharField(
        "사실의 확인",
        max_length=12,
        choices=list(evidence.STANDINGS.items()),
        default=evidence.ONLY_STATED,
        db_default=evidence.ONLY_STATED,
    )
    evidence = models.JSONField("사실의 출처", null=True)
    decision = models.CharField(
        "확인", max_length=10, choices=CheckDecision.choices, default=CheckDecision.PENDING
    )
    reason = models.TextField("사유", blank=True)
    decided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="확인한 사람"
    )
    decided_at = models.DateTimeField("확인 시각", null=True)

    class Meta:
        verbose_name = "요건 점검"
        verbose_name_plural = "요건 점검"
        constraints = [
            models.UniqueConstraint(fields=["application", "code"], name="one_check_per_condition"),
            models.CheckConstraint(
                condition=~Q(decision=CheckDecision.OVERRULED) | ~Q(reason=""),
                name="overruling_needs_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.message

    @property
    def final(self) -> bool | None:
        """Return the verdict after the decision of staff; None while it is pending."""
        if self.decision == CheckDecision.PENDING:
            return None
        return bool(self.met) if self.decision == CheckDecision.CONFIRMED else not self.met


class SupplementTemplate(models.Model):
    """Text and days of a frequent request, for one sub-programme or for all; never deleted."""

    sub_program = models.ForeignKey(
        SubProgram,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="내역사업",
        help_text="비워 두면 모든 내역사업에서 씁니다.",
    )
    label = models.CharField("이름", max_length=60)
    text = models.TextField("요청 내용", max_length=2_000)
    days = models.PositiveSmallIntegerField(
        "기한(일)", null=True, blank=True, help_text="비워 두면 내역사업의 보완 기한을 씁니다."
    )
    active = models.BooleanField("사용", default=True)

    class Meta:
        verbose_name = "보완 요청 문구"
        verbose_name_plural = "보완 요청 문구"
        ordering = ["label", "pk"]

    def __str__(self) -> str:
        return self.label


class Supplement(models.Model):
    """Request for more (보완 요청) with a deadline, and its answer."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="supplements"
    )
    state = models.CharField(
        "상태", max_length=10, choices=SupplementState.choices, default=SupplementState.OPEN
    )
    message = models.TextField("요청 내용")
    requirements = models.JSONField("요청 서류", default=list)
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField("요청 시각")
    due_at = models.DateTimeField("기한")
    answer = models.TextField("답변", blank=True)
    answered_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("제출 시각", null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    template = models.ForeignKey(
        SupplementTemplate,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="쓴 문구",
    )
    # The last withdrawal or change of the deadline, as the firm reads it; every one is in the move log.
    changed_reason = models.TextField("취소·기한 변경 사유", blank=True, db_default="")
    changed_at = models.DateTimeField("취소·기한 변경 시각", null=True)

    class Meta:
        verbose_name = "보완 요청"
        verbose_name_plural = "보완 요청"
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(state=SupplementState.OPEN),
                name="one_open_supplement",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="open"), name="supplement_due"),
        ]

    def __str__(self) -> str:
        return self.message[:40]


class ExclusionProposal(models.Model):
    """That an application fails named checks: proposed by one person, approved by another.

    `failed` lists code and message of each; final once it has ended.
    """

    application = models.ForeignKey(
        Application,
        on_delete=models.PROTECT,
        related_name="exclusion_proposals",
        verbose_name="신청",
    )
    failed = models.JSONField("충족하지 못한 요건")
    reason = models.TextField("사유")
    proposed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="제안한 사람"
    )
    proposed_at = models.DateTimeField("제안 시각")
    approved_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인한 사람"
    )
    approved_at = models.DateTimeField("승인 시각", null=True)
    discarded_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="거둔 사람"
    )
    discarded_at = models.DateTimeField("거둔 시각", null=True)
    note = models.CharField("거둔 사유", max_length=300, blank=True)

    class Meta:
        verbose_name = "요건 미충족 제안"
        verbose_name_plural = "요건 미충족 제안"
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(approved_at=None, discarded_at=None),
                name="one_open_exclusion_of_an_application",
            ),
            models.CheckConstraint(
                condition=~Q(failed=[]) & ~Q(reason=""), name="exclusion_proposal_says_what_failed"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False, discarded_at=None),
                name="exclusion_proposal_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("proposed_by")),
                name="exclusion_proposal_has_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} 요건 미충족 제안"

    @property
    def open(self) -> bool:
        return self.approved_at is None and self.discarded_at is None

    @property
    def messages(self) -> list[str]:
        return [row["message"] for row in self.failed]


class Exclusion(models.Model):
    """An application found ineligible, with the checks it failed. Append-only in the database.

    `failed` lists code and message of each; the latest row is the one in force.
    """

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="exclusions", verbose_name="신청"
    )
    failed = models.JSONField("충족하지 못한 요건")
    reason = models.TextField("사유")
    by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="처리한 사람"
    )
    at = models.DateTimeField("처리 시각")
    # None where one person could exclude, before release 1.6.
    proposal = models.OneToOneField(
        ExclusionProposal,
        on_delete=models.PROTECT,
        null=True,
        related_name="exclusion",
        verbose_name="제안",
    )

    class Meta:
        verbose_name = "요건 미충족"
        verbose_name_plural = "요건 미충족"
        constraints = [
            models.CheckConstraint(
                condition=~Q(failed=[]) & ~Q(reason=""), name="exclusion_says_what_failed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} 요건 미충족"

    @property
    def messages(self) -> list[str]:
        return [row["message"] for row in self.failed]


class BonusClaim(models.Model):
    """Claimed bonus; staff decide on product and evidence (S9)."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="bonuses", verbose_name="신청"
    )
    code = models.CharField("가점 항목", max_length=40)
    label = models.CharField("가점 항목명", max_length=100)
    claim = models.TextField("신청 내용")
    points = models.PositiveSmallIntegerField("배점")
    hinted = models.BooleanField("산업분류 참고 일치", default=False)
    state = models.CharField(
        "확인", max_length=10, choices=BonusState.choices, default=BonusState.CLAIMED
    )
    reason = models.TextField("사유", blank=True)
    decided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="확인한 사람"
    )
    decided_at = models.DateTimeField("확인 시각", null=True)

    class Meta:
        verbose_name = "가점 신청"
        verbose_name_plural = "가점 신청"
        constraints = [
            models.UniqueConstraint(fields=["application", "code"], name="one_claim_per_bonus"),
            models.CheckConstraint(
                condition=Q(state=BonusState.CLAIMED) | ~Q(reason=""),
                name="bonus_decision_needs_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["state", "-application"], name="bonus_state")]

    def __str__(self) -> str:
        return self.label
