"""Objections (이의신청): in writing, one to a result and one to each exclusion, decided by others."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.models.assessment.scoring import ScoreRun
from applications.models.screening import Exclusion
from applications.models.selection.decisions import Decision
from applications.states import ObjectionMoves, ObjectionState, Remedy
from portal.models import MoveLogBase, Stateful

USER = settings.AUTH_USER_MODEL
READMITTED = "인용(요건을 다시 검토)"
UPHELD = [ObjectionState.UPHELD, ObjectionState.CLOSED]


class ObjectionMove(MoveLogBase):
    thing = models.ForeignKey("Objection", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "이의신청 이력"
        verbose_name_plural = "이의신청 이력"


class Objection(Stateful):
    """An objection to a released decision or to an exclusion, and its outcome.

    A trigger keeps everybody who decided or assessed the case from deciding it. Upheld, it leads to
    `run`, a score run linked to the old one, and from there to a new decision.
    """

    MOVES = ObjectionMoves.by_name()
    MOVE_LOG = ObjectionMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=ObjectionState.choices,
        default=ObjectionState.FILED,
        editable=False,
    )
    application = models.ForeignKey(
        Application,
        on_delete=models.PROTECT,
        related_name="objections",
        related_query_name="objection",
        verbose_name="신청",
    )
    decision = models.ForeignKey(
        Decision,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="이의신청 대상 결정",
    )
    exclusion = models.OneToOneField(
        Exclusion,
        on_delete=models.PROTECT,
        null=True,
        related_name="objection",
        verbose_name="이의신청 대상 요건 미충족",
    )
    text = models.TextField("이의 내용")
    due_at = models.DateTimeField("신청 기한")
    filed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField("접수 시각")
    answer_due_at = models.DateTimeField("처리 기한")
    decided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="심의자"
    )
    decided_at = models.DateTimeField("심의 시각", null=True)
    answer = models.TextField("심의 결과와 이유", blank=True)
    remedy = models.CharField("조치", max_length=10, choices=Remedy.choices, blank=True)
    run = models.OneToOneField(
        ScoreRun,
        on_delete=models.PROTECT,
        null=True,
        related_name="objection",
        verbose_name="재산정",
    )

    class Meta:
        verbose_name = "이의신청"
        verbose_name_plural = "이의신청"
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(exclusion=None),
                name="one_objection_to_a_result",
            ),
            models.CheckConstraint(
                condition=Q(decision__isnull=False, exclusion=None)
                | Q(decision=None, exclusion__isnull=False),
                name="objection_contests_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(state=ObjectionState.FILED, decided_by=None, decided_at=None, answer="")
                | (
                    Q(state=ObjectionState.LAPSED, decided_by=None, decided_at__isnull=False)
                    & ~Q(answer="")
                )
                | (
                    ~Q(state__in=[ObjectionState.FILED, ObjectionState.LAPSED])
                    & Q(decided_by__isnull=False, decided_at__isnull=False)
                    & ~Q(answer="")
                ),
                name="decided_objection_has_its_answer",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UPHELD) & ~Q(remedy="")
                | ~Q(state__in=UPHELD) & Q(remedy="", run=None),
                name="upheld_objection_has_a_remedy",
            ),
            models.CheckConstraint(
                condition=~Q(state=ObjectionState.CLOSED)
                | Q(run__isnull=False)
                | Q(exclusion__isnull=False, remedy=Remedy.SCREENING),
                name="closed_objection_was_scored_again",
            ),
            models.CheckConstraint(
                condition=Q(filed_at__lt=models.F("due_at")), name="objection_was_in_time"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="objection_state"),
            models.Index(fields=["answer_due_at", "id"], name="objection_due"),
        ]

    def __str__(self) -> str:
        return f"{self.application} 이의신청"

    def get_state_display(self) -> str:  # type: ignore[no-redef]  # Django keeps it
        """Return the label; an exclusion that was taken back is screened, not decided, again."""
        state = ObjectionState(self.state)
        readmitted = state == ObjectionState.CLOSED and self.exclusion_id is not None
        return READMITTED if readmitted else state.label

    @property
    def result(self) -> Decision:
        """The decision that is contested. Raises ValueError for an exclusion."""
        if self.decision is None:
            raise ValueError("an exclusion is contested, no result")
        return self.decision

    @property
    def contested(self) -> str:
        """The decision or exclusion that is contested, in words."""
        if self.exclusion is not None:
            return f"요건 미충족 · {' / '.join(self.exclusion.messages)} · {self.exclusion.reason}"
        decision = self.decision
        return f"{decision.get_outcome_display()} · {decision.reason}" if decision else ""


class ObjectionPaper(models.Model):
    """An evidence file of an objection; readable by the applicant and by staff only."""

    objection = models.ForeignKey(Objection, on_delete=models.PROTECT, related_name="papers")
    name = models.CharField("파일 이름", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("크기")
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("형식", max_length=120)

    class Meta:
        verbose_name = "이의신청 증빙"
        verbose_name_plural = "이의신청 증빙"
        constraints = [
            models.UniqueConstraint(fields=["objection", "sha256"], name="one_paper_per_content"),
        ]

    def __str__(self) -> str:
        return self.name
