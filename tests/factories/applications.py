"""People, companies and applications for tests, with valid business numbers.

`ApplicationFactory()` is a draft; the traits `filed`, `screening`, `assessing` and `withdrawn` are
later states. `UserFactory(roles=[OFFICER])` adds the person to groups, `member_of(company, role)`
makes a co-worker. The rows are written directly, without the services.
"""

from datetime import date, datetime, timedelta

import factory
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from applications.models import (
    Application,
    Attachment,
    BoxPaper,
    Company,
    Exclusion,
    ExclusionProposal,
    FormVersion,
    Member,
    Partner,
    PartnerTerms,
    Site,
    Submission,
    Supplement,
)
from applications.states import ApplicationState, MemberRole, PartnerState
from portal.core.clock import KST
from portal.core.validators import check_digit
from portal.models import User
from portal.records import snapshot
from programs.models import Budget, ProgramRound, SubProgram, Track
from programs.states import CompanyKind, CompanySize, GrantKind, Region

NOW = datetime(2021, 2, 10, 14, 3, 22, tzinfo=KST)
PASSWORD = "violet lantern 2021"


def number_of(place: int) -> str:
    """Return the n-th valid business number of these tests."""
    first = f"{101 + place // 9999:03d}81{place % 9999 + 1:04d}"
    return f"{first}{check_digit(first)}"


class UserFactory(DjangoModelFactory):
    """A person who signs in by e-mail."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.kr")
    name = factory.Sequence(lambda n: f"담당자{n}")
    phone = "010-1234-5678"
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def roles(self, create: bool, extracted: list[str] | None, **kwargs: object) -> None:
        if create and extracted:
            self.groups.add(*[Group.objects.get_or_create(name=name)[0] for name in extracted])


class CompanyFactory(DjangoModelFactory):
    """A small manufacturer that fits most of the seven sub-programmes."""

    class Meta:
        model = Company

    business_number = factory.Sequence(number_of)
    name = factory.Sequence(lambda n: f"한빛정밀{n}")
    kind = CompanyKind.COMPANY
    size = CompanySize.SMALL
    industry_code = "25924"
    founded_on = date(2005, 1, 3)
    employees = 30
    representative = "김대표"
    region = Region.GYEONGGI
    address = "경기도 안산시 단원구 산단로 1"
    phone = "031-123-4567"


class SiteFactory(DjangoModelFactory):
    """A workplace of a company."""

    class Meta:
        model = Site

    company = factory.SubFactory(CompanyFactory)
    name = factory.Sequence(lambda n: f"본공장{n + 1}")
    region = factory.SelfAttribute("company.region")
    address = factory.SelfAttribute("company.address")


class MemberFactory(DjangoModelFactory):
    """A member of a company; the owner by default."""

    class Meta:
        model = Member

    company = factory.SubFactory(CompanyFactory)
    user = factory.SubFactory(UserFactory)
    role = MemberRole.OWNER
    since = NOW


def member_of(company: Company, role: str = MemberRole.OWNER) -> User:
    return MemberFactory(company=company, role=role).user


class RoundFactory(DjangoModelFactory):
    """A call that is open at NOW."""

    class Meta:
        model = ProgramRound
        django_get_or_create = ("code",)

    code = "2021-1"
    year = 2021
    sequence = 1
    name = "2021년 1차"
    opens_at = NOW - timedelta(days=9)
    closes_at = NOW + timedelta(days=15)
    announced = True
    total_won = 437_600_000_000


class BudgetFactory(DjangoModelFactory):
    """An empty pot; `programs.services.ledger.appropriate` fills it."""

    class Meta:
        model = Budget

    code = factory.Sequence(lambda n: f"2021/pot{n}")
    name = factory.Sequence(lambda n: f"예산 {n}")


class SubProgramFactory(DjangoModelFactory):
    """A sub-programme with one question, one track and no document."""

    class Meta:
        model = SubProgram
        skip_postgeneration_save = True

    round = factory.SubFactory(RoundFactory)
    code = factory.Sequence(lambda n: f"scheme{n}")
    short = factory.Sequence(lambda n: f"시범{n}")
    name = factory.Sequence(lambda n: f"시범사업 {n}")
    pot = factory.SubFactory(BudgetFactory)
    form_version = "v1"
    due_policies = factory.LazyFunction(
        lambda: {
            "supplement_days": "working_day_18",
            "objection_days": "end_of_working_day",
            "objection_answer_days": "end_of_working_day",
        }
    )
    track = factory.RelatedFactory("tests.factories.applications.TrackFactory", "sub_program")


class TrackFactory(DjangoModelFactory):
    """Half of the cost, up to 1억원."""

    class Meta:
        model = Track

    sub_program = factory.SubFactory(SubProgramFactory, track=None)
    code = "basic"
    name = "기본"
    grant_kind = GrantKind.SHARE
    cap_won = 100_000_000
    share_percent = 50


class ApplicationFactory(DjangoModelFactory):
    """A draft of a company with an owner (`created_by`)."""

    class Meta:
        model = Application
        skip_postgeneration_save = True

    sub_program = factory.SubFactory(SubProgramFactory)
    track = factory.LazyAttribute(lambda made: made.sub_program.tracks.first())
    company = factory.SubFactory(CompanyFactory)
    site = factory.SubFactory(SiteFactory, company=factory.SelfAttribute("..company"))
    created_by = factory.LazyAttribute(lambda made: owner_of(made.company))

    class Params:
        filed = factory.Trait(
            state=ApplicationState.SUBMITTED,
            number=factory.Sequence(lambda n: f"2021-시험-1차-{n + 1:06d}"),
            submitted_at=NOW,
            frozen=factory.RelatedFactory(
                "tests.factories.applications.SubmissionFactory", "application"
            ),
        )
        screening = factory.Trait(filed=True, state=ApplicationState.SCREENING)
        assessing = factory.Trait(filed=True, state=ApplicationState.ASSESSING)
        decided = factory.Trait(filed=True, state=ApplicationState.DECIDED)
        released = factory.Trait(filed=True, state=ApplicationState.RELEASED)
        withdrawn = factory.Trait(state=ApplicationState.WITHDRAWN)


def owner_of(company: Company) -> User:
    """Return the company's owner, made if there is none."""
    owner = company.members.filter(role=MemberRole.OWNER).select_related("user").first()
    return owner.user if owner else member_of(company)


