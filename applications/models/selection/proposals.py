"""Selections: the ranked list with its cut-off line, from proposal to release."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.assessment.scoring import ScoreRun
from applications.states import SelectionMoves, SelectionState
from portal.models import Job, MoveLogBase, Stateful
from programs.models import SubProgram

USER = settings.AUTH_USER_MODEL
DECIDED = [SelectionState.DECIDED, SelectionState.RELEASED]
CONFIRMED = [SelectionState.CONFIRMED, *DECIDED]


class SelectionMove(MoveLogBase):
    thing = models.ForeignKey("Selection", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "선정 이력"
        verbose_name_plural = "선정 이력"


class Selection(Stateful):
    """A proposal from one score run: confirmed, approved by another person, released.

    The line was drawn against `available_won` and `places`; `cut` says where and why.
    """

    MOVES = SelectionMoves.by_name()
    MOVE_LOG = SelectionMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=SelectionState.choices,
        default=SelectionState.PREPARING,
        editable=False,
    )
    sub_program = models.ForeignKey(
        SubProgram, on_delete=models.PROTECT, related_name="selections", verbose_name="내역사업"
    )
    run = models.ForeignKey(
        ScoreRun, on_delete=models.PROTECT, related_name="selections", verbose_name="점수 산정"
    )
    places = models.PositiveIntegerField("선정 규모", null=True)
    available_won = models.PositiveBigIntegerField("가용 예산(원)", null=True)
    tie_rule = models.TextField("동점 처리 기준", blank=True)
    cut = models.JSONField("선정선", default=dict)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField("요청 시각")
    confirmed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="확인자"
    )
    confirmed_at = models.DateTimeField("확인 시각", null=True)
    decided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인자"
    )
    decided_at = models.DateTimeField("승인 시각", null=True)
    released_at = models.DateTimeField("발표 시각", null=True)

    class Meta:
        verbose_name = "선정"
        verbose_name_plural = "선정"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=SelectionState.RELEASED) | Q(released_at__isnull=False),
                name="released_selection_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=CONFIRMED, confirmed_by__isnull=False, confirmed_at__isnull=False
                )
                | (~Q(state__in=CONFIRMED) & Q(confirmed_by=None, confirmed_at=None)),
                name="confirmed_selection_has_its_officer",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DECIDED, decided_by__isnull=False, decided_at__isnull=False)
                | (~Q(state__in=DECIDED) & Q(decided_by=None, decided_at=None)),
                name="decided_selection_has_its_manager",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("confirmed_by")), name="selection_needs_two_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sub_program} 선정 #{self.pk}"
