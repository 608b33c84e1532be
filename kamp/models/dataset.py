"""Data of a firm: sets, how they were taken, products, clips, frames and labels."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from kamp.models.workspace import Workspace
from kamp.states import ClipState, DataKind, DefectKind, Mark, Process, Purpose, Split
from portal.models import Dated, Job

USER = settings.AUTH_USER_MODEL


class Recipe(models.Model):
    """How the pictures were taken; never changed, since models are bound to it."""

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
    """A set of products of one kind, taken one way. `split_key` fixes each product's part for ever.

    A synthetic one (합성) came from the portal's own generator and says so wherever it is shown.
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
    split = models.CharField("쓰임", max_length=10, choices=Split.choices)
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


class Clip(models.Model):
    """A film, or one or more pictures, of a product. `state` is a plain mark.

    `files` are kept names in their order; `vector` is what the inspection computed (float32), with
    `traits` of how it was taken, `phash` and `thumb` for finding the same picture twice. `pictures`
    is one archive of what people look at: `shown` frames as taken and flattened, and the panorama.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="clips")
    name = models.CharField("파일 이름", max_length=160)
    files = models.JSONField(default=list, editable=False)
    size = models.PositiveBigIntegerField("크기(바이트)")
    sha256 = models.CharField("SHA-256", max_length=64)
    state = models.CharField(
        "상태", max_length=10, choices=ClipState.choices, default=ClipState.UPLOADED
    )
    fault = models.CharField("까닭", max_length=500, blank=True)
    fault_code = models.CharField(max_length=40, blank=True)
    info = models.JSONField("파일 정보", default=dict)
    traits = models.JSONField("촬영 특성", default=dict)
    vector = models.BinaryField(null=True, editable=False)
    phash = models.CharField(max_length=16, blank=True, editable=False)
    thumb = models.BinaryField(null=True, editable=False)
    pictures = models.CharField(max_length=100, blank=True, editable=False)
    shown = models.JSONField("보이는 프레임", default=list)
    left_out_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="뺀 사람"
    )
    left_out_at = models.DateTimeField("학습에서 뺀 시각", null=True)
    uploaded_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("올린 시각")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "검사 영상"
        verbose_name_plural = "검사 영상"
        constraints = [
            models.UniqueConstraint(fields=["product", "sha256"], name="one_clip_of_a_file"),
        ]
        indexes = [models.Index(fields=["product", "id"], name="clip_of_product")]

    def __str__(self) -> str:
        return self.name


class Duplicate(models.Model):
    """Two clips of different products that show the same picture; solved by leaving one out."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="duplicates")
    first = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    exact = models.BooleanField("같은 파일")
    similarity = models.FloatField("닮은 정도")

    class Meta:
        verbose_name = "중복 의심"
        verbose_name_plural = "중복 의심"
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="one_row_of_a_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.first} · {self.second}"


class Label(models.Model):
    """What somebody said of a product; a new word is a new row. `by` is null for the generator's."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="labels")
    frame = models.PositiveIntegerField("프레임", null=True)
    mark = models.CharField("라벨", max_length=10, choices=Mark.choices)
    defect = models.CharField("불량 종류", max_length=12, choices=DefectKind.choices, blank=True)
    box = models.JSONField("상자", null=True)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "라벨"
        verbose_name_plural = "라벨"
        constraints = [
            models.CheckConstraint(
                condition=Q(mark=Mark.DEFECT) | Q(defect="", box=None),
                name="only_a_defect_has_kind_and_box",
            ),
            models.CheckConstraint(
                condition=~Q(mark=Mark.DEFECT) | ~Q(defect=""), name="a_defect_has_a_kind"
            ),
        ]
        indexes = [models.Index(fields=["product", "-id"], name="label_of_product")]

    def __str__(self) -> str:
        return self.get_mark_display()
