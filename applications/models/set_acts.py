"""Acts on many applications at once: what was asked for, of which, and what became of each."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.states import SetActKind, SetActState, SetOutcome
from portal.models import Job

USER = settings.AUTH_USER_MODEL


class SetAct(models.Model):
    """One act on the applications that a list selected, done by a job in chunks.

    `selection` says by which list and filter they were chosen, `options` holds what the act needs
    beside the reason. Which applications it concerns was frozen when the count was confirmed, in
    `SetChunk`; `position` is the chunk that comes next. With `undoes` it takes an earlier one back.
    """

    kind = models.CharField("처리", max_length=20, choices=SetActKind.choices)
    state = models.CharField(
        "상태", max_length=10, choices=SetActState.choices, default=SetActState.RUNNING
    )
    undoes = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="undone_by",
        verbose_name="되돌리는 처리",
    )
    selection = models.JSONField("고른 조건")
    options = models.JSONField("처리 내용", default=dict)
    reason = models.TextField("사유")
    count = models.PositiveIntegerField("대상")
    position = models.PositiveIntegerField("다음 묶음", default=0)
    done = models.PositiveIntegerField("처리", default=0)
    skipped = models.PositiveIntegerField("건너뜀", default=0)
    job = models.ForeignKey(
        Job, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="작업"
    )
    requested_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="처리한 사람"
    )
    requested_at = models.DateTimeField("시작 시각")
    ended_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="취소한 사람"
    )
    ended_at = models.DateTimeField("끝난 시각", null=True)

    class Meta:
        verbose_name = "일괄 처리"
        verbose_name_plural = "일괄 처리"
        constraints = [
            models.UniqueConstraint(
                fields=["undoes"],
                condition=~Q(state=SetActState.CANCELLED),
                name="set_act_undone_once",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="set_act_has_a_reason"),
            models.CheckConstraint(
                condition=Q(state=SetActState.RUNNING, ended_at=None)
                | (~Q(state=SetActState.RUNNING) & Q(ended_at__isnull=False)),
                name="ended_set_act_has_a_time",
            ),
        ]
        indexes = [models.Index(fields=["requested_by", "-id"], name="set_act_by_person")]

    def __str__(self) -> str:
        return f"{self.label} #{self.pk}"

    @property
    def left(self) -> int:
        """Return how many applications were not reached, by a cancelled act."""
        return self.count - self.done - self.skipped

    @property
    def label(self) -> str:
        label = SetActKind(self.kind).label
        return f"{label} 되돌리기" if self.undoes_id else label


class SetChunk(models.Model):
    """Applications of a set act that are judged and moved in one transaction. Append-only.

    `facts` keeps by application what the person confirmed beside it, such as the SHA-256 to sign.
    """

    set_act = models.ForeignKey(SetAct, on_delete=models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField("차례")
    ids = models.JSONField("신청")
    facts = models.JSONField("확인한 사실", default=dict)

    class Meta:
        verbose_name = "일괄 처리 묶음"
        verbose_name_plural = "일괄 처리 묶음"
        constraints = [
            models.UniqueConstraint(fields=["set_act", "number"], name="one_set_chunk_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.set_act_id} {self.number}"


class SetResult(models.Model):
    """What a set act did to one application: done, or skipped and why. Append-only."""

    set_act = models.ForeignKey(SetAct, on_delete=models.PROTECT, related_name="results")
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="set_results", verbose_name="신청"
    )
    outcome = models.CharField("결과", max_length=10, choices=SetOutcome.choices)
    code = models.CharField("부호", max_length=60, blank=True)
    message = models.TextField("건너뛴 까닭", blank=True)
    at = models.DateTimeField("처리 시각")

    class Meta:
        verbose_name = "일괄 처리 결과"
        verbose_name_plural = "일괄 처리 결과"
        constraints = [
            models.UniqueConstraint(
                fields=["set_act", "application"], name="one_set_result_per_application"
            ),
        ]
        indexes = [models.Index(fields=["set_act", "outcome", "id"], name="set_result_outcome")]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.get_outcome_display()}"
