"""Consumer reports: drafts, submitted versions, pictures, automatic checks, supplier comments."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.core.errors import NotFound
from portal.models import Dated, MoveLogBase, Stateful, User
from vouchers.models.assignment import Assignment
from vouchers.states import ACCEPTED_STATES, MEMBER_LABELS, ReportMoves, ReportState

USER = settings.AUTH_USER_MODEL


class ConsumerReportMove(MoveLogBase):
    thing = models.ForeignKey("ConsumerReport", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "보고서 이력"
        verbose_name_plural = "보고서 이력"


class ConsumerReport(Dated, Stateful):
    """A member's report on a service, one per assignment.

    The draft is `texts` (section → text), `ratings` (scale → number, "skip" or absent) and the
    period of use; `version` guards it against concurrent saves. `filed` is the last submitted
    version: everything shown to others comes from it.
    """

    MOVES = ReportMoves.by_name()
    MOVE_LOG = ConsumerReportMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=ReportState.choices,
        default=ReportState.DRAFT,
        editable=False,
    )
    assignment = models.OneToOneField(
        Assignment, on_delete=models.PROTECT, related_name="report", verbose_name="배정"
    )
    texts = models.JSONField(default=dict, editable=False)
    ratings = models.JSONField(default=dict, editable=False)
    used_from = models.DateField("이용 시작일", null=True, editable=False)
    used_to = models.DateField("이용 종료일", null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    saved_at = models.DateTimeField("저장 시각", null=True, editable=False)
    filed = models.OneToOneField(
        "ReportVersion",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name="제출본",
    )
    submitted_at = models.DateTimeField("첫 제출 시각", null=True, editable=False)
    accepted_at = models.DateTimeField("채택 시각", null=True, editable=False)
    comment_until = models.DateTimeField("공급기업 의견 마감", null=True, editable=False)
    published_at = models.DateTimeField("공개 시각", null=True, editable=False)

    class Meta:
        verbose_name = "소비자 보고서"
        verbose_name_plural = "소비자 보고서"
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ReportState.DRAFT)
                | Q(filed__isnull=False, submitted_at__isnull=False),
                name="submitted_report_is_frozen",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=ACCEPTED_STATES)
                | Q(accepted_at__isnull=False, comment_until__isnull=False),
                name="accepted_report_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ReportState.PUBLISHED, ReportState.RETRACTED])
                | Q(published_at__isnull=False),
                name="published_report_has_a_time",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="report_by_state")]

    def __str__(self) -> str:
        return f"{self.assignment.service} 보고서 #{self.pk}"

    def name_of(self, by: User) -> str:
        """Call the author by the kind of member: those who judge a report do not know the name."""
        monitor = self.assignment.monitor
        return monitor.get_kind_display() if by == monitor.user else str(by)

    @property
    def member_label(self) -> str:
        return MEMBER_LABELS[ReportState(self.state)]

    def submitted_version(self) -> "ReportVersion":
        """Return the last submitted version. Raises NotFound for a report never submitted."""
        if self.filed is None:
            raise NotFound("아직 제출하지 않은 보고서입니다.")
        return self.filed


class ReportVersion(models.Model):
    """A submitted version: canonical content and its SHA-256. Append-only in the database."""

    report = models.ForeignKey(
        ConsumerReport, on_delete=models.PROTECT, related_name="versions", verbose_name="보고서"
    )
    number = models.PositiveSmallIntegerField("차수")
    content = models.JSONField("내용")
    sha256 = models.CharField("SHA-256", max_length=64)
    submitted_at = models.DateTimeField("제출 시각")

    class Meta:
        verbose_name = "보고서 제출본"
        verbose_name_plural = "보고서 제출본"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "number"], name="one_report_version_a_number"
            ),
            models.CheckConstraint(condition=~Q(sha256=""), name="report_version_is_hashed"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.number}차"


class ReportEvidence(models.Model):
    """A picture of the use, re-encoded from its pixels so that no metadata of the upload remains."""

    report = models.ForeignKey(ConsumerReport, on_delete=models.PROTECT, related_name="evidence")
    caption = models.CharField("설명", max_length=100)
    file = models.CharField(max_length=100, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField(max_length=20)
    size = models.PositiveIntegerField("크기")
    width = models.PositiveIntegerField("너비")
    height = models.PositiveIntegerField("높이")
    added_at = models.DateTimeField("올린 시각")
    removed_at = models.DateTimeField("뺀 시각", null=True)

    class Meta:
        verbose_name = "이용 화면·사진"
        verbose_name_plural = "이용 화면·사진"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "sha256"],
                condition=Q(removed_at=None),
                name="one_picture_once_a_report",
            ),
        ]

    def __str__(self) -> str:
        return self.caption


class ReportCheck(models.Model):
    """A match of an automatic check in a submitted version; a moderator decides. Append-only."""

    version = models.ForeignKey(ReportVersion, on_delete=models.PROTECT, related_name="checks")
    code = models.CharField("종류", max_length=30)
    label = models.CharField("설명", max_length=100)
    words = models.CharField("찾은 글", max_length=200, blank=True)
    other = models.ForeignKey(
        ReportVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="비슷한 보고서",
    )
    percent = models.PositiveSmallIntegerField("겹치는 비율(%)", null=True)

    class Meta:
        verbose_name = "보고서 점검"
        verbose_name_plural = "보고서 점검"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(other=None) | ~Q(other=F("version")),
                name="a_version_is_not_like_itself",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class ReportScreening(models.Model):
    """Records that a submitted version was checked, against how many others. Append-only."""

    version = models.OneToOneField(
        ReportVersion, on_delete=models.PROTECT, related_name="screening"
    )
    compared = models.PositiveIntegerField("비교한 보고서")
    at = models.DateTimeField("점검 시각")

    class Meta:
        verbose_name = "자동 점검"
        verbose_name_plural = "자동 점검"

    def __str__(self) -> str:
        return f"{self.version}"


class SupplierComment(models.Model):
    """The supplier's comment on a report, published beside it. Append-only in the database."""

    report = models.OneToOneField(
        ConsumerReport, on_delete=models.PROTECT, related_name="comment", verbose_name="보고서"
    )
    text = models.TextField("의견")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("제출 시각")

    class Meta:
        verbose_name = "공급기업 의견"
        verbose_name_plural = "공급기업 의견"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="a_comment_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.report} 의견"
