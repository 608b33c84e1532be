"""Labels of products."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from kamp.models.datasets import Product
from kamp.states import DefectKind, Mark

USER = settings.AUTH_USER_MODEL


class Label(models.Model):
    """Label of a product; a later label is a new row. `by` is null for the generator's own."""

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


class LabelUndo(models.Model):
    """A label that its labeller took back; the label itself stays in its table."""

    label = models.OneToOneField(Label, on_delete=models.PROTECT, related_name="undo")
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "되돌린 라벨"
        verbose_name_plural = "되돌린 라벨"

    def __str__(self) -> str:
        return str(self.label)
