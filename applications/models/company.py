"""Companies, their sites, members and invitations."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.states import MemberRole, NominationState
from portal.models import Dated
from programs.rules import industries


class Company(Dated):
    """Company or association: applicant, supplier or partner.

    `kind`, `size` and `region` hold codes; the catalogue's `profile` has their labels.
    """

    business_number = models.CharField("사업자등록번호", max_length=10, unique=True)
    name = models.CharField("기업명", max_length=100, db_index=True)
    kind = models.CharField("구분", max_length=20, default="company")
    size = models.CharField("기업 규모", max_length=20, blank=True)
    # Blank where the firm does not know it.
    industry_code = models.CharField("산업분류코드(KSIC)", max_length=6, blank=True)
    industry_revision = models.PositiveSmallIntegerField("KSIC 차수", default=10)
    founded_on = models.DateField("설립일", null=True, blank=True)
    employees = models.PositiveIntegerField("상시 근로자 수", null=True, blank=True)
    representative = models.CharField("대표자", max_length=50, blank=True)
    region = models.CharField("지역", max_length=20, blank=True)
    address = models.CharField("주소", max_length=200, blank=True)
    phone = models.CharField("전화번호", max_length=20, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name="마지막으로 고친 사람",
    )

    class Meta:
        verbose_name = "기업"
        verbose_name_plural = "기업"
        constraints = [
            models.CheckConstraint(
                condition=Q(business_number__regex=r"^[0-9]{10}$"),
                name="company_business_number_is_ten_digits",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def industry(self) -> str:
        """Return the industry code as answers keep it, with its revision where that is not the 10th."""
        return industries.written(self.industry_code, self.industry_revision)


class Site(models.Model):
    """Workplace (사업장) of a company; every application is made for one."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="sites")
    name = models.CharField("사업장 이름", max_length=100)
    region = models.CharField("지역", max_length=20, blank=True)
    address = models.CharField("주소", max_length=200, blank=True)

    class Meta:
        verbose_name = "사업장"
        verbose_name_plural = "사업장"
        constraints = [
            models.UniqueConstraint(fields=["company", "name"], name="one_site_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """Membership of a person in a company, with a role."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField("권한", max_length=10, choices=MemberRole.choices)
    since = models.DateTimeField("등록 시각")

    class Meta:
        verbose_name = "구성원"
        verbose_name_plural = "구성원"
        constraints = [
            models.UniqueConstraint(fields=["company", "user"], name="one_membership_per_company"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class Invitation(models.Model):
    """Invitation to join a company; only the hash of its token is stored."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField("이메일")
    role = models.CharField("권한", max_length=10, choices=MemberRole.choices)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    invited_at = models.DateTimeField("초대 시각")
    expires_at = models.DateTimeField("만료 시각")
    accepted_at = models.DateTimeField("수락 시각", null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    cancelled_at = models.DateTimeField("취소 시각", null=True)

    class Meta:
        verbose_name = "초대"
        verbose_name_plural = "초대"

    def __str__(self) -> str:
        return self.email


class OwnerNomination(models.Model):
    """An owner whom staff name for a company, proposed with a reason and decided by another person."""

    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="nominations", verbose_name="기업"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="새 대표 담당자",
    )
    reason = models.CharField("사유와 확인한 근거", max_length=300)
    state = models.CharField(
        "상태",
        max_length=10,
        choices=NominationState.choices,
        default=NominationState.PROPOSED,
        editable=False,
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="제안자"
    )
    proposed_at = models.DateTimeField("제안 시각")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="결정자",
    )
    decided_at = models.DateTimeField("결정 시각", null=True)
    note = models.CharField("결정 사유", max_length=300, blank=True)

    class Meta:
        verbose_name = "대표 담당자 지정"
        verbose_name_plural = "대표 담당자 지정"
        constraints = [
            models.UniqueConstraint(
                fields=["company"],
                condition=Q(state=NominationState.PROPOSED),
                name="one_open_nomination",
            ),
            models.CheckConstraint(
                condition=~Q(proposed_by=F("decided_by"))
                & ~Q(user=F("decided_by"))
                & ~Q(user=F("proposed_by")),
                name="nomination_needs_two_others",
            ),
            models.CheckConstraint(
                condition=Q(state=NominationState.PROPOSED, decided_by=None, decided_at=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(state=NominationState.PROPOSED),
                name="decided_nomination_has_its_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company} 대표 담당자 지정"
