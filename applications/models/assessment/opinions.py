"""What a firm reads of the assessors' reasons."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.application import Application
from applications.models.assessment.scoring import ScoreRun
from applications.states import OPEN_OPINIONS, OpinionMoves, OpinionState
from portal.models import MoveLogBase, Stateful

USER = settings.AUTH_USER_MODEL


class OpinionMove(MoveLogBase):
    thing = models.ForeignKey("Opinion", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "평가의견 이력"
        verbose_name_plural = "평가의견 이력"


class Opinion(Stateful):
    """The words of a panel about one application, edited by one person, released by another.

    `original` holds by criterion what the assessors of the run wrote, without who wrote it; `text` what
    the firm reads. Instead of a text `withheld` may say why there is none. Once released it is
    append-only: a later version `corrects` it, with its reason, by two people again.
    """

    MOVES = OpinionMoves.by_name()
    MOVE_LOG = OpinionMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=OpinionState.choices,
        default=OpinionState.DRAFT,
        editable=False,
    )
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="opinions", verbose_name="신청"
    )
    run = models.ForeignKey(
        ScoreRun, on_delete=models.PROTECT, related_name="opinions", verbose_name="점수 산정"
    )
    version = models.PositiveSmallIntegerField("차수", default=1)
    original = models.JSONField("평가위원이 적은 의견")
    text = models.JSONField("기업이 읽을 의견")
    withheld = models.CharField("공개하지 않는 사유", max_length=300, blank=True)
    begun_at = models.DateTimeField("의견을 모은 시각")
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="corrections",
        verbose_name="바로잡는 의견",
    )
    reason = models.CharField("바로잡는 사유", max_length=300, blank=True)
    ready_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="다듬은 사람"
    )
    ready_at = models.DateTimeField("다듬은 시각", null=True)
    released_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="공개한 사람"
    )
    released_at = models.DateTimeField("공개 시각", null=True)

    class Meta:
        verbose_name = "평가의견"
        verbose_name_plural = "평가의견"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "version"], name="one_opinion_per_version"
            ),
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(state__in=OPEN_OPINIONS),
                name="one_open_opinion_per_application",
            ),
            models.CheckConstraint(
                condition=Q(state=OpinionState.DRAFT, ready_by=None, ready_at=None, withheld="")
                | Q(state=OpinionState.DISCARDED)
                | Q(
                    state__in=[OpinionState.READY, OpinionState.RELEASED],
                    ready_by__isnull=False,
                    ready_at__isnull=False,
                ),
                name="ready_opinion_has_its_officer",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=OpinionState.RELEASED,
                    released_by__isnull=False,
                    released_at__isnull=False,
                )
                | (~Q(state=OpinionState.RELEASED) & Q(released_by=None, released_at=None)),
                name="released_opinion_has_its_manager",
            ),
            models.CheckConstraint(
                condition=~Q(ready_by=F("released_by")), name="opinion_needs_two_people"
            ),
            models.CheckConstraint(
                condition=Q(corrects=None, reason="") | (Q(corrects__isnull=False) & ~Q(reason="")),
                name="corrected_opinion_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "-id"],
                condition=Q(state__in=OPEN_OPINIONS),
                name="opinion_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} 평가의견"

    @property
    def parts(self) -> list[dict[str, str]]:
        """The parts that have a text, for the firm: code, label, text."""
        return [row for row in self.text if row["text"]]
