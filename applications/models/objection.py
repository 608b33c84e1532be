"""Objections (이의신청): one per application, in writing, decided by other people."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.models.assessment.scoring import ScoreRun
from applications.models.selection.decisions import Decision
from applications.states import ObjectionMoves, ObjectionState, Remedy
from portal.models import MoveLogBase, Stateful

USER = settings.AUTH_USER_MODEL
UPHELD = [ObjectionState.UPHELD, ObjectionState.CLOSED]


class ObjectionMove(MoveLogBase):
    thing = models.ForeignKey("Objection", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "이의신청 이력"
        verbose_name_plural = "이의신청 이력"


class Objection(Stateful):
    """An objection to a decision, and its outcome.

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
    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, related_name="objection", verbose_name="신청"
    )
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="+", verbose_name="다투는 결정"
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
            models.CheckConstraint(
                condition=Q(state=ObjectionState.FILED, decided_by=None, decided_at=None, answer="")
                | (
                    ~Q(state=ObjectionState.FILED)
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
                condition=~Q(state=ObjectionState.CLOSED) | Q(run__isnull=False),
                name="closed_objection_was_scored_again",
            ),
            models.CheckConstraint(
                condition=Q(filed_at__lt=models.F("due_at")), name="objection_was_in_time"
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="objection_state")]

    def __str__(self) -> str:
        return f"{self.application} 이의신청"


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