class SubmissionFactory(DjangoModelFactory):
    """A submission with little content; the real content is written by `services.intake`."""

    class Meta:
        model = Submission

    application = factory.SubFactory(ApplicationFactory, filed=True, frozen=None)
    number = factory.SelfAttribute("application.number")
    submitted_at = factory.SelfAttribute("application.submitted_at")
    submitted_by = factory.SelfAttribute("application.created_by")
    form = factory.LazyFunction(
        lambda: FormVersion.objects.get_or_create(sha256="0" * 64, defaults={"content": {}})[0]
    )
    content = factory.Dict({"answers": factory.Dict({}), "facts": factory.Dict({})})
    sha256 = factory.LazyAttribute(lambda made: snapshot.sha256(made.content))
    total_cost_won = 100_000_000
    support_won = 50_000_000
    own_won = 50_000_000


class PartnerFactory(DjangoModelFactory):
    """An invited partner; with the trait `accepted` it has joined with its own company."""

    class Meta:
        model = Partner

    application = factory.SubFactory(ApplicationFactory)
    role = "supplier"
    company_name = factory.Sequence(lambda n: f"공급기업{n}")
    email = factory.Sequence(lambda n: f"partner{n}@example.kr")
    digest = factory.Sequence(lambda n: f"{n:064x}")
    invited_by = factory.SelfAttribute("application.created_by")
    invited_at = NOW

    class Params:
        accepted = factory.Trait(
            state=PartnerState.ACCEPTED,
            company=factory.SubFactory(CompanyFactory),
            answered_at=NOW,
        )


class PartnerTermsFactory(DjangoModelFactory):
    """Terms that the partner has confirmed."""

    class Meta:
        model = PartnerTerms
        skip_postgeneration_save = True

    partner = factory.SubFactory(PartnerFactory, accepted=True)
    part = "설비 공급과 설치"
    share_won = 0
    quote_won = 1_000_000
    set_by = factory.SelfAttribute("partner.invited_by")
    set_at = NOW
    confirmed = True
    signed = True
    answered_by = factory.SelfAttribute("partner.invited_by")
    answered_at = NOW

    @factory.post_generation
    def in_force(self, create, extracted, **kwargs) -> None:
        Partner.objects.filter(pk=self.partner.pk).update(terms=self)
        self.partner.terms = self


class AttachmentFactory(DjangoModelFactory):
    """An attachment row without a stored file."""

    class Meta:
        model = Attachment

    application = factory.SubFactory(ApplicationFactory)
    requirement = "business-registration"
    name = "사업자등록증.pdf"
    file = factory.Sequence(lambda n: f"attachments/{n:032x}")
    size = 1_024
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    content_type = "application/pdf"
    uploaded_by = factory.SelfAttribute("application.created_by")
    uploaded_at = NOW


class BoxPaperFactory(DjangoModelFactory):
    """A paper in a firm's box, good for three weeks after NOW, without a stored file."""

    class Meta:
        model = BoxPaper

    company = factory.SubFactory(CompanyFactory)
    kind = "national_tax_clearance"
    name = "국세 납세증명서.pdf"
    file = factory.Sequence(lambda n: f"papers/{n:032x}")
    size = 1_024
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    content_type = "application/pdf"
    issued_on = NOW.date() - timedelta(days=9)
    valid_until = NOW.date() + timedelta(days=21)
    uploaded_by = factory.LazyAttribute(lambda made: owner_of(made.company))
    uploaded_at = NOW


class SupplementFactory(DjangoModelFactory):
    """An open request for more, due a week after NOW."""

    class Meta:
        model = Supplement

    application = factory.SubFactory(ApplicationFactory, screening=True)
    message = "견적서에 금액이 빠져 있습니다. 다시 내 주세요."
    requirements = factory.List([])
    requested_by = factory.SubFactory(UserFactory)
    requested_at = NOW
    due_at = NOW + timedelta(days=7)


class ExclusionProposalFactory(DjangoModelFactory):
    """A proposal to exclude an application in screening, which another person approved."""

    class Meta:
        model = ExclusionProposal

    application = factory.SubFactory(ApplicationFactory, screening=True)
    failed = factory.List([{"code": "other", "message": "그 밖의 요건"}])
    reason = "휴업 중입니다."
    proposed_by = factory.SubFactory(UserFactory)
    proposed_at = NOW
    approved_by = factory.SubFactory(UserFactory)
    approved_at = NOW


class ExclusionFactory(DjangoModelFactory):
    """An exclusion by two people."""

    class Meta:
        model = Exclusion

    application = factory.SubFactory(ApplicationFactory, filed=True, state="ineligible")
    at = NOW
    proposal = factory.SubFactory(
        ExclusionProposalFactory,
        application=factory.SelfAttribute("..application"),
        proposed_at=factory.SelfAttribute("..at"),
        approved_at=factory.SelfAttribute("..at"),
    )
    failed = factory.SelfAttribute("proposal.failed")
    reason = factory.SelfAttribute("proposal.reason")
    by = factory.SelfAttribute("proposal.approved_by")
