"""Partners of an application and their terms."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.models.company import Company
from applications.states import PartnerState

USER = settings.AUTH_USER_MODEL


class Partner(models.Model):
    """Company that takes part in an application, from invitation to answer."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="partners")
    role = models.CharField("역할", max_length=30)
    company_name = models.CharField("기업명", max_length=100)
    # Another firm than this one joins only when the applicant confirms it.
    business_number = models.CharField("초대한 사업자등록번호", max_length=10, blank=True)
    email = models.EmailField("담당자 이메일")
    state = models.CharField(
        "상태", max_length=10, choices=PartnerState.choices, default=PartnerState.INVITED
    )
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, null=True, related_name="partnerships"
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField("초대 시각")
    seen_at = models.DateTimeField("열람 시각", null=True)
    answered_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("응답 시각", null=True)
    note = models.CharField("의견", max_length=300, blank=True)
    terms = models.OneToOneField(  # the latest; earlier ones stay as rows
        "PartnerTerms", on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = "참여기관"
        verbose_name_plural = "참여기관"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "role", "email"],
                condition=~Q(state=PartnerState.CANCELLED),
                name="one_invitation_per_partner",
            ),
            models.UniqueConstraint(
                fields=["application", "company"],
                condition=Q(state=PartnerState.ACCEPTED),
                name="a_company_takes_part_once",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[PartnerState.PENDING, PartnerState.ACCEPTED])
                | Q(company__isnull=False),
                name="accepted_partner_has_a_company",
            ),
        ]
        indexes = [
            models.Index(
                fields=["email"],
                condition=Q(state=PartnerState.INVITED),
                name="partner_invited",
            ),
        ]

    def __str__(self) -> str:
        return self.company_name


class PartnerTerms(models.Model):
    """Task and sums of a partner, as the applicant set them and the partner answered.

    Every change is a new row, so that confirmed terms are never rewritten. `share_won` is the part
    of the applicant side's cost that the partner bears, `quote_won` what it charges for its delivery.
    """

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="all_terms")
    part = models.CharField("맡은 일", max_length=300)
    share_won = models.PositiveBigIntegerField("부담금(원)", null=True)
    quote_won = models.PositiveBigIntegerField("견적금액(원)", null=True)
    set_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField("정한 시각")
    confirmed = models.BooleanField("확인", null=True)  # None: not answered
    signed = models.BooleanField("확약서 서명", default=False, db_default=False)
    answered_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("답한 시각", null=True)
    note = models.CharField("의견", max_length=300, blank=True)

    class Meta:
        verbose_name = "참여 조건"
        verbose_name_plural = "참여 조건"
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed=None, answered_at=None, answered_by=None)
                | Q(confirmed__isnull=False, answered_at__isnull=False, answered_by__isnull=False),
                name="answered_terms_name_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(signed=False) | Q(confirmed=True),
                name="signed_terms_were_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner}: {self.part}"
