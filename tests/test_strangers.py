"""Every address that names an object, taken from the URL patterns: nothing for outsiders.

A new route is walked without anybody thinking of it, and fails until it says what it names.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.contrib.admin.sites import site as staff_site
from django.core.files.base import ContentFile
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from applications.models import (
    AgreementPaper,
    Application,
    Attachment,
    BoxPaper,
    Company,
    CompanyClaim,
    Deliverable,
    DeliveryFile,
    Inquiry,
    ObjectionPaper,
    Partner,
    PartnerTerms,
    ReportFile,
    ScoreResult,
    ScoreRun,
    ScoreSheet,
    Spending,
)
from applications.rules.assessment import scoring as rules
from applications.services import claims, inquiries, objection
from portal.models import Job, User
from portal.uploads import files
from programs.models import SubProgram
from programs.roles import OFFICER
from tests.factories import staff
from tests.factories.agreements import World, pdf
from tests.factories.applications import (
    AttachmentFactory,
    BoxPaperFactory,
    CompanyFactory,
    PartnerFactory,
    PartnerTermsFactory,
    SubProgramFactory,
    UserFactory,
    member_of,
)
from tests.test_access import OURS, Route

pytestmark = pytest.mark.django_db
NUMBERED = [
    route
    for route in OURS
    if "<int:" in route.pattern and route.rule.startswith(("signed_in", "roles:"))
]
# What the first number of an address names; the longest beginning counts.
NAMES: dict[str, list[type[Model]]] = {
    "applications/": [Application],
    "api/v1/applications/": [Application],
    "objections/papers/": [ObjectionPaper],
    "inquiries/": [Inquiry],
    "agreements/files/": [AgreementPaper, ReportFile, Spending],
    "attachments/": [Attachment],
    "assessor/sheets/": [ScoreSheet],
    "assessor/statements/": [SubProgram],
    "companies/": [Company],
    "companies/claims/": [CompanyClaim],
    "companies/papers/": [BoxPaper],
    "delivery/files/": [DeliveryFile],
    "delivery/": [Deliverable],
    "partners/terms/": [PartnerTerms],
    "jobs/": [Job],
    "account/jobs/": [Job],
}
# Apps whose own tests make things to be found; here their addresses are asked for what is absent.
ELSEWHERE = ("account/tokens/", "vouchers/", "kamp/")
WORDS = {
    "step": ["company", "plan", "partners", "documents", "declarations"],
    "kind": [
        "receipt",
        "result",
        "certificate",
        "agreement",
        "settlement",
        "sheets",
        "progress",
        "final",
        "lead",
        "supplier",
        "sums",
        "period",
        "paper",
        "report",
        "evidence",
    ],
    "number": ["1"],
}
NOTHING = {404, 405}


def named(route: Route) -> str:
    return route.pattern


def things(route: Route) -> list[int]:
    """The keys of everything that the address could name."""
    if route.pattern.startswith(ELSEWHERE):
        return [1]
    beginning = max((name for name in NAMES if route.pattern.startswith(name)), key=len)
    return [
        pk
        for model in NAMES[beginning]
        for pk in model._default_manager.values_list("pk", flat=True)
    ]


def addresses(route: Route) -> Iterator[tuple[int, str]]:
    """Every address of a route for every thing, with every word that it may carry."""
    words = [WORDS[name] for name in WORDS if f":{name}>" in route.pattern]
    for pk, *rest in product(things(route), *words):
        path = route.pattern
        for name, word in zip([n for n in WORDS if f":{n}>" in path], rest, strict=True):
            path = path.replace(f"<slug:{name}>", word).replace(f"<int:{name}>", word)
        claim = CompanyClaim.objects.order_by("pk").values_list("pk", flat=True).first()
        path = path.replace("<int:claim>", str(claim))
        paper = Attachment.objects.order_by("pk").values_list("pk", flat=True).first()
        path = path.replace("<int:file>", str(paper))
        yield pk, "/" + path.replace("<int:pk>", str(pk)).replace("<int:workspace>", str(pk))


def told(answer: Any) -> int:
    """The status; a file that came is read to its end, which lets go of it."""
    if answer.streaming:
        assert b"".join(answer.streaming_content)
    return int(answer.status_code)


def seen(client: Client, path: str) -> int:
    return told(client.get(path))


def sent(client: Client, path: str) -> int:
    return told(client.post(path, {}))


@pytest.fixture
def story() -> World:
    """An award with papers, sheets, partners, an objection's papers and work under way."""
    world = World()
    objection.file(world.application, text="사유", uploads=[pdf()], by=world.owner, now=world.now)
    inquiries.ask_staff(world.application, text="질의", by=world.owner, now=world.now)
    claims.file(
        number=world.application.company.business_number,
        firm_name="주인",
        text="저희 번호입니다.",
        upload=pdf(),
        by=UserFactory(),
        now=world.now,
    )
    world.conclude()
    world.pay(1)
    world.half_way()
    world.finish()
    world.spend_one()
    application = world.application
    stored = files.store_made(ContentFile(b"canary", name="a.pdf"))
    AttachmentFactory(application=application, file=stored)
    BoxPaperFactory(company=application.company, file=files.store_made(ContentFile(b"paper")))
    partner = PartnerFactory(application=application, accepted=True)
    PartnerTermsFactory(partner=partner)
    member_of(partner.company)
    staff.locked_sheet(application, staff.assessors(1)[0], (24, 32, 24))
    rubric = rules.Rubric((rules.Criterion("plan", "계획", 100, core=True),), Decimal(60))
    score = rules.score(rubric, [{"plan": 84}] * 3, [])
    ScoreResult.objects.create(
        run=ScoreRun.objects.get(),
        application=application,
        raw=score.raw,
        bonus=0,
        total=score.total,
        core=score.core,
        passed_floor=True,
        breakdown=rules.breakdown(score, rubric, 0),
        inputs_sha256="b" * 64,
    )
    Job.objects.create(kind="applications.score", key="x", requested_by=world.owner)
    return world


