"""Corrections of services: problems raised from reports, verified, answered by suppliers."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.models import Dated, MoveLogBase, Stateful
from vouchers.models.catalogue import Service
from vouchers.models.reports import ConsumerReport
from vouchers.states import (
    CorrectionMoves,
    CorrectionState,
    IssueKind,
)

USER = settings.AUTH_USER_MODEL


class CorrectionMove(MoveLogBase):
    thing = models.ForeignKey("Correction", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "시정 이력"
        verbose_name_plural = "시정 이력"


class Correction(Dated, Stateful):
    """A problem of a service: raised from reports, verified by the agency, corrected by the supplier.

    `finding` (what the agency found) and `request` (what the supplier must do) are public.
    `suspended_service` is true while this case keeps the service off sale.
    """

    MOVES = CorrectionMoves.by_name()
    MOVE_LOG = CorrectionMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=CorrectionState.choices,
        default=CorrectionState.RAISED,
        editable=False,
    )
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="corrections", verbose_name="서비스"
    )
    kind = models.CharField("구분", max_length=12, choices=IssueKind.choices)
    raised_at = models.DateTimeField("제기 시각")
    finding = models.TextField("확인한 내용", blank=True)
    request = models.TextField("시정 요청", blank=True)
    asked_at = models.DateTimeField("요청 시각", null=True)
    due_at = models.DateTimeField("시정 기한", null=True)
    asked_times = models.PositiveSmallIntegerField("요청 횟수", default=0)
    answered_at = models.DateTimeField("답변 시각", null=True)
    closed_at = models.DateTimeField("마친 시각", null=True)
    suspended_service = models.BooleanField("판매를 중지시킴", default=False)

    class Meta:
        verbose_name = "시정"
        verbose_name_plural = "시정"
        constraints = [
            models.UniqueConstraint(
                fields=["service", "kind"],
                condition=Q(state=CorrectionState.RAISED),
                name="one_raised_case_of_a_kind",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[CorrectionState.ASKED, CorrectionState.SUSPENDED])
                | (Q(due_at__isnull=False) & ~Q(request="")),
                name="asked_correction_has_a_due_date",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[CorrectionState.RAISED, CorrectionState.DISMISSED])
                | ~Q(finding=""),
                name="verified_correction_says_what",
            ),
        ]
        indexes = [
            models.Index(fields=["service", "-id"], name="correction_of_service"),
            models.Index(
                fields=["due_at"],
                condition=Q(state=CorrectionState.ASKED),
                name="correction_awaited",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} 시정 #{self.pk}"


class Issue(models.Model):
    """A problem raised from one report; a case may have several. Append-only in the database."""

    correction = models.ForeignKey(
        Correction, on_delete=models.PROTECT, related_name="issues", verbose_name="시정"
    )
    report = models.ForeignKey(
        ConsumerReport, on_delete=models.PROTECT, related_name="issues", verbose_name="보고서"
    )
    kind = models.CharField("구분", max_length=12, choices=IssueKind.choices)
    text = models.TextField("내용")
    raised_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="제기한 사람"
    )
    raised_at = models.DateTimeField("제기 시각")

    class Meta:
        verbose_name = "문제 제기"
        verbose_name_plural = "문제 제기"
        constraints = [
            models.UniqueConstraint(
                fields=["report", "kind"], name="one_issue_of_a_kind_per_report"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report}: {self.get_kind_display()}"


class CorrectionAnswer(models.Model):
    """The supplier's answer to a correction request. Append-only in the database."""

    correction = models.ForeignKey(
        Correction, on_delete=models.PROTECT, related_name="answers", verbose_name="시정"
    )
    text = models.TextField("시정 내용")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("제출 시각")

    class Meta:
        verbose_name = "시정 결과"
        verbose_name_plural = "시정 결과"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.correction} 답변"


class CorrectionEvidence(models.Model):
    """A file attached to an answer. Append-only in the database."""

    answer = models.ForeignKey(CorrectionAnswer, on_delete=models.PROTECT, related_name="evidence")
    name = models.CharField("파일 이름", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField("크기")

    class Meta:
        verbose_name = "시정 증빙"
        verbose_name_plural = "시정 증빙"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name
