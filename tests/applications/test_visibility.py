"""Who sees which row, asked quickly, is the same as asked in the plainest way, over random rows."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F, Q, QuerySet

from applications import visibility
from applications.models import (
    Agreement,
    AgreementVersion,
    Amendment,
    Application,
    Attachment,
    Company,
    CompanyClaim,
    CompanyTransfer,
    IssuedDocument,
    Member,
    Partner,
)
from applications.states import AmendmentKind, ApplicationState, MemberRole, PartnerState
from applications.visibility import STAFF_ROLES, WRITERS, firms_of
from portal.access.roles import roles_of
from portal.models import User
from programs.roles import MANAGER, OFFICER
from programs.visibility import sub_programs_of
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    CompanyFactory,
    PartnerFactory,
    SiteFactory,
    SubProgramFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

WORLDS = range(5)
Rows = Callable[[User], QuerySet]


# --- The plainest way: each reason is a join of its own -------------------------------------------


def own(user: User) -> Q:
    transfers = CompanyTransfer.objects.filter(former=user)
    return Q(company__members__user=user, detached=None) | Q(detached__in=transfers)


def shared(user: User) -> Q:
    return Q(partners__state=PartnerState.ACCEPTED, partners__company__members__user=user)


def staff(user: User) -> Q:
    if not roles_of(user) & STAFF_ROLES:
        return Q(pk__in=[])
    return Q(sub_program__in=sub_programs_of(user), submitted_at__isnull=False)


def applications(*reasons: Q) -> list[int]:
    """Return the applications for which one of the reasons holds."""
    found: set[int] = set()
    for reason in reasons:
        found |= set(Application.objects.filter(reason).values_list("pk", flat=True))
    return sorted(found)


def firms(user: User, *roles: str) -> list[int]:
    rows = Member.objects.filter(user=user, role__in=roles or MemberRole.values)
    return list(rows.values_list("company", flat=True))


def led_next(companies: list[int]) -> list[int]:
    rows = changes_of_lead().filter(proposal__company__in=companies)
    return list(rows.values_list("agreement", flat=True))


def changes_of_lead() -> QuerySet[Amendment]:
    return Amendment.objects.filter(
        kind=AmendmentKind.LEAD,
        version__number=F("agreement__version"),
        agreement__in_force__lt=F("agreement__version"),
    )


def partners(user: User, state: str) -> QuerySet:
    return Partner.objects.filter(state=state, company__in=firms(user, *WRITERS))


def agreements(user: User) -> QuerySet:
    seen = applications(own(user), shared(user), staff(user))
    return Agreement.objects.filter(Q(company__in=firms(user)) | Q(application__in=seen))


def contracts(user: User) -> QuerySet:
    mine = firms(user)
    seen = applications(Q(company__in=mine), staff(user))
    return Agreement.objects.filter(
        Q(company__in=mine) | Q(application__in=seen) | Q(pk__in=led_next(mine))
    )


def signing(user: User) -> QuerySet:
    owned = firms(user, MemberRole.OWNER)
    handed_on = list(changes_of_lead().values_list("agreement", flat=True))
    kept = Agreement.objects.filter(company__in=owned).exclude(pk__in=handed_on)
    return Agreement.objects.filter(
        Q(pk__in=list(kept.values_list("pk", flat=True))) | Q(pk__in=led_next(owned))
    )


def documents(user: User) -> QuerySet:
    led = Agreement.objects.filter(company__in=firms(user)).values_list("application", flat=True)
    later = [IssuedDocument.Kind.AGREEMENT, IssuedDocument.Kind.SETTLEMENT]
    return IssuedDocument.objects.filter(
        Q(application__in=applications(own(user))) & ~Q(kind=IssuedDocument.Kind.SHEETS)
        | Q(application__in=list(led), kind__in=later)
        | Q(application__in=applications(staff(user)))
    )


def among(*reasons: Callable[[User], Q]) -> Rows:
    return lambda user: Application.objects.filter(
        pk__in=applications(*(reason(user) for reason in reasons))
    )


def acting(*roles: str) -> Rows:
    return lambda user: Application.objects.filter(company__in=firms(user, *roles), detached=None)


def leading(*roles: str) -> Rows:
    return lambda user: Agreement.objects.filter(company__in=firms(user, *roles))


PLAIN: dict[str, Rows] = {
    "own_applications": among(own),
    "shared_applications": among(shared),
    "applications_of": among(own, shared, staff),
    "answerable_by": acting(*WRITERS),
    "withdrawable_by": acting(MemberRole.OWNER),
    "partnerships_of": lambda user: partners(user, PartnerState.ACCEPTED),
    "former_partnerships_of": lambda user: partners(user, PartnerState.CANCELLED),
    "agreements_of": agreements,
    "contracts_of": contracts,
    "workable_agreements": leading(*WRITERS),
    "signable_agreements": leading(MemberRole.OWNER),
    "signing_agreements": signing,
    "documents_of": documents,
    "attachments_of": lambda user: Attachment.objects.filter(
        application__in=applications(own(user), shared(user), staff(user)), removed_at=None
    ),
}


ONE_BY_ONE = {
    visibility.find: "applications_of",
    visibility.find_answerable: "answerable_by",
}


# --- Random rows ----------------------------------------------------------------------------------


class World:
    """People, firms and applications, tied to each other at random."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.programs = [SubProgramFactory() for _ in range(2)]
        officer = UserFactory(roles=[OFFICER])
        self.programs[0].officers.add(officer)
        self.people = [*(UserFactory() for _ in range(5)), officer, UserFactory(roles=[MANAGER])]
        self.firms = [CompanyFactory() for _ in range(5)]
        for firm in self.firms:
            for person in self.chance.sample(self.people, self.chance.randint(0, 3)):
                role = self.chance.choice(MemberRole.values)
                Member.objects.create(company=firm, user=person, role=role, since=NOW)
        self.transfers = [self.transfer() for _ in range(2)]
        for _ in range(14):
            self.application()

    def transfer(self) -> CompanyTransfer:
        firm, claimant = self.chance.choice(self.firms), UserFactory()
        claim = CompanyClaim.objects.create(
            company=firm, claimant=claimant, firm_name="x", text="x", name="x", file="x", size=1,
            sha256="0" * 64, content_type="application/pdf", filed_at=NOW,
        )  # fmt: skip
        made = CompanyTransfer.objects.create(company=firm, claim=claim, members=[], at=NOW)
        made.former.set(self.chance.sample(self.people, 2))
        return made

    def application(self) -> None:
        state = self.chance.choice(
            ["draft", "draft", "filed", "screening", "released", "withdrawn"]
        )
        firm = self.chance.choice(self.firms)
        made = ApplicationFactory(
            sub_program=self.chance.choice(self.programs),
            company=firm,
            site=SiteFactory(company=firm),
            created_by=self.chance.choice(self.people),
            detached=self.chance.choice([None, None, *self.transfers])
            if state == "draft"
            else None,
            **({} if state == "draft" else {state: True}),
        )
        for number in range(self.chance.randint(0, 2)):
            self.partner(made, number)
        for number in range(self.chance.randint(0, 2)):
            Attachment.objects.create(
                application=made, requirement="x", name="x", file="x", size=1, sha256="0" * 64,
                content_type="application/pdf", uploaded_by=made.created_by, uploaded_at=NOW,
                removed_at=NOW if number else None,
            )  # fmt: skip
        for kind in self.chance.sample(IssuedDocument.Kind.values, 3):
            IssuedDocument.objects.create(application=made, kind=kind, requested_at=NOW)
        if made.state == ApplicationState.RELEASED:
            self.agreement(made)

    def partner(self, application: Application, number: int) -> None:
        state = self.chance.choice(PartnerState.values)
        answered = state in (PartnerState.PENDING, PartnerState.ACCEPTED, PartnerState.CANCELLED)
        taken = application.partners.filter(state=PartnerState.ACCEPTED).values("company")
        free = Company.objects.exclude(pk__in=taken).order_by("pk")
        company = self.chance.choice(list(free)) if answered else None
        PartnerFactory(application=application, state=state, company=company, role=f"r{number}")

    def agreement(self, application: Application) -> None:
        version = self.chance.choice([1, 2])
        made = Agreement.objects.create(
            application=application,
            company=self.chance.choice(self.firms),
            number=f"a{application.pk}",
            kind="share",
            award_won=1,
            grant_won=1,
            version=version,
            in_force=self.chance.choice(range(version + 1)),
            drafted_at=NOW,
            papers_due_at=NOW + timedelta(days=1),
            sign_due_at=NOW + timedelta(days=1),
        )
        text = AgreementVersion.objects.create(
            agreement=made, number=self.chance.choice([1, version]), content={}, sha256="0" * 64, made_at=NOW
        )  # fmt: skip
        Amendment.objects.create(
            agreement=made,
            kind=self.chance.choice([AmendmentKind.LEAD, AmendmentKind.LEAD, AmendmentKind.PERIOD]),
            proposal={"company": self.chance.choice(self.firms).pk},
            reason="x",
            asked_by=self.people[0],
            asked_at=NOW,
            version=text,
        )