def strangers() -> dict[str, User]:
    """Somebody of another firm, an officer of another programme, another assessor."""
    other = UserFactory(roles=[OFFICER], is_staff=True)
    other.sub_programs.add(SubProgramFactory())
    return {
        "firm": member_of(CompanyFactory()),
        "officer": other,
        "assessor": staff.assessors(1)[0],
    }


def test_every_route_that_names_a_thing_says_what() -> None:
    unknown = [r.pattern for r in NUMBERED if not r.pattern.startswith((*NAMES, *ELSEWHERE))]
    assert unknown == []
    kinds = {
        name for r in NUMBERED for name in ("step", "kind", "number") if f":{name}>" in r.pattern
    }
    assert kinds <= set(WORDS)


@pytest.mark.parametrize("who", ["firm", "officer", "assessor"])
def test_a_stranger_finds_nothing_at_any_address(story: World, client: Client, who: str) -> None:
    person = strangers()[who]
    own = set(person.memberships.values_list("company", flat=True))
    staff.enter(client, person)
    found: list[tuple[str, int]] = []
    for route in NUMBERED:
        for pk, path in addresses(route):
            if route.pattern.startswith("companies/") and pk in own:
                continue
            for status in (seen(client, path), sent(client, path)):
                if status not in NOTHING:
                    found.append((path, status))
    assert found == []


# Not open to anybody where this story stands: drafts, supplements, offers that are over.
CLOSED = {
    "applications/<int:pk>/edit/<slug:step>/",
    "applications/<int:pk>/again/",
    "applications/<int:pk>/submit/",
    "applications/<int:pk>/withdraw/",
    "applications/<int:pk>/supplement/",
    "applications/<int:pk>/objection/",
    "applications/<int:pk>/decline/",
    "delivery/files/<int:pk>/",
    "partners/terms/<int:pk>/",
    "api/v1/applications/<int:pk>/review/",
    "api/v1/applications/<int:pk>/files/",
    "api/v1/applications/<int:pk>/files/<int:file>/",
    "api/v1/applications/<int:pk>/submit/",
    "account/jobs/<int:pk>/cancel/",
    "assessor/sheets/<int:pk>/autosave/",
    "assessor/sheets/<int:pk>/abstain/",
    "assessor/sheets/<int:pk>/conflict/",
}


def test_what_strangers_do_not_find_is_there_for_somebody(story: World, client: Client) -> None:
    people = [story.owner, story.officer, *User.objects.filter(groups__name="assessor")]
    partners = Partner.objects.filter(application=story.application).values("company")
    people += User.objects.filter(memberships__company__in=partners)
    reached: set[str] = set()
    for person in people:
        staff.enter(client, person)
        for route in NUMBERED:
            paths = [path for _, path in addresses(route)]
            if any(seen(client, path) not in NOTHING for path in paths):
                reached.add(route.pattern)
    ours = {r.pattern for r in NUMBERED if not r.pattern.startswith(ELSEWHERE)}
    assert ours - reached <= CLOSED
    assert len(reached) > len(ours) / 2


def test_an_officer_of_another_programme_opens_no_row_of_the_desk(
    story: World, client: Client
) -> None:
    other = strangers()["officer"]
    staff.enter(client, other)
    found: list[Any] = []
    for model in staff_site._registry:
        if model._meta.app_label != "applications":
            continue
        for pk in model._default_manager.values_list("pk", flat=True)[:20]:
            name = f"admin:applications_{model._meta.model_name}_change"
            if seen(client, reverse(name, args=[pk])) == 200:
                found.append((model._meta.label, pk))
    assert found == []
