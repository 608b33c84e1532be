"""Suppliers, their partner firms, people and accounts."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.models import Dated

USER = settings.AUTH_USER_MODEL


class Supplier(Dated):
    """A firm that sells services for vouchers (공급기업), identified by its business number."""

    business_number = models.CharField("사업자등록번호", max_length=10, unique=True)
    name = models.CharField("기업명", max_length=100)
    representative = models.CharField("대표자", max_length=50, blank=True)
    address = models.CharField("주소", max_length=200, blank=True)
    phone = models.CharField("대표 전화", max_length=20, blank=True)
    email = models.EmailField("대표 전자우편", blank=True)
    homepage = models.URLField("누리집", blank=True)

    class Meta:
        verbose_name = "공급기업"
        verbose_name_plural = "공급기업"
        constraints = [
            models.CheckConstraint(
                condition=Q(business_number__regex=r"^[0-9]{10}$"),
                name="supplier_business_number_is_ten_digits",
            ),
        ]
        indexes = [models.Index(fields=["name", "id"], name="supplier_by_name")]

    def __str__(self) -> str:
        return self.name


class SupplierPartner(models.Model):
    """A partner firm (협력사) of a supplier; its people may not join the panel either (source S28)."""

    supplier = models.ForeignKey(
        Supplier, on_delete=models.CASCADE, related_name="partners", verbose_name="공급기업"
    )
    name = models.CharField("기업명", max_length=100)
    business_number = models.CharField("사업자등록번호", max_length=10, blank=True, db_index=True)

    class Meta:
        verbose_name = "협력사"
        verbose_name_plural = "협력사"
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "name", "business_number"], name="one_partner_per_supplier"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SupplierContact(models.Model):
    """A person who works for a supplier, with or without an account here."""

    supplier = models.ForeignKey(
        Supplier, on_delete=models.CASCADE, related_name="contacts", verbose_name="공급기업"
    )
    name = models.CharField("이름", max_length=50)
    email = models.EmailField("전자우편", blank=True)
    phone = models.CharField("연락처", max_length=20, blank=True)

    class Meta:
        verbose_name = "공급기업 임직원"
        verbose_name_plural = "공급기업 임직원"
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "name", "email"], name="one_contact_per_supplier"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SupplierMember(models.Model):
    """An account that acts for a supplier: comments on reports, answers corrections."""

    supplier = models.ForeignKey(
        Supplier, on_delete=models.CASCADE, related_name="members", verbose_name="공급기업"
    )
    user = models.ForeignKey(
        USER, on_delete=models.CASCADE, related_name="supplier_memberships", verbose_name="계정"
    )
    since = models.DateTimeField("등록 시각")
    added_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="등록한 사람"
    )

    class Meta:
        verbose_name = "공급기업 담당자"
        verbose_name_plural = "공급기업 담당자"
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "user"], name="one_desk_membership_per_supplier"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier} · {self.user}"
