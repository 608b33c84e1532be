"""Sub-programmes with their tracks, criteria, bonus items and documents; national goals."""

from collections.abc import Container
from datetime import date, datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from portal.models import Dated, User
from programs.models.ledger import Budget
from programs.models.rounds import ProgramRound
from programs.rules import calendar, deadlines, eligibility, industries
from programs.rules.grants import ceilings
from programs.states import GrantKind, Intake, QuotaKind

PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class SubProgram(Dated):
    """One of the schemes of a round (내역사업): who may apply, how it is judged, which pot pays.

    The JSON lists are written by `services.catalogue` in the shapes of its schema.
    """

    round = models.ForeignKey(
        ProgramRound, on_delete=models.PROTECT, related_name="sub_programs", verbose_name="회차"
    )
    code = models.SlugField("코드", max_length=40)
    short = models.CharField("약칭", max_length=20, help_text="접수번호에 쓰입니다.")
    name = models.CharField("이름", max_length=100)
    summary = models.TextField("소개", blank=True)
    order = models.PositiveSmallIntegerField("순서", default=0)
    pot = models.ForeignKey(
        Budget, on_delete=models.PROTECT, related_name="sub_programs", verbose_name="예산"
    )
    intake = models.CharField(
        "접수 방식", max_length=10, choices=Intake.choices, default=Intake.WINDOW
    )
    opens_at = models.DateTimeField("접수 시작(따로 정할 때)", null=True, blank=True)
    closes_at = models.DateTimeField("접수 마감(따로 정할 때)", null=True, blank=True)
    quota_count = models.PositiveIntegerField("모집 규모", null=True, blank=True)
    quota_kind = models.CharField(
        "모집 규모 구분", max_length=10, choices=QuotaKind.choices, default=QuotaKind.NONE
    )
    rounding_won = models.PositiveIntegerField("지원금 절사 단위(원)", default=1_000)

    assessors = models.PositiveSmallIntegerField("평가위원 수", default=5)
    minimum_sheets = models.PositiveSmallIntegerField("최소 평가표 수", default=3)
    trim_from = models.PositiveSmallIntegerField("최고·최저 제외 기준(평가표 수)", default=5)
    decimals = models.PositiveSmallIntegerField("점수 소수 자리", default=2)
    floor = models.DecimalField(
        "최저 점수", max_digits=5, decimal_places=2, default=60, validators=PERCENT
    )
    bonus_cap = models.PositiveSmallIntegerField("가점 상한", default=5)
    blind = models.BooleanField(
        "블라인드 심사",
        default=False,
        help_text="평가위원에게 신청기업의 이름·사람·주소·번호·파일을 보여 주지 않습니다.",
    )
    fit_program = models.PositiveSmallIntegerField(
        "배정 비용: 모르는 내역사업",
        default=400,
        help_text="평가위원 배정은 비용의 합이 가장 작은 안을 찾습니다.",
    )
    fit_industry = models.PositiveSmallIntegerField("배정 비용: 모르는 업종", default=200)
    fit_region = models.PositiveSmallIntegerField("배정 비용: 같은 지역", default=50)
    fit_load = models.PositiveSmallIntegerField("배정 비용: 한 사람의 다음 건마다", default=40)
    supplement_days = models.PositiveSmallIntegerField("보완 기한(일)", default=7)
    objection_days = models.PositiveSmallIntegerField("이의신청 기한(일)", default=10)
    objection_answer_days = models.PositiveSmallIntegerField("이의신청 처리 기한(일)", default=30)
    due_policies = models.JSONField("기한이 끝나는 때", default=dict, blank=True)

    conditions = models.JSONField("신청 요건", default=list, blank=True)
    questions = models.JSONField("질문", default=list, blank=True)
    cost_items = models.JSONField("비목", default=list, blank=True)
    partner_roles = models.JSONField("참여기업 역할", default=list, blank=True)
    consents = models.JSONField("동의", default=list, blank=True)
    steps = models.JSONField("절차", default=list, blank=True)
    delivery = models.JSONField("수행", default=list, blank=True)
    agreement = models.JSONField("협약과 정산", default=dict, blank=True)
    form_version = models.CharField("양식 버전", max_length=64, blank=True, editable=False)
    origins = models.JSONField("출처", default=dict, blank=True)
    officers = models.ManyToManyField(
        User, blank=True, related_name="sub_programs", verbose_name="담당자"
    )

    class Meta:
        verbose_name = "내역사업"
        verbose_name_plural = "내역사업"
        ordering = ["round", "order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "code"], name="sub_program_once_a_round"),
            models.UniqueConstraint(fields=["round", "short"], name="short_name_once_a_round"),
            models.CheckConstraint(
                condition=Q(quota_kind="none", quota_count=None)
                | (~Q(quota_kind="none") & Q(quota_count__gt=0)),
                name="quota_count_fits_its_word",
            ),
            models.CheckConstraint(
                condition=Q(floor__gte=0, floor__lte=100), name="floor_is_a_score"
            ),
            models.CheckConstraint(
                condition=Q(minimum_sheets__gte=1, assessors__gte=F("minimum_sheets")),
                name="enough_assessors",
            ),
            models.CheckConstraint(condition=Q(rounding_won__gte=1), name="rounding_is_a_unit"),
        ]

    def __str__(self) -> str:
        return self.name

    def window(self) -> calendar.Window:
        """Return when it takes applications: its own dates, else the round's.

        A rolling one ends on its own date if it has one, else when the budget is used up (A06).
        """
        rolling = self.intake == Intake.ROLLING
        closes_at = self.closes_at or (None if rolling else self.round.closes_at)
        return calendar.Window(self.opens_at or self.round.opens_at, closes_at, rolling)

    def due_after(
        self, period: str, start: datetime, holidays: Container[date], *, days: int | None = None
    ) -> datetime:
        """Return when a period (`supplement_days`, `objection_days`, ...) from `start` is over.

        `days` replaces the programme's own number.
        """
        policy = deadlines.policy_of(self.due_policies, period)
        return deadlines.due_after(start, days or getattr(self, period), policy, holidays)

    def conditions_parsed(self) -> tuple[eligibility.Condition, ...]:
        return eligibility.parse(self.conditions)


