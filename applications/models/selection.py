"""Selections: the ranked list with its cut-off line, and each application's decision."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.application import Application
from applications.models.review import ScoreRun
from applications.states import (
    CHANGE_MOVES,
    PENDING_CHANGES,
    SELECTION_MOVES,
    ChangeKind,
    ChangeState,
    Outcome,
    SelectionState,
)
from portal.models import Job, MoveLogBase, Stateful
from programs.models import SubProgram

USER = settings.AUTH_USER_MODEL
DECIDED = [SelectionState.DECIDED, SelectionState.RELEASED]
CONFIRMED = [SelectionState.CONFIRMED, *DECIDED]


class SelectionMove(MoveLogBase):
    """One move of a selection."""

    thing = models.ForeignKey("Selection", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "선정 이력"
        verbose_name_plural = "선정 이력"


class Selection(Stateful):
    """A proposal from one score run: confirmed, approved by somebody else, released together.

    `available_won` and `places` are what the line was drawn against; `cut` says where and why.
    """

    MOVES = SELECTION_MOVES
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
                condition=~Q(decided_by=F("confirmed_by")), name="selection_has_four_eyes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sub_program} 선정 #{self.pk}"


class Decision(models.Model):
    """What is decided of one application, and why. Append-only in the database.

    A selection makes the first one (`previous` None), in force from its release. Every later one
    replaces the one before it, from `at` on; the old one stays as it was.
    """

    selection = models.ForeignKey(Selection, on_delete=models.PROTECT, related_name="decisions")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField("결과", max_length=10, choices=Outcome.choices)
    rank = models.PositiveIntegerField("순위", null=True)
    grant_won = models.PositiveBigIntegerField("지원금(원)", default=0)
    reason_code = models.CharField("사유 코드", max_length=40)
    reason = models.CharField("사유", max_length=300)
    previous = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="next", verbose_name="이전 결정"
    )
    at = models.DateTimeField("변경 시각", null=True)

    class Meta:
        verbose_name = "결정"
        verbose_name_plural = "결정"
        constraints = [
            models.UniqueConstraint(
                fields=["selection", "application"],
                condition=Q(previous=None),
                name="one_first_decision_per_selection",
            ),
            models.CheckConstraint(
                condition=Q(previous=None, at=None) | Q(previous__isnull=False, at__isnull=False),
                name="later_decision_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.SELECTED) | Q(grant_won=0),
                name="only_the_selected_have_a_grant",
            ),
        ]
        indexes = [models.Index(fields=["selection", "rank"], name="decision_rank")]

    def __str__(self) -> str:
        return f"{self.application}: {self.get_outcome_display()}"


class DecisionChangeMove(MoveLogBase):
    """One move of a change of a decision."""

    thing = models.ForeignKey("DecisionChange", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "결정 변경 이력"
        verbose_name_plural = "결정 변경 이력"


class DecisionChange(Stateful):
    """A new decision on its way: proposed with its reason, approved by other people, then made.

    `fills` is the decision whose place a move-up takes. A reversal needs two approvals; what the
    applicant alone decides (포기) needs none.
    """

    MOVES = CHANGE_MOVES
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
                name="change_has_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.SELECTED) | Q(grant_won=0),
                name="only_a_selecting_change_has_a_grant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} {self.get_kind_display()}"
