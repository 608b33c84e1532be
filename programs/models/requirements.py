"""How a sub-programme judges and what it wants to see: criteria, bonus items, documents."""

from django.db import models
from django.db.models import Q

from programs.models.rounds import SubProgram


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
        """Tell whether an industry code (21102 or C21102) starts like one of the hints."""
        digits = industry_code.strip().lstrip("ABCDEFGHIJKLMNOPQRSTU")
        return bool(digits) and any(
            digits.startswith(hint.lstrip("ABCDEFGHIJKLMNOPQRSTU")) for hint in self.industry_hints
        )


class RequiredDocument(models.Model):
    """A paper the applicant attaches; `when` restricts it to some facts."""

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
