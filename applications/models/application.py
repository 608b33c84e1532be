"""An application, its parts while it is drafted, and what was frozen when it was filed."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.company import Company, Site
from applications.states import (
    APPLICANT_LABELS,
    APPLICATION_MOVES,
    ApplicationState,
    PartnerState,
)
from portal.models import Dated, IssuedPdf, MoveLogBase, Stateful
from programs.models import SubProgram, Track

USER = settings.AUTH_USER_MODEL
NEVER_FILED = [ApplicationState.DRAFT, ApplicationState.WITHDRAWN]


class ApplicationMove(MoveLogBase):
    """One move of an application."""

    thing = models.ForeignKey("Application", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "처리 이력"
        verbose_name_plural = "처리 이력"


class Application(Dated, Stateful):
    """One site's application to one sub-programme of one round.

    `version` counts every change of the draft and its parts; filing names the version it froze.
    """

    MOVES = APPLICATION_MOVES
    MOVE_LOG = ApplicationMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=ApplicationState.choices,
        default=ApplicationState.DRAFT,
        editable=False,
    )
    sub_program = models.ForeignKey(
        SubProgram, on_delete=models.PROTECT, related_name="applications", verbose_name="내역사업"
    )
    track = models.ForeignKey(
        Track, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="지원유형"
    )
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="applications", verbose_name="신청기업"
    )
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, related_name="applications", verbose_name="사업장"
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(  # noqa: DJ001 - unique, and drafts have none
        "접수번호", max_length=40, unique=True, null=True, editable=False
    )
    submitted_at = models.DateTimeField("제출 시각", null=True, editable=False)
    # As filed, for the desk: its filters may not join a table that grows.
    region = models.CharField("지역", max_length=20, blank=True, editable=False)
    size = models.CharField("기업 규모", max_length=20, blank=True, editable=False)
    # Where the latest request for more stands; a `SupplementState`, or empty without one.
    supplement_state = models.CharField("보완", max_length=10, blank=True, editable=False)

    class Meta:
        verbose_name = "신청"
        verbose_name_plural = "신청"
        constraints = [
            # A14: one active application per site and programme round
            models.UniqueConstraint(
                fields=["sub_program", "site"],
                condition=~Q(state=ApplicationState.WITHDRAWN),
                name="one_active_application_per_site",
            ),
            models.CheckConstraint(
                condition=Q(state__in=NEVER_FILED)
                | Q(submitted_at__isnull=False, number__isnull=False),
                name="filed_application_has_number_and_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=ApplicationState.DRAFT) | Q(submitted_at=None, number=None),
                name="draft_has_no_number",
            ),
        ]
        indexes = [
            models.Index(fields=["sub_program", "state", "-id"], name="application_desk"),
            models.Index(fields=["state", "-id"], name="application_state"),
            models.Index(fields=["sub_program", "-id"], name="application_program"),
            models.Index(fields=["track", "-id"], name="application_track"),
            models.Index(fields=["region", "-id"], name="application_region"),
            models.Index(fields=["size", "-id"], name="application_size"),
            models.Index(fields=["submitted_at"], name="application_received"),
            models.Index(
                fields=["supplement_state", "-id"],
                condition=Q(state=ApplicationState.SCREENING) & ~Q(supplement_state=""),
                name="application_supplement",
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"작성 중 #{self.pk}"

    @property
    def applicant_label(self) -> str:
        """The state in the applicant's words."""
        return APPLICANT_LABELS[ApplicationState(self.state)]

    @property
    def subject(self) -> str:
        """The name under which the ledger knows this application."""
        return f"application:{self.pk}"


class Section(models.Model):
    """The answers of one step of the form, with a version so that nobody overwrites unseen."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="sections")
    name = models.CharField("단계", max_length=20)
    data = models.JSONField("내용", default=dict)
    version = models.PositiveIntegerField(default=1)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField("저장 시각")

    class Meta:
        verbose_name = "신청서 단계"
        verbose_name_plural = "신청서 단계"
        constraints = [
            models.UniqueConstraint(fields=["application", "name"], name="one_section_per_step"),
        ]

    def __str__(self) -> str:
        return self.name


class Partner(models.Model):
    """A company that takes part, from invitation to its own answer."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="partners")
    role = models.CharField("역할", max_length=30)
    company_name = models.CharField("기업명", max_length=100)
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
                condition=~Q(state=PartnerState.ACCEPTED) | Q(company__isnull=False),
                name="accepted_partner_has_a_company",
            ),
        ]

    def __str__(self) -> str:
        return self.company_name


