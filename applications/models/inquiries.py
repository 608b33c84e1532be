"""Inquiries (질의): one thread of an application between its firm, officers and assessors."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.states import (
    INQUIRY_WAITS,
    OPEN_INQUIRIES,
    InquiryKind,
    InquiryMoves,
    InquiryState,
    WaitsFor,
)
from portal.models import MoveLogBase, Stateful

USER = settings.AUTH_USER_MODEL


class InquiryMove(MoveLogBase):
    thing = models.ForeignKey("Inquiry", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "질의 이력"
        verbose_name_plural = "질의 이력"


class Inquiry(Stateful):
    """A question in writing, and whose turn it is.

    What was asked never changes (a guard). The firm reads `passed_text` of an assessor's question,
    never who asked it.
    """

    MOVES = InquiryMoves.by_name()
    MOVE_LOG = InquiryMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=InquiryState.choices,
        default=InquiryState.ASKED,
        editable=False,
    )
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="inquiries", verbose_name="신청"
    )
    kind = models.CharField("구분", max_length=10, choices=InquiryKind.choices)
    text = models.TextField("질의 내용")
    asked_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="질의한 사람"
    )
    asked_at = models.DateTimeField("질의 시각")
    due_at = models.DateTimeField("답변 기한", null=True)
    passed_text = models.TextField("기업에 전달한 질의", blank=True)
    passed_at = models.DateTimeField("기업에 전달한 시각", null=True)
    reason = models.TextField("전달하지 않은 사유", blank=True)

    class Meta:
        verbose_name = "질의"
        verbose_name_plural = "질의"
        constraints = [
            models.CheckConstraint(
                condition=Q(passed_at=None, passed_text="")
                | (Q(passed_at__isnull=False, kind=InquiryKind.ASSESSOR) & ~Q(passed_text="")),
                name="passed_inquiry_has_its_text",
            ),
            models.CheckConstraint(
                condition=~Q(state=InquiryState.DECLINED) | ~Q(reason=""),
                name="declined_inquiry_says_why",
            ),
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(kind=InquiryKind.RESULT),
                name="one_question_about_a_result",
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "-id"],
                condition=Q(state__in=OPEN_INQUIRIES),
                name="inquiry_open",
            ),
            models.Index(
                fields=["due_at"], condition=Q(state=InquiryState.PASSED), name="inquiry_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} {self.get_kind_display()}"

    @property
    def waits_for(self) -> WaitsFor | None:
        """Who has to act now; None when nobody has to."""
        return INQUIRY_WAITS.get((InquiryKind(self.kind), InquiryState(self.state)))

    @property
    def words(self) -> str:
        """The state with whose turn it is, for firm and staff."""
        waits = self.waits_for
        if waits is None or self.state == InquiryState.GIVEN:
            return InquiryState(self.state).label
        doing = "확인" if self.kind == InquiryKind.ASSESSOR and waits != WaitsFor.FIRM else "답변"
        return f"{'기업' if waits == WaitsFor.FIRM else '담당자'} {doing} 대기"


class InquiryAnswer(models.Model):
    """An answer as it was given, and as an officer passed it on to assessors. Append-only."""

    inquiry = models.ForeignKey(Inquiry, on_delete=models.PROTECT, related_name="answers")
    for_panel = models.BooleanField("평가위원에게 전달한 답변", default=False)
    text = models.TextField("답변")
    by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="답변한 사람"
    )
    at = models.DateTimeField("답변 시각")

    class Meta:
        verbose_name = "질의 답변"
        verbose_name_plural = "질의 답변"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["inquiry", "for_panel"], name="one_answer_to_an_inquiry"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="answer_to_an_inquiry_has_text"),
        ]

    def __str__(self) -> str:
        return self.text[:40]
