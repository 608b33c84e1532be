"""Ties between people and firms, and between firms."""

from django.db import models
from django.db.models import F, Q

from portal.models.access import User


class DeclaredTie(models.Model):
    """A tie to a firm that a person declared: employment, shares, kinship, advice."""

    class Kind(models.TextChoices):
        EMPLOYMENT = "employment", "재직"
        SHARES = "shares", "지분·출자"
        FAMILY = "family", "가족·친족"
        ADVICE = "advice", "자문·용역"
        OTHER = "other", "그 밖의 이해관계"

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="declared_ties", verbose_name="사람"
    )
    kind = models.CharField("관계", max_length=12, choices=Kind.choices)
    firm_name = models.CharField("기업명", max_length=100)
    business_number = models.CharField("사업자등록번호", max_length=10, blank=True)
    note = models.CharField("설명", max_length=300, blank=True)
    declared_at = models.DateTimeField("신고 시각")
    declared_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="신고한 사람"
    )
    ended_on = models.DateField("관계가 끝난 날", null=True, blank=True)

    class Meta:
        verbose_name = "이해관계 신고"
        verbose_name_plural = "이해관계 신고"

    def __str__(self) -> str:
        return f"{self.user} · {self.firm_name}"


class FirmLink(models.Model):
    """Two firms tied by shares or partnership, see `portal.assignment.ties.linked`."""

    class Kind(models.TextChoices):
        SHARES = "shares", "지분 관계"
        PARTNER = "partner", "협력 관계"

    one = models.CharField("사업자등록번호", max_length=10, db_index=True)
    other = models.CharField("상대 사업자등록번호", max_length=10, db_index=True)
    kind = models.CharField("관계", max_length=12, choices=Kind.choices)
    origin = models.CharField("출처", max_length=100)
    recorded_at = models.DateTimeField("기록 시각")
    recorded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="기록한 사람"
    )

    class Meta:
        verbose_name = "기업 간 관계"
        verbose_name_plural = "기업 간 관계"
        constraints = [
            models.UniqueConstraint(fields=["one", "other", "kind"], name="one_link_of_two_firms"),
            models.CheckConstraint(condition=~Q(one=F("other")), name="a_link_joins_two_firms"),
        ]

    def __str__(self) -> str:
        return f"{self.one} – {self.other}"