class PartnerTerms(models.Model):
    """What a partner is to do and to bear, as the applicant put it and the partner answered.

    Each wording is a row of its own: what was confirmed is never what was changed afterwards.
    `share_won` is the part of the applicant side's cost that the partner bears, `quote_won` what it
    charges for its delivery.
    """

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="all_terms")
    part = models.CharField("맡은 일", max_length=300)
    share_won = models.PositiveBigIntegerField("부담금(원)", null=True)
    quote_won = models.PositiveBigIntegerField("견적금액(원)", null=True)
    set_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField("정한 시각")
    confirmed = models.BooleanField("확인", null=True)  # None: not answered
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
        ]

    def __str__(self) -> str:
        return f"{self.partner}: {self.part}"


class Attachment(models.Model):
    """A file: what was uploaded, checked and stored under a random name."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="attachments"
    )
    requirement = models.CharField("제출서류", max_length=40)
    supplement = models.ForeignKey(
        "Supplement", on_delete=models.PROTECT, null=True, related_name="attachments"
    )
    name = models.CharField("파일 이름", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("크기")
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("형식", max_length=120)
    uploaded_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("올린 시각")
    removed_at = models.DateTimeField("삭제 시각", null=True)

    class Meta:
        verbose_name = "첨부 파일"
        verbose_name_plural = "첨부 파일"

    def __str__(self) -> str:
        return self.name


class Consent(models.Model):
    """A consent as it was worded when it was given or refused."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="consents")
    code = models.CharField("동의", max_length=40)
    wording = models.CharField("문구 버전", max_length=20)
    given = models.BooleanField("동의 여부")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "동의"
        verbose_name_plural = "동의"
        constraints = [
            models.UniqueConstraint(fields=["application", "code"], name="one_consent_per_code"),
        ]

    def __str__(self) -> str:
        return self.code


class FormVersion(models.Model):
    """The questions, conditions and papers as they stood when something was filed under them."""

    sha256 = models.CharField("SHA-256", max_length=64, primary_key=True)
    content = models.JSONField("양식")

    class Meta:
        verbose_name = "양식 버전"
        verbose_name_plural = "양식 버전"

    def __str__(self) -> str:
        return self.sha256[:12]


class Submission(models.Model):
    """What was filed, frozen: answers, form version, eligibility, preview, files, under one hash.

    Append-only in the database. `content` is the canonical snapshot; `sha256` is over its bytes.
    """

    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, primary_key=True, related_name="submission"
    )
    number = models.CharField("접수번호", max_length=40, unique=True)
    submitted_at = models.DateTimeField("제출 시각")
    submitted_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    form = models.ForeignKey(
        FormVersion, on_delete=models.PROTECT, related_name="+", verbose_name="양식 버전"
    )
    content = models.JSONField("내용")
    sha256 = models.CharField("SHA-256", max_length=64)
    total_cost_won = models.PositiveBigIntegerField("총사업비(원)", null=True)
    support_won = models.PositiveBigIntegerField("정부지원금(원)", null=True)
    own_won = models.PositiveBigIntegerField("기업부담금(원)", null=True)

    class Meta:
        verbose_name = "제출본"
        verbose_name_plural = "제출본"

    def __str__(self) -> str:
        return self.number


class IssuedDocument(IssuedPdf):
    """A PDF about an application; `version` tells texts of one kind that came one after another."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", "접수증"
        RESULT = "result", "평가 결과서"
        AGREEMENT = "agreement", "협약서"
        SETTLEMENT = "settlement", "정산서"
        NOTICE = "notice", "선정결과 통지서"
        SHEETS = "sheets", "평가표"
        CERTIFICATE = "certificate", "수준확인서"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField("종류", max_length=12, choices=Kind.choices)
    version = models.PositiveSmallIntegerField("차수", default=1)

    class Meta:
        verbose_name = "발급 문서"
        verbose_name_plural = "발급 문서"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind", "version"], name="one_pdf_per_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
