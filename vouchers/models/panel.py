"""A panel round, who applied, who may not, who was selected, and who tries which service."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.models import Dated, Job, MoveLogBase, Stateful
from programs.models import Budget
from programs.rules import calendar
from programs.states import QuotaKind
from vouchers.models.catalogue import Service, Supplier
from vouchers.states import (
    ASSIGNMENT_MOVES,
    ASSIGNMENT_RUN_MOVES,
    MONITOR_MOVES,
    PANEL_APPLICANT_LABELS,
    PANEL_APPLICATION_MOVES,
    PANEL_SELECTION_MOVES,
    AssignmentRunState,
    AssignmentState,
    MemberKind,
    MonitorState,
    PanelApplicationState,
    PanelOutcome,
    PanelSelectionState,
    RuleKind,
)

USER = settings.AUTH_USER_MODEL


class PanelRound(Dated):
    """One panel (모니터링단): its window, its size, what each service wants, what pays for it.

    Everything is data of a catalogue file with its origin (`origins`: field → source).
    """

    code = models.SlugField("코드", max_length=40, unique=True)
    year = models.PositiveSmallIntegerField("연도")
    name = models.CharField("이름", max_length=100)
    summary = models.TextField("소개", blank=True)
    announced = models.BooleanField("공고함", default=False)
    opens_at = models.DateTimeField("모집 시작")
    closes_at = models.DateTimeField("모집 마감")
    target_count = models.PositiveIntegerField("모집 인원")
    target_kind = models.CharField(
        "모집 인원 구분", max_length=10, choices=QuotaKind.choices, default=QuotaKind.ABOUT
    )
    reserve_count = models.PositiveIntegerField("예비 인원", default=0)
    members_per_service = models.PositiveSmallIntegerField("서비스마다 체험 인원", default=4)
    load = models.PositiveSmallIntegerField("한 사람의 최대 체험 서비스", default=8)
    wishes_most = models.PositiveSmallIntegerField("희망 서비스 최대", default=10)
    wishes_until = models.DateTimeField("희망 서비스 마감", null=True, blank=True)
    active_until = models.DateTimeField("활동 마감", null=True, blank=True)
    burst_limit = models.PositiveSmallIntegerField("몰린 신청으로 보는 건수", default=3)
    burst_hours = models.PositiveSmallIntegerField("몰린 신청을 보는 시간", default=24)
    fee_won = models.PositiveIntegerField("보고서 한 건의 원고료(원)", null=True, blank=True)
    fee_pot = models.ForeignKey(
        Budget,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="원고료 예산",
    )
    award_pot = models.ForeignKey(
        Budget,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="인센티브 예산",
    )
    consents = models.JSONField("동의", default=list, blank=True)
    origins = models.JSONField("출처", default=dict, blank=True)
    covered = models.ManyToManyField(
        Service, through="CoveredService", related_name="rounds", verbose_name="체험 서비스"
    )

    class Meta:
        verbose_name = "모니터링단 회차"
        verbose_name_plural = "모니터링단 회차"
        ordering = ["-opens_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="panel_closes_after_it_opens"
            ),
            models.CheckConstraint(
                condition=Q(members_per_service__gte=1, load__gte=1, target_count__gte=1),
                name="panel_has_a_size",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def window(self) -> calendar.Window:
        """When this panel takes applications."""
        return calendar.Window(self.opens_at, self.closes_at)


class PanelRoundChange(models.Model):
    """Why a panel's dates changed. Append-only in the database."""

    round = models.ForeignKey(PanelRound, on_delete=models.PROTECT, related_name="changes")
    act = models.CharField("처리", max_length=20)
    before = models.JSONField("이전", default=dict)
    after = models.JSONField("이후", default=dict)
    reason = models.CharField("사유", max_length=300, blank=True)
    by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="처리자"
    )
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "모니터링단 회차 변경 이력"
        verbose_name_plural = "모니터링단 회차 변경 이력"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.act}: {self.reason}"


class PanelKind(models.Model):
    """A kind of member in one round: who belongs to it, what proves it, how many are needed.

    `least_members` of the kind are selected where enough apply; each service wants `least_each`.
    """

    round = models.ForeignKey(
        PanelRound, on_delete=models.CASCADE, related_name="kinds", verbose_name="회차"
    )
    code = models.CharField("구분", max_length=10, choices=MemberKind.choices)
    guide = models.CharField("대상", max_length=200)
    evidence = models.CharField("증빙", max_length=200)
    least_members = models.PositiveIntegerField("최소 선정 인원", default=0)
    least_each = models.PositiveSmallIntegerField("서비스마다 최소 인원", default=1)
    origins = models.JSONField("출처", default=dict, blank=True)
    order = models.PositiveSmallIntegerField("순서", default=0)

    class Meta:
        verbose_name = "단원 구분"
        verbose_name_plural = "단원 구분"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "code"], name="one_kind_per_panel"),
        ]

    def __str__(self) -> str:
        return self.get_code_display()