class Track(Dated):
    """A kind of support within a sub-programme (지원유형). A figure not published is null, never 0."""

    sub_program = models.ForeignKey(
        SubProgram, on_delete=models.PROTECT, related_name="tracks", verbose_name="내역사업"
    )
    code = models.SlugField("코드", max_length=40)
    name = models.CharField("이름", max_length=100)
    summary = models.TextField("소개", blank=True)
    order = models.PositiveSmallIntegerField("순서", default=0)
    grant_kind = models.CharField("지원 방식", max_length=10, choices=GrantKind.choices)
    cap_won = models.PositiveBigIntegerField("지원 한도(원)", null=True, blank=True)
    share_percent = models.PositiveSmallIntegerField(
        "지원 비율(%)", null=True, blank=True, validators=PERCENT
    )
    flat_won = models.PositiveBigIntegerField("정액(원)", null=True, blank=True)
    planning_won = models.PositiveBigIntegerField("현물 계획 가액(원)", null=True, blank=True)
    days = models.PositiveSmallIntegerField("지원 일수", null=True, blank=True)
    months = models.PositiveSmallIntegerField("지원 개월", null=True, blank=True)
    previous_cap_won = models.PositiveBigIntegerField(
        "전년도 한도(원)", null=True, blank=True, help_text="비교용이며 올해 한도가 아닙니다."
    )
    origins = models.JSONField("출처", default=dict, blank=True)

    class Meta:
        verbose_name = "지원유형"
        verbose_name_plural = "지원유형"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["sub_program", "code"], name="track_once"),
            models.CheckConstraint(
                condition=Q(share_percent=None) | Q(share_percent__lte=100),
                name="share_is_a_percentage",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def terms(self) -> ceilings.Terms:
        return ceilings.Terms(
            kind=self.grant_kind,
            cap_won=self.cap_won,
            share_percent=self.share_percent,
            flat_won=self.flat_won,
            planning_won=self.planning_won,
            rounding_won=self.sub_program.rounding_won,
        )


class NationalGoal(models.Model):
    code = models.SlugField("코드", max_length=40, unique=True)
    label = models.CharField("이름", max_length=100)
    value = models.PositiveBigIntegerField("값")
    unit = models.CharField("단위", max_length=10)
    as_of = models.DateField("기준일", null=True, blank=True)
    kind = models.CharField("성격", max_length=20)
    origin = models.CharField("출처", max_length=40)
    order = models.PositiveSmallIntegerField("순서", default=0)

    class Meta:
        verbose_name = "국가 목표"
        verbose_name_plural = "국가 목표"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.label


class Criterion(models.Model):
    """One line of the score sheet; the points of a sub-programme sum to 100."""

    sub_program = models.ForeignKey(SubProgram, on_delete=models.PROTECT, related_name="criteria")
    code = models.SlugField("코드", max_length=40)
    label = models.CharField("평가항목", max_length=100)
    guide = models.TextField("평가 기준", blank=True)
    max_points = models.PositiveSmallIntegerField("배점")
    core = models.BooleanField("핵심 항목", default=False, help_text="동점일 때 먼저 견줍니다.")
    skippable = models.BooleanField(
        "해당 없음 허용",
        default=False,
        help_text="평가위원이 ‘해당 없음’을 고를 수 있습니다. 그 항목은 점수와 배점에서 빠집니다.",
    )
    order = models.PositiveSmallIntegerField("순서", default=0)
    origin = models.CharField("출처", max_length=40)

    class Meta:
        verbose_name = "평가항목"
        verbose_name_plural = "평가항목"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["sub_program", "code"], name="criterion_once"),
            models.UniqueConstraint(
                fields=["sub_program"], condition=Q(core=True), name="one_core_criterion"
            ),
            models.CheckConstraint(
                condition=Q(core=False) | Q(skippable=False), name="core_criterion_is_judged"
            ),
            models.CheckConstraint(
                condition=Q(max_points__gte=1, max_points__lte=100), name="points_up_to_100"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class BonusItem(models.Model):
    """Extra points, decided by staff on evidence; the industry codes are only a hint."""

    sub_program = models.ForeignKey(
        SubProgram, on_delete=models.PROTECT, related_name="bonus_items"
    )
    code = models.SlugField("코드", max_length=40)
    label = models.CharField("가점항목", max_length=100)
    points = models.PositiveSmallIntegerField("점수")
    guide = models.TextField("판단 기준", blank=True)
    industry_hints = models.JSONField("참고 업종(KSIC 앞자리)", default=list, blank=True)
    question = models.CharField("주장하는 질문", max_length=40, blank=True)
    order = models.PositiveSmallIntegerField("순서", default=0)
    origin = models.CharField("출처", max_length=40)

    class Meta:
        verbose_name = "가점항목"
        verbose_name_plural = "가점항목"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["sub_program", "code"], name="bonus_item_once"),
        ]

    def __str__(self) -> str:
        return self.label

    def hinted(self, industry_code: str) -> bool:
        """Return whether an industry code (21102 or C21102) starts like one of the hints."""
        return industries.starts_like(industry_code, self.industry_hints)


