"""Applications to a panel and their evidence."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.models import Dated, MoveLogBase, Stateful
from vouchers.models.panel import PanelRound
from vouchers.states import (
    PANEL_APPLICANT_LABELS,
    MemberKind,
    PanelApplicationMoves,
    PanelApplicationState,
)

USER = settings.AUTH_USER_MODEL


class PanelApplicationMove(MoveLogBase):
    thing = models.ForeignKey("PanelApplication", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "지원 이력"
        verbose_name_plural = "지원 이력"


class PanelApplication(Dated, Stateful):
    """An application to a panel. On submission it is frozen in `content`, hashed in `sha256`.

    `affiliation` and `business_number` are the employer's (or own firm's); `firms` are other
    firms in which the person holds shares: [{name, business_number}].
    """

    MOVES = PanelApplicationMoves.by_name()
    MOVE_LOG = PanelApplicationMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=PanelApplicationState.choices,
        default=PanelApplicationState.DRAFT,
        editable=False,
    )
    round = models.ForeignKey(
        PanelRound, on_delete=models.PROTECT, related_name="applications", verbose_name="회차"
    )
    user = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="panel_applications", verbose_name="지원자"
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    kind = models.CharField("구분", max_length=10, choices=MemberKind.choices, blank=True)
    name = models.CharField("이름", max_length=50, blank=True)
    phone = models.CharField("연락처", max_length=20, blank=True)
    address = models.CharField("주소", max_length=200, blank=True)
    affiliation = models.CharField("소속", max_length=100, blank=True)
    business_number = models.CharField("소속 사업자등록번호", max_length=10, blank=True)
    firms = models.JSONField("지분을 가진 기업", default=list, blank=True)
    categories = models.JSONField("관심 분야", default=list, blank=True)
    expertise = models.TextField("전문성", blank=True)
    interest = models.TextField("관심과 체험 계획", blank=True)
    independent = models.BooleanField("공급기업과 관계가 없음을 확인", default=False)
    consented = models.BooleanField("개인정보 수집·이용 동의", default=False)
    submitted_at = models.DateTimeField("접수 시각", null=True, editable=False)
    content = models.JSONField("제출본", null=True, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, editable=False)
    ip_hash = models.CharField(max_length=64, blank=True, editable=False)
    device_hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = "모니터링단 지원"
        verbose_name_plural = "모니터링단 지원"
        constraints = [
            models.UniqueConstraint(
                fields=["round", "user"],
                condition=~Q(state=PanelApplicationState.WITHDRAWN),
                name="one_panel_application_per_person",
            ),
            models.CheckConstraint(
                condition=~Q(
                    state__in=[
                        PanelApplicationState.SUBMITTED,
                        PanelApplicationState.SELECTED,
                        PanelApplicationState.RESERVE,
                        PanelApplicationState.REJECTED,
                    ]
                )
                | (Q(submitted_at__isnull=False) & ~Q(sha256="")),
                name="filed_panel_application_is_frozen",
            ),
        ]
        indexes = [
            models.Index(fields=["round", "state", "-id"], name="panel_application_desk"),
            models.Index(fields=["round", "ip_hash"], name="panel_application_ip"),
            models.Index(fields=["round", "device_hash"], name="panel_application_device"),
            models.Index(fields=["round", "phone"], name="panel_application_phone"),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.user} #{self.pk}"

    @property
    def applicant_label(self) -> str:
        return PANEL_APPLICANT_LABELS[PanelApplicationState(self.state)]


class PanelEvidence(models.Model):
    """A file that proves the applicant's kind."""

    application = models.ForeignKey(
        PanelApplication, on_delete=models.CASCADE, related_name="evidence"
    )
    name = models.CharField("파일 이름", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("크기")
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("형식", max_length=120)
    uploaded_at = models.DateTimeField("올린 시각")
    removed_at = models.DateTimeField("삭제 시각", null=True)

    class Meta:
        verbose_name = "증빙"
        verbose_name_plural = "증빙"

    def __str__(self) -> str:
        return self.name