class PanelCriterion(models.Model):
    """What applicants are marked on (전문성, 관심도), out of `max_points`, weighted in percent."""

    round = models.ForeignKey(
        PanelRound, on_delete=models.CASCADE, related_name="criteria", verbose_name="회차"
    )
    code = models.SlugField("코드", max_length=40)
    label = models.CharField("이름", max_length=50)
    guide = models.CharField("설명", max_length=300, blank=True)
    max_points = models.PositiveSmallIntegerField("만점")
    weight = models.PositiveSmallIntegerField("비중(%)")
    origins = models.JSONField("출처", default=dict, blank=True)
    order = models.PositiveSmallIntegerField("순서", default=0)

    class Meta:
        verbose_name = "선정 기준"
        verbose_name_plural = "선정 기준"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "code"], name="one_criterion_per_panel"),
            models.CheckConstraint(
                condition=Q(max_points__gte=1, weight__gte=1, weight__lte=100),
                name="panel_criterion_counts",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class CoveredService(models.Model):
    """A service that a round has tried; `wanted` members, or the round's own number."""

    round = models.ForeignKey(PanelRound, on_delete=models.PROTECT, related_name="coverage")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="coverage")
    wanted = models.PositiveSmallIntegerField("체험 인원", null=True, blank=True)
    added_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField("지정 시각")

    class Meta:
        verbose_name = "체험 서비스"
        verbose_name_plural = "체험 서비스"
        constraints = [
            models.UniqueConstraint(fields=["round", "service"], name="covered_once_a_round"),
        ]

    def __str__(self) -> str:
        return str(self.service)


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


