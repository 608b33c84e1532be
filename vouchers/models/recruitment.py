"""Who applied to a panel, who may not, who was selected and why."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.models import Dated, MoveLogBase, Stateful
from vouchers.models.catalogue import Supplier
from vouchers.models.panel import PanelRound
from vouchers.states import (
    PANEL_APPLICANT_LABELS,
    PANEL_APPLICATION_MOVES,
    PANEL_SELECTION_MOVES,
    MemberKind,
    PanelApplicationState,
    PanelOutcome,
    PanelSelectionState,
)

USER = settings.AUTH_USER_MODEL


class SupplierTie(models.Model):
    """A tie between a person and a supplier: while it lasts, the person may not be on a panel.

    Written by `services.conflicts` alone, from declared and computed ties; a trigger refuses
    applications, members and assignments of whoever has one that has not ended.
    """

    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="supplier_ties")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="ties")
    code = models.CharField("종류", max_length=30)
    reason = models.CharField("사유", max_length=300)
    found_at = models.DateTimeField("발견 시각")
    ended_at = models.DateTimeField("해소 시각", null=True)

    class Meta:
        verbose_name = "공급기업 이해관계"
        verbose_name_plural = "공급기업 이해관계"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "supplier", "code"],
                condition=Q(ended_at=None),
                name="one_open_tie_of_a_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["user"], condition=Q(ended_at=None), name="open_tie_of_user"),
        ]

    def __str__(self) -> str:
        return self.reason


class PanelApplicationMove(MoveLogBase):
    """One move of an application to the panel."""

    thing = models.ForeignKey("PanelApplication", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "지원 이력"
        verbose_name_plural = "지원 이력"


class PanelApplication(Dated, Stateful):
    """Somebody's application to a panel. Filed, it is frozen in `content` under `sha256`.

    `affiliation` and `business_number` are the employer's (or own firm's); `firms` are other
    firms in which the person holds shares: [{name, business_number}].
    """

    MOVES = PANEL_APPLICATION_MOVES
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
        """The state in the applicant's words."""
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


class PanelMark(models.Model):
    """One officer's marks for one applicant: points by criterion, and why."""

    application = models.ForeignKey(
        PanelApplication, on_delete=models.PROTECT, related_name="marks"
    )
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", verbose_name="평가자")
    points = models.JSONField("점수")
    reason = models.TextField("평가 의견")
    at = models.DateTimeField("평가 시각")

    class Meta:
        verbose_name = "지원 평가"
        verbose_name_plural = "지원 평가"
        constraints = [
            models.UniqueConstraint(fields=["application", "by"], name="one_mark_per_officer"),
        ]

    def __str__(self) -> str:
        return f"{self.application} · {self.by}"


class PanelSelectionMove(MoveLogBase):
    """One move of a selection of members."""

    thing = models.ForeignKey("PanelSelection", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "단원 선정 이력"
        verbose_name_plural = "단원 선정 이력"


class PanelSelection(Stateful):
    """A ranked list of applicants from frozen marks and rules: the same inputs, the same list."""

    MOVES = PANEL_SELECTION_MOVES
    MOVE_LOG = PanelSelectionMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=PanelSelectionState.choices,
        default=PanelSelectionState.PROPOSED,
        editable=False,
    )
    round = models.ForeignKey(
        PanelRound, on_delete=models.PROTECT, related_name="selections", verbose_name="회차"
    )
    number = models.PositiveIntegerField("차수")
    rules = models.JSONField("선정 기준(고정)")
    inputs = models.JSONField("입력(고정)")
    inputs_sha256 = models.CharField("입력 SHA-256", max_length=64)
    results_sha256 = models.CharField("결과 SHA-256", max_length=64)
    notes = models.JSONField("안내", default=list)
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField("작성 시각")
    released_at = models.DateTimeField("발표 시각", null=True)

    class Meta:
        verbose_name = "단원 선정"
        verbose_name_plural = "단원 선정"
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="one_selection_per_number"),
            models.UniqueConstraint(
                fields=["round"],
                condition=Q(state=PanelSelectionState.RELEASED),
                name="one_released_selection_per_panel",
            ),
            models.CheckConstraint(
                condition=~Q(state=PanelSelectionState.RELEASED) | Q(released_at__isnull=False),
                name="released_panel_selection_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.number}차 선정"


class PanelDecision(models.Model):
    """What a selection says of one applicant, and why; `total` is in hundredths of a point."""

    selection = models.ForeignKey(
        PanelSelection, on_delete=models.PROTECT, related_name="decisions"
    )
    application = models.ForeignKey(
        PanelApplication, on_delete=models.PROTECT, related_name="decisions"
    )
    outcome = models.CharField("결과", max_length=10, choices=PanelOutcome.choices)
    rank = models.PositiveIntegerField("순위")
    total = models.PositiveIntegerField("점수(1/100점)")
    breakdown = models.JSONField("산출 내역")
    reason = models.CharField("사유", max_length=300)

    class Meta:
        verbose_name = "선정 결과"
        verbose_name_plural = "선정 결과"
        constraints = [
            models.UniqueConstraint(
                fields=["selection", "application"], name="one_panel_decision_per_selection"
            ),
        ]
        indexes = [models.Index(fields=["selection", "rank"], name="panel_decision_rank")]

    def __str__(self) -> str:
        return f"{self.application}: {self.get_outcome_display()}"
