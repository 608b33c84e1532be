"""Showcases of AI in manufacturing: texts, figures with their origin, pictures, PDFs."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kamp.models.workspaces import Workspace
from kamp.states import (
    DataKind,
    Direction,
    FigureOrigin,
    Process,
    Purpose,
    ShowcaseMoves,
    ShowcaseState,
)
from portal.models import Dated, IssuedPdf, MoveLogBase, Stateful

USER = settings.AUTH_USER_MODEL


class ShowcaseMove(MoveLogBase):
    thing = models.ForeignKey("Showcase", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "사례 이력"
        verbose_name_plural = "사례 이력"


class Showcase(Dated, Stateful):
    """A case of AI in manufacturing, published by somebody other than its last writer.

    Two editors answer for every case: the one who wrote it and another; of a firm's case the one who
    checked it (`checked_by`) and another. `by_one_editor` marks those published before that held.

    `workspace` is the firm that sent its own case, null for a case of the editors. `edition` counts
    publications. `problem`, `experts` and `caveat` hold one item a line.
    """

    MOVES = ShowcaseMoves.by_name()
    MOVE_LOG = ShowcaseMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=ShowcaseState.choices,
        default=ShowcaseState.DRAFT,
        editable=False,
    )
    slug = models.SlugField("주소 이름", max_length=60, unique=True)
    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="showcases",
        verbose_name="보낸 기업",
        editable=False,
    )
    title = models.CharField("제목", max_length=100)
    company = models.CharField("기업명", max_length=100)
    company_profile = models.TextField("기업 소개", blank=True)
    industry = models.CharField("업종", max_length=100, blank=True)
    process = models.CharField("공정", max_length=20, choices=Process.choices)
    equipment = models.CharField("설비", max_length=60, blank=True)
    purpose = models.CharField("목적", max_length=20, choices=Purpose.choices)
    data_kind = models.CharField("자료 종류", max_length=20, choices=DataKind.choices)
    data_note = models.CharField("자료 설명", max_length=200, blank=True)
    label_note = models.CharField("라벨 종류", max_length=200, blank=True)
    summary = models.TextField("한눈에 보기")
    problem = models.TextField("문제")
    method_before = models.CharField("도입 전 방법", max_length=200, blank=True)
    method_after = models.CharField("도입 뒤 방법", max_length=200, blank=True)
    experts = models.TextField("도움을 준 전문가", blank=True)
    event = models.CharField("시연·행사", max_length=200, blank=True)
    caveat = models.TextField("알려지지 않은 점", blank=True)
    source_name = models.CharField("출처", max_length=200)
    source_url = models.URLField("출처 주소", blank=True)
    edition = models.PositiveIntegerField("공개 회차", default=0, editable=False)
    edited_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="마지막으로 쓴 사람"
    )
    checked_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="확인한 편집자"
    )
    by_one_editor = models.BooleanField(default=False, editable=False)
    published_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="공개한 사람"
    )
    published_at = models.DateTimeField("공개 시각", null=True)

    class Meta:
        verbose_name = "KAMP 사례"
        verbose_name_plural = "KAMP 사례"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=ShowcaseState.PUBLISHED)
                | (Q(published_at__isnull=False) & Q(published_by__isnull=False)),
                name="published_showcase_names_its_publisher",
            ),
            models.CheckConstraint(
                condition=Q(published_by=None) | ~Q(published_by=F("edited_by")),
                name="showcase_published_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state=ShowcaseState.PUBLISHED)
                | Q(workspace=None)
                | Q(by_one_editor=True)
                | (Q(checked_by__isnull=False) & ~Q(checked_by=F("published_by"))),
                name="firms_showcase_published_by_two_editors",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-published_at"], name="showcase_public"),
            models.Index(fields=["workspace", "-id"], name="showcase_of_firm"),
        ]

    def __str__(self) -> str:
        return self.title


class Metric(models.Model):
    """One figure before and after, with definition, sample size and origin.

    Without numbers, `note` holds the statement. A null `sample_size` is unknown.
    """

    showcase = models.ForeignKey(Showcase, on_delete=models.CASCADE, related_name="metrics")
    order = models.PositiveSmallIntegerField("순서", default=0)
    name = models.CharField("지표", max_length=60)
    definition = models.CharField("정의", max_length=300)
    unit = models.CharField("단위", max_length=20, blank=True)
    before = models.DecimalField("도입 전", max_digits=14, decimal_places=3, null=True, blank=True)
    after = models.DecimalField("도입 뒤", max_digits=14, decimal_places=3, null=True, blank=True)
    direction = models.CharField("방향", max_length=10, choices=Direction.choices)
    sample_size = models.PositiveIntegerField("표본수", null=True, blank=True)
    origin = models.CharField("값의 출처", max_length=10, choices=FigureOrigin.choices)
    note = models.CharField("덧붙임", max_length=300, blank=True)

    class Meta:
        verbose_name = "성과 지표"
        verbose_name_plural = "성과 지표"
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(before__isnull=True, after__isnull=True)
                | Q(before__isnull=False, after__isnull=False, before__gte=0, after__gte=0),
                name="metric_has_both_figures_or_none",
            ),
            models.CheckConstraint(
                condition=~Q(before=None) | ~Q(note=""), name="metric_without_figures_says_why"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ShowcaseStep(models.Model):
    showcase = models.ForeignKey(Showcase, on_delete=models.CASCADE, related_name="steps")
    order = models.PositiveSmallIntegerField("순서", default=0)
    title = models.CharField("단계", max_length=60)
    text = models.CharField("설명", max_length=300)

    class Meta:
        verbose_name = "진행 단계"
        verbose_name_plural = "진행 단계"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.title


class Testimonial(models.Model):
    """A quote, attributed to a title and a company, never to a name."""

    showcase = models.ForeignKey(Showcase, on_delete=models.CASCADE, related_name="testimonials")
    order = models.PositiveSmallIntegerField("순서", default=0)
    speaker_title = models.CharField("직함", max_length=60)
    speaker_company = models.CharField("소속", max_length=100)
    quote = models.TextField("말")

    class Meta:
        verbose_name = "한마디"
        verbose_name_plural = "한마디"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return f"{self.speaker_company} {self.speaker_title}"


class ShowcaseImage(models.Model):
    """A picture of a showcase, re-encoded by the portal, with its alternative text."""

    showcase = models.ForeignKey(Showcase, on_delete=models.CASCADE, related_name="images")
    order = models.PositiveSmallIntegerField("순서", default=0)
    file = models.CharField(max_length=100, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    width = models.PositiveIntegerField("너비", editable=False)
    height = models.PositiveIntegerField("높이", editable=False)
    alt = models.CharField("대체 글", max_length=200)

    class Meta:
        verbose_name = "사례 그림"
        verbose_name_plural = "사례 그림"
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(alt=""), name="picture_has_words"),
        ]

    def __str__(self) -> str:
        return self.alt


class ShowcasePdf(IssuedPdf):
    """The one-page PDF of one edition of a showcase."""

    showcase = models.ForeignKey(Showcase, on_delete=models.PROTECT, related_name="pdfs")
    edition = models.PositiveIntegerField("공개 회차")

    class Meta:
        verbose_name = "사례 한 장 자료"
        verbose_name_plural = "사례 한 장 자료"
        constraints = [
            models.UniqueConstraint(fields=["showcase", "edition"], name="one_pdf_per_edition"),
        ]

    def __str__(self) -> str:
        return f"{self.showcase} {self.edition}판"
