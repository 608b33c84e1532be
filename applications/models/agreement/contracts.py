"""Agreements with their texts, signatures and papers."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.application import Application
from applications.models.company import Company
from applications.states import (
    AgreementMoves,
    AgreementState,
    PaperState,
    Side,
)
from portal.models import Dated, MoveLogBase, Stateful
from programs.states import GrantKind

USER = settings.AUTH_USER_MODEL
CONCLUDED = [
    AgreementState.ACTIVE,
    AgreementState.SETTLING,
    AgreementState.SETTLED,
    AgreementState.CLOSED,
]
OVER = [AgreementState.CLOSED, AgreementState.ENDED]


class AgreementMove(MoveLogBase):
    thing = models.ForeignKey("Agreement", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "협약 처리 이력"
        verbose_name_plural = "협약 처리 이력"


class Agreement(Dated, Stateful):
    """The agreement about an award, one for each selected application.

    `grant_won` is the agreed grant, at most `award_won`; `terms` are the catalogue's figures and
    deadline policies at the time of the draft. `version` is the latest text, `in_force` the one
    that both sides signed (0: none yet). `PendingStep` rows say who has to act next.
    """

    MOVES = AgreementMoves.by_name()
    MOVE_LOG = AgreementMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=AgreementState.choices,
        default=AgreementState.PREPARING,
        editable=False,
    )
    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, related_name="agreement", verbose_name="신청"
    )
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="agreements", verbose_name="주관기업"
    )
    number = models.CharField("협약번호", max_length=60, unique=True)
    kind = models.CharField("지원 방식", max_length=10, choices=GrantKind.choices)
    award_won = models.PositiveBigIntegerField("선정 금액(원)")
    grant_won = models.PositiveBigIntegerField("협약 지원금(원)")
    terms = models.JSONField("협약 기준", default=dict)
    version = models.PositiveSmallIntegerField("최근 협약서", default=1)
    in_force = models.PositiveSmallIntegerField("효력 있는 협약서", default=0)
    starts_on = models.DateField("수행 시작", null=True)
    ends_on = models.DateField("수행 종료", null=True)
    drafted_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    drafted_at = models.DateTimeField("협약 준비 시작")
    papers_due_at = models.DateTimeField("서류 제출 기한")
    sign_due_at = models.DateTimeField("협약 체결 기한")
    concluded_at = models.DateTimeField("협약 체결 시각", null=True)
    finished_at = models.DateTimeField("최종보고서 제출 시각", null=True)
    spending_at = models.DateTimeField("사용내역 제출 시각", null=True)
    settled_at = models.DateTimeField("정산 확정 시각", null=True)
    closed_at = models.DateTimeField("종료 시각", null=True)

    class Meta:
        verbose_name = "협약"
        verbose_name_plural = "협약"
        constraints = [
            models.CheckConstraint(
                condition=Q(grant_won__lte=F("award_won")), name="agreed_within_the_award"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=CONCLUDED)
                | Q(
                    concluded_at__isnull=False,
                    in_force__gte=1,
                    starts_on__isnull=False,
                    ends_on__isnull=False,
                ),
                name="concluded_agreement_is_in_force",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OVER, closed_at__isnull=False)
                | (~Q(state__in=OVER) & Q(closed_at=None)),
                name="ended_agreement_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(in_force__lte=F("version")), name="in_force_is_a_version"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="agreement_state"),
            models.Index(fields=["grant_won", "id"], name="agreement_grant"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        # The ledger books the money of an agreement under its application.
        return f"application:{self.application_id}"

    @property
    def is_open(self) -> bool:
        return self.state not in OVER


class AgreementVersion(models.Model):
    """A text of an agreement with its SHA-256. Append-only in the database."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField("차수")
    content = models.JSONField("내용")
    sha256 = models.CharField("SHA-256", max_length=64)
    reason = models.CharField("작성 사유", max_length=300, blank=True)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("작성 시각")

    class Meta:
        verbose_name = "협약서"
        verbose_name_plural = "협약서"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="one_text_per_version"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} 제{self.number}차"


class AgreementSignature(models.Model):
    """A signature: the typed name, the wording of the consent and the hash of the signed text.

    Append-only in the database; each side signs a version once.
    """

    version = models.ForeignKey(
        AgreementVersion, on_delete=models.PROTECT, related_name="signatures"
    )
    side = models.CharField("서명한 쪽", max_length=10, choices=Side.choices)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    name = models.CharField("서명", max_length=50)
    wording = models.CharField("문구 버전", max_length=20)
    consent = models.TextField("동의 문구")
    sha256 = models.CharField("SHA-256", max_length=64)
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "협약 서명"
        verbose_name_plural = "협약 서명"
        constraints = [
            models.UniqueConstraint(fields=["version", "side"], name="a_side_signs_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_side_display()})"


class AgreementPaper(models.Model):
    """An uploaded paper that the agreement requires, with the verdict of staff."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="papers")
    requirement = models.CharField("서류", max_length=40)
    state = models.CharField(
        "상태", max_length=10, choices=PaperState.choices, default=PaperState.PENDING
    )
    name = models.CharField("파일 이름", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("크기")
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("형식", max_length=120)
    uploaded_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("올린 시각")
    reason = models.CharField("의견", max_length=300, blank=True)
    checked_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField("확인 시각", null=True)

    class Meta:
        verbose_name = "협약 서류"
        verbose_name_plural = "협약 서류"
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "requirement"],
                condition=~Q(state=PaperState.RETURNED),
                name="one_standing_paper",
            ),
            models.CheckConstraint(
                condition=Q(state=PaperState.PENDING, checked_by=None)
                | (~Q(state=PaperState.PENDING) & Q(checked_by__isnull=False)),
                name="checked_paper_has_its_checker",
            ),
        ]

    def __str__(self) -> str:
        return self.name
