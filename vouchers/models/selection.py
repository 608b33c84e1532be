"""Selection."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.models import MoveLogBase, Stateful
from vouchers.models.panel import PanelRound
from vouchers.models.recruitment import PanelApplication
from vouchers.states import (
    PanelOutcome,
    PanelSelectionMoves,
    PanelSelectionState,
)

USER = settings.AUTH_USER_MODEL


class PanelMark(models.Model):
    """One officer's marks for one applicant: points by criterion, and why."""

    application = models.ForeignKey(
        PanelApplication, on_delete=models.PROTECT, related_name="marks"
    )
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", verbose_name="평가자")
    points = models.JSONField("점수")
    reason = models.TextField("평가 의견")
    at = models.DateTimeField("평가 시각")

    class Meta:
        verbose_name = "지원 평가"
        verbose_name_plural = "지원 평가"
        constraints = [
            models.UniqueConstraint(fields=["application", "by"], name="one_mark_per_officer"),
        ]

    def __str__(self) -> str:
        return f"{self.application} · {self.by}"


class PanelSelectionMove(MoveLogBase):
    """One move of a selection of members."""

    thing = models.ForeignKey("PanelSelection", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "단원 선정 이력"
        verbose_name_plural = "단원 선정 이력"


class PanelSelection(Stateful):
    """A ranked list of applicants from frozen marks and rules: the same inputs, the same list."""

    MOVES = PanelSelectionMoves.by_name()
    MOVE_LOG = PanelSelectionMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=PanelSelectionState.choices,
        default=PanelSelectionState.PROPOSED,
        editable=False,
    )
    round = models.ForeignKey(
        PanelRound, on_delete=models.PROTECT, related_name="selections", verbose_name="회차"
    )
    number = models.PositiveIntegerField("차수")
    rules = models.JSONField("선정 기준(고정)")
    inputs = models.JSONField("입력(고정)")
    inputs_sha256 = models.CharField("입력 SHA-256", max_length=64)
    results_sha256 = models.CharField("결과 SHA-256", max_length=64)
    notes = models.JSONField("안내", default=list)
    requested_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="요청자"
    )
    requested_at = models.DateTimeField("작성 시각")
    released_at = models.DateTimeField("발표 시각", null=True)

    class Meta:
        verbose_name = "단원 선정"
        verbose_name_plural = "단원 선정"
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="one_selection_per_number"),
            models.UniqueConstraint(
                fields=["round"],
                condition=Q(state=PanelSelectionState.RELEASED),
                name="one_released_selection_per_panel",
            ),
            models.CheckConstraint(
                condition=~Q(state=PanelSelectionState.RELEASED) | Q(released_at__isnull=False),
                name="released_panel_selection_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.number}차 선정"


class PanelDecision(models.Model):
    """What a selection says of one applicant, and why; `total` is in hundredths of a point."""

    selection = models.ForeignKey(
        PanelSelection, on_delete=models.PROTECT, related_name="decisions"
    )
    application = models.ForeignKey(
        PanelApplication, on_delete=models.PROTECT, related_name="decisions"
    )
    outcome = models.CharField("결과", max_length=10, choices=PanelOutcome.choices)
    rank = models.PositiveIntegerField("순위")
    total = models.PositiveIntegerField("점수(1/100점)")
    breakdown = models.JSONField("산출 내역")
    reason = models.CharField("사유", max_length=300)

    class Meta:
        verbose_name = "선정 결과"
        verbose_name_plural = "선정 결과"
        constraints = [
            models.UniqueConstraint(
                fields=["selection", "application"], name="one_panel_decision_per_selection"
            ),
        ]
        indexes = [models.Index(fields=["selection", "rank"], name="panel_decision_rank")]

    def __str__(self) -> str:
        return f"{self.application}: {self.get_outcome_display()}"
