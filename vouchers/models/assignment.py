"""Members of a panel, what they wish for, and who tries which service."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.models import Job, MoveLogBase, Stateful
from vouchers.models.catalogue import Service
from vouchers.models.members import Monitor
from vouchers.models.panel import PanelRound
from vouchers.states import (
    AssignmentMoves,
    AssignmentRunMoves,
    AssignmentRunState,
    AssignmentState,
    RuleKind,
)

USER = settings.AUTH_USER_MODEL


class Wish(models.Model):
    """A service that a member would like to try; rank 1 is the dearest."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="wishes")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="wishes")
    rank = models.PositiveSmallIntegerField("순위")

    class Meta:
        verbose_name = "희망 서비스"
        verbose_name_plural = "희망 서비스"
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["monitor", "service"], name="wished_once"),
            models.UniqueConstraint(fields=["monitor", "rank"], name="one_wish_per_rank"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.service}"


class AssignmentRule(models.Model):
    """Staff's word about one member and one service: pinned or forbidden, and why."""

    round = models.ForeignKey(
        PanelRound, on_delete=models.PROTECT, related_name="rules", verbose_name="회차"
    )
    monitor = models.ForeignKey(
        Monitor, on_delete=models.PROTECT, related_name="rules", verbose_name="단원"
    )
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="rules", verbose_name="서비스"
    )
    kind = models.CharField("처리", max_length=10, choices=RuleKind.choices)
    reason = models.CharField("사유", max_length=300)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", verbose_name="처리자")
    at = models.DateTimeField("시각")
    ended_at = models.DateTimeField("푼 시각", null=True)

    class Meta:
        verbose_name = "고정·금지"
        verbose_name_plural = "고정·금지"
        constraints = [
            models.UniqueConstraint(
                fields=["monitor", "service"],
                condition=Q(ended_at=None),
                name="one_rule_of_a_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.monitor} · {self.service}: {self.get_kind_display()}"


class AssignmentRunMove(MoveLogBase):
    """One move of a computed assignment."""

    thing = models.ForeignKey("AssignmentRun", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "배정 계산 이력"
        verbose_name_plural = "배정 계산 이력"


class AssignmentRun(Stateful):
    """One computed assignment of a round: its seed, the hash of what went in, and what is short.

    `pairs` are [monitor id, service id]; `added` of them are new. `explanation` says in words
    what could not be met and why; `inputs` are kept so that it can be computed again.
    """

    MOVES = AssignmentRunMoves.by_name()
    MOVE_LOG = AssignmentRunMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=AssignmentRunState.choices,
        default=AssignmentRunState.PREPARING,
        editable=False,
    )
    round = models.ForeignKey(
        PanelRound, on_delete=models.PROTECT, related_name="runs", verbose_name="회차"
    )
    number = models.PositiveIntegerField("차수")
    seed = models.PositiveIntegerField("시드")
    inputs = models.JSONField("입력(고정)", default=dict)
    inputs_sha256 = models.CharField("입력 SHA-256", max_length=64, blank=True)
    pairs = models.JSONField("배정안", default=list)
    results_sha256 = models.CharField("결과 SHA-256", max_length=64, blank=True)
    wanted = models.PositiveIntegerField("필요 자리", default=0)
    filled = models.PositiveIntegerField("채운 자리", default=0)
    added = models.PositiveIntegerField("새 배정", default=0)
    wished = models.PositiveIntegerField("희망대로 된 배정", default=0)
    explanation = models.JSONField("부족한 것", default=list)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField("요청 시각")
    confirmed_at = models.DateTimeField("확정 시각", null=True)

    class Meta:
        verbose_name = "배정 계산"
        verbose_name_plural = "배정 계산"
        constraints = [
            models.UniqueConstraint(
                fields=["round", "number"], name="one_assignment_run_per_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.number}차 배정"


class AssignmentMove(MoveLogBase):
    """One move of an assignment."""

    thing = models.ForeignKey("Assignment", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "배정 이력"
        verbose_name_plural = "배정 이력"


class Assignment(Stateful):
    """A member who is to try a service and report on it; `run` is the computation that said so.

    Made by confirming a run. A dropped one is kept: a replacement is an assignment of its own.
    """

    MOVES = AssignmentMoves.by_name()
    MOVE_LOG = AssignmentMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=AssignmentState.choices,
        default=AssignmentState.ACTIVE,
        editable=False,
    )
    round = models.ForeignKey(
        PanelRound, on_delete=models.PROTECT, related_name="assignments", verbose_name="회차"
    )
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="assignments", verbose_name="서비스"
    )
    monitor = models.ForeignKey(
        Monitor, on_delete=models.PROTECT, related_name="assignments", verbose_name="단원"
    )
    run = models.ForeignKey(AssignmentRun, on_delete=models.PROTECT, related_name="assignments")
    assigned_at = models.DateTimeField("배정 시각")
    dropped_at = models.DateTimeField("취소 시각", null=True)

    class Meta:
        verbose_name = "배정"
        verbose_name_plural = "배정"
        constraints = [
            models.UniqueConstraint(
                fields=["monitor", "service"],
                condition=Q(state=AssignmentState.ACTIVE),
                name="one_active_assignment_of_a_pair",
            ),
            models.CheckConstraint(
                condition=Q(state=AssignmentState.ACTIVE, dropped_at=None)
                | Q(state=AssignmentState.DROPPED, dropped_at__isnull=False),
                name="dropped_assignment_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["round", "service", "state"], name="assignment_of_service"),
            models.Index(fields=["monitor", "state"], name="assignment_of_member"),
        ]

    def __str__(self) -> str:
        return f"{self.service} · {self.monitor}"

    def due_at(self) -> datetime | None:
        """When the report is due at the latest: the end of the round's activity."""
        return self.round.active_until
