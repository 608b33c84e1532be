"""Data sets of a firm, how they were taken, and their products."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from kamp.models.workspaces import Workspace
from kamp.states import DataKind, Process, Purpose, Split
from portal.models import Dated

USER = settings.AUTH_USER_MODEL


class Recipe(models.Model):
    """How the pictures were taken; never changed, since models refer to it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="recipes")
    name = models.CharField("이름", max_length=60)
    kv = models.DecimalField("관전압", max_digits=6, decimal_places=1, null=True, blank=True)
    ma = models.DecimalField("관전류", max_digits=6, decimal_places=2, null=True, blank=True)
    fps = models.DecimalField("초당 프레임", max_digits=6, decimal_places=2, null=True, blank=True)
    mm_per_px = models.DecimalField("화소당 길이", max_digits=6, decimal_places=3)
    bit_depth = models.PositiveSmallIntegerField("화소 깊이", default=8)
    codec = models.CharField("코덱", max_length=20, blank=True)
    motion = models.CharField("제품의 움직임", max_length=60, blank=True)
    created_at = models.DateTimeField("만든 시각")

    class Meta:
        verbose_name = "촬영 조건"
        verbose_name_plural = "촬영 조건"
        constraints = [
            models.CheckConstraint(
                condition=Q(mm_per_px__gte="0.05", mm_per_px__lte=5), name="recipe_scale_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Dataset(Dated):
    """Products of one kind, taken in one way.

    `split_key` (hexadecimal) fixes the part of each product. A synthetic set (합성) was made by the
    portal's generator and is marked so wherever it is shown.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="datasets")
    recipe = models.ForeignKey(Recipe, on_delete=models.PROTECT, related_name="datasets")
    name = models.CharField("이름", max_length=100)
    process = models.CharField("공정", max_length=20, choices=Process.choices)
    purpose = models.CharField("목적", max_length=20, choices=Purpose.choices)
    modality = models.CharField(
        "자료 종류",
        max_length=10,
        choices=[(DataKind.VIDEO.value, "동영상"), (DataKind.IMAGE.value, "이미지")],
        default=DataKind.VIDEO,
    )
    licence = models.CharField("이용 조건", max_length=100, blank=True)
    provenance = models.CharField("자료의 내력", max_length=200, blank=True)
    is_synthetic = models.BooleanField("합성", default=False, editable=False)
    generator_seed = models.PositiveIntegerField("생성 씨앗값", null=True, editable=False)
    split_key = models.CharField(max_length=64, editable=False)
    retain_until = models.DateField("보관 기한")
    purged_at = models.DateTimeField("파일을 지운 시각", null=True, editable=False)
    created_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "검사 자료"
        verbose_name_plural = "검사 자료"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_dataset_of_a_name"),
        ]
        indexes = [
            models.Index(
                fields=["retain_until"], condition=Q(purged_at=None), name="dataset_to_purge"
            ),
        ]

    def __str__(self) -> str:
        return f"[합성] {self.name}" if self.is_synthetic else self.name


class Product(models.Model):
    """One product: the unit of labels, of the split and of verdicts."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="products")
    serial = models.CharField("제품 번호", max_length=60)
    shape = models.CharField("형상", max_length=30, blank=True)
    split = models.CharField("쓰임", max_length=10, choices=Split.choices, blank=True)
    """Empty until the first label says what the product is; then fixed for good."""
    true_size_mm = models.FloatField("심은 결함의 크기(mm)", null=True, editable=False)
    created_at = models.DateTimeField("만든 시각")

    class Meta:
        verbose_name = "제품"
        verbose_name_plural = "제품"
        constraints = [
            models.UniqueConstraint(fields=["dataset", "serial"], name="one_product_of_a_serial"),
        ]

    def __str__(self) -> str:
        return self.serial
