"""Suspensions of sale: proposed by one person, confirmed by another, objected to by the supplier."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.models import MoveLogBase, Stateful
from vouchers.models.catalogue import Service
from vouchers.models.corrections import Correction
from vouchers.states import SuspensionMoves, SuspensionState

USER = settings.AUTH_USER_MODEL
OPEN = [SuspensionState.PROPOSED, SuspensionState.IN_FORCE]


class SaleSuspensionMove(MoveLogBase):
    thing = models.ForeignKey("SaleSuspension", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "판매 중지 이력"
        verbose_name_plural = "판매 중지 이력"


class SaleSuspension(Stateful):
    """Why a service is not sold: a correction that failed or is overdue, or another reason.

    `proposed_by` is null for the portal itself, at the due date of a correction. The supplier may
    object once until `objection_until` (null: as long as it lasts); neither of the two who suspended
    decides about the objection.
    """

    MOVES = SuspensionMoves.by_name()
    MOVE_LOG = SaleSuspensionMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=SuspensionState.choices,
        default=SuspensionState.PROPOSED,
        editable=False,
    )
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="suspensions", verbose_name="서비스"
    )
    correction = models.ForeignKey(
        Correction,
        on_delete=models.PROTECT,
        null=True,
        related_name="suspensions",
        verbose_name="시정",
    )
    reason = models.TextField("사유")
    proposed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="제안한 사람"
    )
    proposed_at = models.DateTimeField("제안 시각")
    confirmed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="확정한 사람"
    )
    started_at = models.DateTimeField("중지 시각", null=True)
    objection_until = models.DateTimeField("이의신청 기한", null=True)
    objection = models.TextField("이의신청", blank=True)
    objected_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="이의신청한 사람"
    )
    objected_at = models.DateTimeField("이의신청 시각", null=True)
    upheld = models.BooleanField("이의 인용", null=True)
    decision = models.TextField("이의신청 결과", blank=True)
    decided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="결정한 사람"
    )
    decided_at = models.DateTimeField("결정 시각", null=True)
    ended_at = models.DateTimeField("끝난 시각", null=True)

    class Meta:
        verbose_name = "판매 중지"
        verbose_name_plural = "판매 중지"
        constraints = [
            models.UniqueConstraint(
                fields=["correction"],
                condition=Q(state__in=OPEN),
                name="one_open_suspension_of_a_case",
            ),
            models.UniqueConstraint(
                fields=["service"],
                condition=Q(state__in=OPEN, correction=None),
                name="one_open_suspension_without_a_case",
            ),
            models.CheckConstraint(
                condition=Q(proposed_by=None)
                | Q(confirmed_by=None)
                | ~Q(confirmed_by=F("proposed_by")),
                name="suspension_confirmed_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state=SuspensionState.IN_FORCE)
                | Q(started_at__isnull=False)
                & (Q(proposed_by=None) | Q(confirmed_by__isnull=False)),
                name="suspension_in_force_was_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None, upheld=None, decided_at=None)
                | Q(
                    decided_by__isnull=False,
                    upheld__isnull=False,
                    decided_at__isnull=False,
                    objected_at__isnull=False,
                )
                & ~Q(decision=""),
                name="decided_objection_says_why",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None)
                | Q(proposed_by=None)
                | (~Q(decided_by=F("proposed_by")) & ~Q(decided_by=F("confirmed_by"))),
                name="objection_decided_by_others",
            ),
        ]
        indexes = [models.Index(fields=["service", "-id"], name="suspension_of_service")]

    def __str__(self) -> str:
        return f"{self.service} 판매 중지 #{self.pk}"