def keys(rows: QuerySet) -> list[int]:
    return sorted(rows.values_list("pk", flat=True))


@pytest.mark.parametrize("seed", WORLDS)
def test_everybody_sees_the_same_rows_and_each_once(seed: int) -> None:
    world = World(seed)
    for person in world.people:
        for name, plain in PLAIN.items():
            expected = keys(plain(person))
            assert keys(getattr(visibility, name)(person)) == expected, name
            assert keys(getattr(visibility, name)(firms_of(person))) == expected, name
        known = firms_of(person)
        answers = [row.pk for row in Partner.objects.all() if known.answers_for(row)]
        assert sorted(answers) == keys(visibility.partnerships_of(person))
        every = list(Application.objects.values_list("pk", flat=True))
        for find, name in ONE_BY_ONE.items():
            assert sorted(pk for pk in every if find(person, pk)) == keys(PLAIN[name](person)), name


def test_one_of_one_s_own_takes_one_query(django_assert_num_queries) -> None:
    row = ApplicationFactory()
    with django_assert_num_queries(1):
        assert visibility.find_answerable(row.created_by, row.pk)
    with django_assert_num_queries(1):
        found = visibility.find(row.created_by, row.pk)
    assert found is not None
    assert found[0] == row
    assert visibility.find(row.created_by, row.pk + 1) is None
    assert visibility.find_answerable(UserFactory(), row.pk) is None


def test_the_random_rows_reach_every_question() -> None:
    """A world in which nobody sees anything would prove nothing."""
    seen: dict[str, int] = dict.fromkeys(PLAIN, 0)
    hidden: dict[str, int] = dict.fromkeys(PLAIN, 0)
    for seed in WORLDS:
        for person in World(seed).people:
            for name, plain in PLAIN.items():
                rows = plain(person)
                seen[name] += rows.count()
                hidden[name] += rows.model._default_manager.count() - rows.count()
    assert all(seen.values()), seen
    assert all(hidden.values()), hidden
