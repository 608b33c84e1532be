"""Clips of products, and pairs of clips that show the same picture."""

from django.conf import settings
from django.db import models

from kamp.models.datasets import Dataset, Product
from kamp.states import ClipState
from portal.models import Job

USER = settings.AUTH_USER_MODEL


class Clip(models.Model):
    """A film, or one or more pictures, of a product.

    `files`: names of the stored files, in order. `vector`: features as little-endian float32;
    `traits`: how the clip was taken; `phash` and `thumb` find the same picture twice. `pictures`:
    one archive with the panorama and the `shown` frames, each as taken and flattened.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="clips")
    name = models.CharField("파일 이름", max_length=160)
    files = models.JSONField(default=list, editable=False)
    size = models.PositiveBigIntegerField("크기(바이트)")
    picture_names = models.JSONField("이미지 순서", default=list)
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
    """Two clips of different products that show the same picture; one must be left out."""

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