class RequiredDocument(models.Model):
    """A document that the applicant attaches; `when` restricts it to some facts."""

    sub_program = models.ForeignKey(SubProgram, on_delete=models.PROTECT, related_name="documents")
    code = models.SlugField("코드", max_length=40)
    label = models.CharField("제출서류", max_length=100)
    guide = models.TextField("안내", blank=True)
    required = models.BooleanField("필수", default=True)
    when = models.JSONField("해당 조건", null=True, blank=True)
    formats = models.JSONField("파일 형식", default=list)
    max_files = models.PositiveSmallIntegerField("파일 수", default=1)
    order = models.PositiveSmallIntegerField("순서", default=0)
    origin = models.CharField("출처", max_length=40)

    class Meta:
        verbose_name = "제출서류"
        verbose_name_plural = "제출서류"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["sub_program", "code"], name="document_once"),
        ]

    def __str__(self) -> str:
        return self.label


class CatalogueRevision(models.Model):
    """A mark of the last changes of the catalogue, written by the triggers of `programs.guards`.

    All tokens together are the revision of the catalogue. There is one row, and one more for each
    transaction that ever changed the catalogue while another one did: none waits for another.
    """

    token = models.CharField(max_length=36)

    class Meta:
        verbose_name = "사업 목록의 판"
        verbose_name_plural = "사업 목록의 판"

    def __str__(self) -> str:
        return self.token
