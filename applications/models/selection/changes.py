"""Changes of released decisions."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.application import Application
from applications.models.selection.decisions import Decision
from applications.states import (
    PENDING_CHANGES,
    ChangeKind,
    ChangeMoves,
    ChangeState,
    Outcome,
)
from portal.models import MoveLogBase, Stateful

USER = settings.AUTH_USER_MODEL


class DecisionChangeMove(MoveLogBase):
    thing = models.ForeignKey("DecisionChange", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "결정 변경 이력"
        verbose_name_plural = "결정 변경 이력"


class DecisionChange(Stateful):
    """A pending or completed change of a decision: proposed with a reason, approved, in force.

    `fills` is the decision whose place a move-up takes. A reversal needs two approvals; a decline
    (포기), which only the applicant decides, needs none.
    """

    MOVES = ChangeMoves.by_name()
    MOVE_LOG = DecisionChangeMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=ChangeState.choices,
        default=ChangeState.PROPOSED,
        editable=False,
    )
    kind = models.CharField("종류", max_length=10, choices=ChangeKind.choices)
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="changes", verbose_name="신청"
    )
    replaces = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="changes", verbose_name="바꾸는 결정"
    )
    outcome = models.CharField("새 결과", max_length=10, choices=Outcome.choices)
    grant_won = models.PositiveBigIntegerField("지원금(원)", default=0)
    rank = models.PositiveIntegerField("순위", null=True)
    reason = models.CharField("사유", max_length=300)
    fills = models.ForeignKey(
        Decision,
        on_delete=models.PROTECT,
        null=True,
        related_name="filled_by",
        verbose_name="빈자리",
    )
    drafted_at = models.DateTimeField("작성 시각")
    proposed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="제안자"
    )
    seconded_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="1차 승인자"
    )
    approved_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인자"
    )
    made = models.OneToOneField(
        Decision, on_delete=models.PROTECT, null=True, related_name="change", verbose_name="새 결정"
    )

    class Meta:
        verbose_name = "결정 변경"
        verbose_name_plural = "결정 변경"
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(state__in=PENDING_CHANGES),
                name="one_open_change_per_application",
            ),
            models.UniqueConstraint(
                fields=["fills"],
                condition=~Q(state=ChangeState.DISCARDED),
                name="a_place_is_filled_once",
            ),
            models.CheckConstraint(
                condition=Q(state=ChangeState.IN_FORCE, made__isnull=False)
                | (~Q(state=ChangeState.IN_FORCE) & Q(made=None)),
                name="change_in_force_made_a_decision",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ChangeState.DRAFTED, ChangeState.DISCARDED])
                | Q(proposed_by__isnull=False),
                name="change_has_its_proposer",
            ),
            models.CheckConstraint(
                condition=~Q(state=ChangeState.IN_FORCE)
                | Q(kind=ChangeKind.DECLINE, approved_by=None)
                | (~Q(kind=ChangeKind.DECLINE) & Q(approved_by__isnull=False)),
                name="change_in_force_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(kind=ChangeKind.REVERSAL, seconded_by__isnull=False)
                | ~Q(
                    kind=ChangeKind.REVERSAL, state__in=[ChangeState.SECONDED, ChangeState.IN_FORCE]
                ),
                name="reversal_has_two_approvals",
            ),
            models.CheckConstraint(
                condition=~Q(proposed_by=F("approved_by"))
                & ~Q(proposed_by=F("seconded_by"))
                & ~Q(seconded_by=F("approved_by")),
                name="change_needs_two_people",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.SELECTED) | Q(grant_won=0),
                name="only_a_selecting_change_has_a_grant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} {self.get_kind_display()}"
