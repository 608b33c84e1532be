"""Claims of the rightful firm to a business number that somebody else registered, and transfers."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.company import Company
from applications.states import ClaimState
from portal.models import User

USER = settings.AUTH_USER_MODEL


class CompanyClaim(models.Model):
    """A claim with the certificate of business registration, decided by two people."""

    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="claims", verbose_name="기업"
    )
    claimant = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="company_claims", verbose_name="신청한 사람"
    )
    firm_name = models.CharField("사업자등록증의 기업명", max_length=100)
    text = models.TextField("내용", max_length=1_000)
    name = models.CharField("파일 이름", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("크기")
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("형식", max_length=120)
    filed_at = models.DateTimeField("신청 시각")
    answer = models.TextField("등록한 쪽의 소명", max_length=1_000, blank=True)
    answered_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="소명한 사람"
    )
    answered_at = models.DateTimeField("소명 시각", null=True)
    state = models.CharField(
        "상태", max_length=10, choices=ClaimState.choices, default=ClaimState.FILED, editable=False
    )
    uphold = models.BooleanField("인정 의견", null=True)
    opinion = models.CharField("검토 의견", max_length=500, blank=True)
    examined_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="검토한 사람"
    )
    examined_at = models.DateTimeField("검토 시각", null=True)
    decided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="결정한 사람"
    )
    decided_at = models.DateTimeField("결정 시각", null=True)

    class Meta:
        verbose_name = "기업 등록 이의"
        verbose_name_plural = "기업 등록 이의"
        constraints = [
            models.UniqueConstraint(
                fields=["company", "claimant"],
                condition=Q(state__in=[ClaimState.FILED, ClaimState.EXAMINED]),
                name="one_open_claim_per_person",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("examined_by")), name="claim_is_decided_by_two"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ClaimState.UPHELD, ClaimState.DISMISSED])
                | Q(examined_by__isnull=False, decided_by__isnull=False, uphold__isnull=False),
                name="decided_claim_was_examined",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company} 등록 이의 #{self.pk}"


class CompanyTransfer(models.Model):
    """The transfer of a company to the rightful firm; append-only. `members` are those before it."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="transfers")
    claim = models.OneToOneField(CompanyClaim, on_delete=models.PROTECT, related_name="transfer")
    members = models.JSONField("이전 구성원")
    former: "models.ManyToManyField[User, models.Model]" = models.ManyToManyField(
        USER, related_name="former_companies"
    )
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "기업 이전"
        verbose_name_plural = "기업 이전"

    def __str__(self) -> str:
        return f"{self.company} {self.at:%Y-%m-%d}"
