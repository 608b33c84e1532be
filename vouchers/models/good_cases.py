"""Good cases shown on the home page."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.models import MoveLogBase, Stateful
from vouchers.models.catalogue import Service
from vouchers.models.reports import ConsumerReport
from vouchers.states import (
    GoodCaseMoves,
    GoodCaseState,
)

USER = settings.AUTH_USER_MODEL


class GoodCaseMove(MoveLogBase):
    thing = models.ForeignKey("GoodCase", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "우수 사례 이력"
        verbose_name_plural = "우수 사례 이력"


class GoodCase(Stateful):
    """A service proposed as a good case by one person and decided on by another."""

    MOVES = GoodCaseMoves.by_name()
    MOVE_LOG = GoodCaseMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=GoodCaseState.choices,
        default=GoodCaseState.PROPOSED,
        editable=False,
    )
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="good_cases", verbose_name="서비스"
    )
    report = models.ForeignKey(
        ConsumerReport,
        on_delete=models.PROTECT,
        related_name="good_cases",
        verbose_name="바탕이 된 보고서",
    )
    headline = models.CharField("한 줄 소개", max_length=80)
    reason = models.CharField("추천 사유", max_length=300)
    proposed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="추천한 사람"
    )
    proposed_at = models.DateTimeField("추천 시각")
    decided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="결정한 사람"
    )
    decided_at = models.DateTimeField("결정 시각", null=True)

    class Meta:
        verbose_name = "우수 사례"
        verbose_name_plural = "우수 사례"
        constraints = [
            models.UniqueConstraint(
                fields=["service"],
                condition=Q(state__in=[GoodCaseState.PROPOSED, GoodCaseState.PROMOTED]),
                name="one_open_good_case_per_service",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="good_case_takes_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state=GoodCaseState.PROMOTED) | Q(decided_by__isnull=False),
                name="promoted_case_was_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.headline}"