class MonitorMove(MoveLogBase):
    """One move of a member."""

    thing = models.ForeignKey("Monitor", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "단원 이력"
        verbose_name_plural = "단원 이력"


class Monitor(Stateful):
    """A member of a panel (단원): a selected applicant with a kind and room for `load` services.

    `number` is what the public and suppliers may read of them, together with the kind; never the
    name. `excluded_at` and `exclusion_reason` stand exactly while the state is `excluded`: a tie
    or a fraud found late. Whatever the member has written is then left out of averages, visibly.
    """

    MOVES = MONITOR_MOVES
    MOVE_LOG = MonitorMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=MonitorState.choices,
        default=MonitorState.ACTIVE,
        editable=False,
    )
    round = models.ForeignKey(
        PanelRound, on_delete=models.PROTECT, related_name="monitors", verbose_name="회차"
    )
    user = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="monitors", verbose_name="사람"
    )
    application = models.OneToOneField(
        PanelApplication, on_delete=models.PROTECT, related_name="monitor", verbose_name="지원"
    )
    number = models.PositiveIntegerField("단원 번호")
    kind = models.CharField("구분", max_length=10, choices=MemberKind.choices)
    load = models.PositiveSmallIntegerField("최대 체험 서비스")
    joined_at = models.DateTimeField("위촉 시각")
    left_at = models.DateTimeField("사퇴 시각", null=True, editable=False)
    excluded_at = models.DateTimeField("제외 시각", null=True, editable=False)
    exclusion_reason = models.CharField("제외 사유", max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = "단원"
        verbose_name_plural = "단원"
        ordering = ["round", "number"]
        constraints = [
            models.UniqueConstraint(fields=["round", "user"], name="one_membership_per_panel"),
            models.UniqueConstraint(fields=["round", "number"], name="one_member_per_number"),
            models.CheckConstraint(
                condition=Q(state=MonitorState.EXCLUDED, excluded_at__isnull=False)
                | (~Q(state=MonitorState.EXCLUDED) & Q(excluded_at=None)),
                name="excluded_member_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"단원 {self.number:03} ({self.get_kind_display()})"


class Wish(models.Model):
    """A service that a member would like to try; rank 1 is the dearest."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="wishes")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="wishes")
    rank = models.PositiveSmallIntegerField("순위")

    class Meta:
        verbose_name = "희망 서비스"
        verbose_name_plural = "희망 서비스"
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["monitor", "service"], name="wished_once"),
            models.UniqueConstraint(fields=["monitor", "rank"], name="one_wish_per_rank"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.service}"


class AssignmentRule(models.Model):
    """Staff's word about one member and one service: pinned or forbidden, and why."""

    round = models.ForeignKey(PanelRound, on_delete=models.PROTECT, related_name="rules")
    monitor = models.ForeignKey(
        Monitor, on_delete=models.PROTECT, related_name="rules", verbose_name="단원"
    )
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="rules", verbose_name="서비스"
    )
    kind = models.CharField("처리", max_length=10, choices=RuleKind.choices)
    reason = models.CharField("사유", max_length=300)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("시각")
    ended_at = models.DateTimeField("푼 시각", null=True)

    class Meta:
        verbose_name = "고정·금지"
        verbose_name_plural = "고정·금지"
        constraints = [
            models.UniqueConstraint(
                fields=["monitor", "service"],
                condition=Q(ended_at=None),
                name="one_rule_of_a_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.monitor} · {self.service}: {self.get_kind_display()}"


class AssignmentRunMove(MoveLogBase):
    """One move of a computed assignment."""

    thing = models.ForeignKey("AssignmentRun", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "배정 계산 이력"
        verbose_name_plural = "배정 계산 이력"


class AssignmentRun(Stateful):
    """One computed assignment of a round: its seed, the hash of what went in, and what is short.

    `pairs` are [monitor id, service id]; `added` of them are new. `explanation` says in words
    what could not be met and why; `inputs` are kept so that it can be computed again.
    """

    MOVES = ASSIGNMENT_RUN_MOVES
    MOVE_LOG = AssignmentRunMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=AssignmentRunState.choices,
        default=AssignmentRunState.PREPARING,
        editable=False,
    )
    round = models.ForeignKey(
        PanelRound, on_delete=models.PROTECT, related_name="runs", verbose_name="회차"
    )
    number = models.PositiveIntegerField("차수")
    seed = models.PositiveIntegerField("시드")
    inputs = models.JSONField("입력(고정)", default=dict)
    inputs_sha256 = models.CharField("입력 SHA-256", max_length=64, blank=True)
    pairs = models.JSONField("배정안", default=list)
    results_sha256 = models.CharField("결과 SHA-256", max_length=64, blank=True)
    wanted = models.PositiveIntegerField("필요 자리", default=0)
    filled = models.PositiveIntegerField("채운 자리", default=0)
    added = models.PositiveIntegerField("새 배정", default=0)
    wished = models.PositiveIntegerField("희망대로 된 배정", default=0)
    explanation = models.JSONField("부족한 것", default=list)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField("요청 시각")
    confirmed_at = models.DateTimeField("확정 시각", null=True)

    class Meta:
        verbose_name = "배정 계산"
        verbose_name_plural = "배정 계산"
        constraints = [
            models.UniqueConstraint(
                fields=["round", "number"], name="one_assignment_run_per_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.number}차 배정"


class AssignmentMove(MoveLogBase):
    """One move of an assignment."""

    thing = models.ForeignKey("Assignment", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "배정 이력"
        verbose_name_plural = "배정 이력"


class Assignment(Stateful):
    """A member who is to try a service and report on it; `run` is the computation that said so.

    Made by confirming a run. A dropped one is kept: a replacement is an assignment of its own.
    """

    MOVES = ASSIGNMENT_MOVES
    MOVE_LOG = AssignmentMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=AssignmentState.choices,
        default=AssignmentState.ACTIVE,
        editable=False,
    )
    round = models.ForeignKey(
        PanelRound, on_delete=models.PROTECT, related_name="assignments", verbose_name="회차"
    )
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="assignments", verbose_name="서비스"
    )
    monitor = models.ForeignKey(
        Monitor, on_delete=models.PROTECT, related_name="assignments", verbose_name="단원"
    )
    run = models.ForeignKey(AssignmentRun, on_delete=models.PROTECT, related_name="assignments")
    assigned_at = models.DateTimeField("배정 시각")
    dropped_at = models.DateTimeField("취소 시각", null=True)

    class Meta:
        verbose_name = "배정"
        verbose_name_plural = "배정"
        constraints = [
            models.UniqueConstraint(
                fields=["monitor", "service"],
                condition=Q(state=AssignmentState.ACTIVE),
                name="one_active_assignment_of_a_pair",
            ),
            models.CheckConstraint(
                condition=Q(state=AssignmentState.ACTIVE, dropped_at=None)
                | Q(state=AssignmentState.DROPPED, dropped_at__isnull=False),
                name="dropped_assignment_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["round", "service", "state"], name="assignment_of_service"),
            models.Index(fields=["monitor", "state"], name="assignment_of_member"),
        ]

    def __str__(self) -> str:
        return f"{self.service} · {self.monitor}"

    def due_at(self) -> datetime | None:
        """When the report is due at the latest: the end of the round's activity."""
        return self.round.active_until
