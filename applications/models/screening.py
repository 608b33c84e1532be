"""Screening by staff: eligibility checks, supplements and claimed bonuses."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.states import BonusState, CheckDecision, SupplementState

USER = settings.AUTH_USER_MODEL


class Check(models.Model):
    """Automatic verdict on one condition, from the frozen facts, and the decision of an officer."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="checks", verbose_name="신청"
    )
    code = models.CharField("조건", max_length=60)
    message = models.CharField("내용", max_length=300)
    met = models.BooleanField("자동 판정 충족", null=True)
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
