"""Conflicts of interest between people and suppliers."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from vouchers.models.recruitment import PanelApplication
from vouchers.models.suppliers import Supplier
from vouchers.states import TieStanding

USER = settings.AUTH_USER_MODEL


class SupplierTie(models.Model):
    """A tie between a person and a supplier, found by comparing what both have told.

    Only `services.conflicts` writes here. One that is found at the door bars: a trigger refuses
    applications, members and assignments of the person. One that is found after the filing is only
    flagged, until a person decides. `stated` is one that the applicant wrote down themselves; it stays
    when they remove the words. `appeal` is what the applicant says against it.
    """

    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="supplier_ties")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="ties")
    code = models.CharField("종류", max_length=30)
    reason = models.CharField("사유", max_length=300)
    standing = models.CharField(
        "판단", max_length=10, choices=TieStanding.choices, default=TieStanding.BARS
    )
    stated = models.BooleanField("지원서에 적은 내용", default=False)
    appeal = models.TextField("본인의 설명", blank=True)
    appealed_at = models.DateTimeField("확인을 요청한 시각", null=True)
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
            models.Index(
                fields=["-id"],
                condition=Q(ended_at=None, standing=TieStanding.FLAGGED),
                name="tie_to_decide",
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class TieDecision(models.Model):
    """What a person decided about a tie, and why. Append-only in the database."""

    tie = models.ForeignKey(SupplierTie, on_delete=models.PROTECT, related_name="decisions")
    standing = models.CharField("판단", max_length=10, choices=TieStanding.choices)
    reason = models.CharField("사유", max_length=300)
    by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="판단한 사람"
    )
    at = models.DateTimeField("판단 시각")

    class Meta:
        verbose_name = "이해관계 판단"
        verbose_name_plural = "이해관계 판단"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(standing=TieStanding.FLAGGED) & ~Q(reason=""),
                name="tie_decision_decides",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tie}: {self.get_standing_display()}"


class ExclusionProposal(models.Model):
    """A proposal to exclude a member, or to bar somebody in reserve: one person proposes, another decides."""

    application = models.ForeignKey(
        PanelApplication, on_delete=models.PROTECT, related_name="exclusions", verbose_name="지원"
    )
    reason = models.CharField("사유", max_length=300)
    proposed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="제안한 사람"
    )
    proposed_at = models.DateTimeField("제안 시각")
    confirmed = models.BooleanField("확정", null=True)
    note = models.CharField("확인 의견", max_length=300, blank=True)
    decided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="확인한 사람"
    )
    decided_at = models.DateTimeField("확인 시각", null=True)

    class Meta:
        verbose_name = "제외 제안"
        verbose_name_plural = "제외 제안"
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(confirmed=None),
                name="one_open_exclusion_proposal",
            ),
            models.CheckConstraint(
                condition=Q(confirmed=None, decided_by=None, decided_at=None)
                | Q(confirmed__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                name="decided_exclusion_names_who",
            ),
            models.CheckConstraint(
                condition=~Q(confirmed=True) | ~Q(decided_by=F("proposed_by")),
                name="exclusion_confirmed_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} 제외 제안"
