"""Conflicts of interest between people and suppliers."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from vouchers.models.suppliers import Supplier

USER = settings.AUTH_USER_MODEL


class SupplierTie(models.Model):
    """A tie between a person and a supplier; until it ends, the person may not be on a panel.

    Only `services.conflicts` writes here, from declared and computed ties. A trigger refuses
    applications, members and assignments of a person with an open tie.
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
