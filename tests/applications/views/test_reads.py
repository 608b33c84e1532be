"""What the applicant's pages ask the database: a few short queries, and never rows of others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import (
    Agreement,
    AgreementVersion,
    Amendment,
    Application,
    ApplicationMove,
    BoxPaper,
    Company,
    CompanyClaim,
    CompanyTransfer,
    Deliverable,
    Inquiry,
    IssuedDocument,
    LateGrant,
    Partner,
    PartnerTerms,
    PendingStep,
    Site,
    Submission,
    Supplement,
)
from applications.states import PartnerState
from portal.core.clock import now
from tests import plans
from tests.applications.views.intake.filling import Controls
from tests.factories import drafts, programs, staff
from tests.factories.applications import CompanyFactory, PartnerFactory

pytestmark = pytest.mark.django_db

JOINS = 2
# What every page asks: the session, the account with its roles, PostgreSQL's clock.
EVERY_PAGE = (
    "django_session",
    '"portal_user"."id" =',
    "auth_group",
    "clock_timestamp",
    "SAVEPOINT",
)
STEPS = ("company", "plan", "cost", "partners", "documents", "declarations")


@dataclass
class Firm:
    """A firm with a draft and a filed application, both with a partner, and its signed-in owner."""

    client: Client
    draft: Application
    filed: Application

    def autosave(self, step: str) -> dict[str, object]:
        """Return what the page sends by itself."""
        page = self.client.get(reverse("application_step", args=[self.draft.pk, step]))
        sent = dict(Controls(page.content.decode()).values)
        sent.pop("act", None)  # of the button that reads the firm again
        return sent


@pytest.fixture
def firm() -> Firm:
    programs.load_open(now())
    draft = drafts.complete(programs.program("robot"), now=now())
    filed = drafts.complete(programs.program("robot"), now=now())
    user = draft.created_by
    filed.company.members.create(user=user, role="owner", since=now())
    drafts.file(filed, by=user, now=now())
    # The firm is a partner of another one too, and is asked to be one of a third.
    PartnerFactory(application__sub_program=draft.sub_program, company=draft.company, accepted=True)
    PartnerFactory(application__sub_program=draft.sub_program, email=user.email)
    client = Client()
    client.force_login(user)
    return Firm(client, draft, filed)


Visit = Callable[[Firm], object]


def get(name: str, *words: str, of: str = "draft") -> Visit:
    def visit(firm: Firm) -> object:
        pk = [getattr(firm, of).pk] if of else []
        return firm.client.get(reverse(name, args=[*pk, *words]))

    return visit


PAGES: dict[str, tuple[int, Visit]] = {
    "the list": (16, get("application_list", of="")),
    "a draft": (4, get("application_detail")),
    "a filed application": (6, get("application_detail", of="filed")),
    "what was filed": (6, get("application_review", of="filed")),
    **{f"step {step}": (4, get("application_step", step)) for step in STEPS},
    "step documents": (5, get("application_step", "documents")),  # what the box of the firm offers
}


def asked(visit: Callable[[], object]) -> Iterator[str]:
    """Yield the queries of a visit beyond those of every page."""
    visit()  # the catalogue is read and kept by the process
    with CaptureQueriesContext(connection) as caught:
        answer = visit()
    assert answer.status_code == 200, answer.content  # type: ignore[attr-defined]
    for row in caught:
        if not any(words in row["sql"] for words in EVERY_PAGE):
            yield row["sql"]


def save(firm: Firm, step: str) -> Callable[[], object]:
    url = reverse("application_step", args=[firm.draft.pk, step])
    sent = firm.autosave(step)

    def post() -> object:
        answer = firm.client.post(url, sent, headers={"accept": "application/json"})
        sent["version"] = answer.json().get("version")
        return answer

    return post


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_few_short_questions(firm: Firm, name: str) -> None:
    most, visit = PAGES[name]
    queries = list(asked(lambda: visit(firm)))
    assert len(queries) <= most, "\n".join(queries)
    assert [sql for sql in queries if sql.count(" JOIN ") > JOINS] == []


@pytest.mark.parametrize("step", ["company", "plan", "cost", "declarations"])
def test_a_save_while_typing_reads_once_and_writes_its_section_and_one_version(
    firm: Firm, step: str
) -> None:
    before = Application.objects.get(pk=firm.draft.pk).version
    queries = list(asked(save(firm, step)))
    reads = [sql for sql in queries if sql.startswith("SELECT")]
    writes = [sql.split('"')[1] for sql in queries if sql.startswith(("UPDATE", "INSERT"))]
    assert len(reads) <= 4, "\n".join(reads)
    assert writes == ["applications_application", "applications_section"]
    assert Application.objects.get(pk=firm.draft.pk).version == before + 2  # it was saved twice


def test_the_number_of_questions_does_not_grow_with_what_there_is(firm: Firm) -> None:
    visit = PAGES["step partners"][1]
    few = len(list(asked(lambda: visit(firm))))
    for _ in range(4):
        PartnerFactory(application=firm.draft, accepted=True)
    assert len(list(asked(lambda: visit(firm)))) == few


def walked(sql: str) -> list[str]:
    """Return what reads rows without an index that leads to them, be it only until there are enough."""
    return [
        f"{node['Node Type']} {node['Relation Name']}"
        for node in plans.nodes(plans.plan_of(sql))
        if node.get("Relation Name", "").startswith("applications_")
        and node["Relation Name"] != "applications_formversion"  # a row for each version of a form
        and node["Node Type"] != "ModifyTable"
        and not any(name in node for name in plans.CONDITIONS)
    ]


def crowd(like: Application) -> None:
    """Add many others, so that the planner takes an index where there is one."""
    firms = Company.objects.bulk_create(
        [CompanyFactory.build(business_number=f"{number:010}") for number in range(500)]
    )
    sites = Site.objects.bulk_create([Site(company=firm, name="공장") for firm in firms])
    made = Application.objects.bulk_create(
        [
            Application(
                sub_program=like.sub_program,
                track=like.track,
                company=site.company,
                site=site,
                created_by=like.created_by,
            )
            for site in sites
        ]
    )
    partners = Partner.objects.bulk_create(
        [
            PartnerFactory.build(
                application=row,
                company=firms[place - 1],
                invited_by=like.created_by,
                state=PartnerState.ACCEPTED if place % 2 else PartnerState.REFUSED,
            )
            for place, row in enumerate(made)
        ]
    )
    PartnerTerms.objects.bulk_create(
        [
            PartnerTerms(partner=row, part="몫", set_by=like.created_by, set_at=row.invited_at)
            for row in partners
        ]
    )
    form = Submission.objects.values_list("form", flat=True)[0]
    Submission.objects.bulk_create(
        [
            Submission(
                application=row,
                number=f"n{row.pk}",
                submitted_at=like.created_at,
                submitted_by=like.created_by,
                form_id=form,
                content={},
                sha256="0" * 64,
            )
            for row in made
        ]
    )
    IssuedDocument.objects.bulk_create(
        [
            IssuedDocument(application=row, kind="receipt", requested_at=like.created_at)
            for row in made
        ]
    )
    crowd_waiting(made, at=like.created_at)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def crowd_waiting(made: Sequence[Application], *, at: datetime) -> None:
    """Add to these applications of others what waits for an answer of theirs."""
    manager, second = staff.manager(), staff.manager()
    Partner.objects.bulk_create(
        [
            PartnerFactory.build(
                application=row, email=f"invited{row.pk}@robot.example", invited_by=row.created_by
            )
            for row in made
        ]
    )
    Inquiry.objects.bulk_create(
        [Inquiry(application=row, kind="officer", asked_by=manager, asked_at=at) for row in made]
    )
    agreements = Agreement.objects.bulk_create(
        [
            Agreement(
                application=row, company=row.company, number=f"협약 {row.pk}", kind="share",
                award_won=1, grant_won=1, drafted_at=at, papers_due_at=at, sign_due_at=at,
            )
            for row in made
        ]
    )  # fmt: skip
    versions = AgreementVersion.objects.bulk_create(
        [
            AgreementVersion(agreement=row, number=1, content={}, sha256="0" * 64, made_at=at)
            for row in agreements
        ]
    )
    Amendment.objects.bulk_create(
        [
            Amendment(
                agreement=row.agreement, version=row, kind="period", reason="기간",
                asked_by=row.agreement.application.created_by, asked_at=at,
            )
            for row in versions
        ]
    )  # fmt: skip
    PendingStep.objects.bulk_create(
        [
            PendingStep(agreement=row, step="sign_change", waits_for="firm", since=at, due_at=at)
            for row in agreements
        ]
    )
    Supplement.objects.bulk_create(
        [
            Supplement(
                application=row, message="보완", requested_by=manager, requested_at=at, due_at=at
            )
            for row in made
        ]
    )  # fmt: skip
    ApplicationMove.objects.bulk_create(
        [
            ApplicationMove(
                thing=row, move="take_up", source="submitted", target="screening", by=manager, at=at
            )
            for row in made
        ]
    )  # fmt: skip
    Deliverable.objects.bulk_create(
        [
            Deliverable(
                agreement=row, code="plan", label="계획", order=1, spec={}, state="handed_in"
            )
            for row in agreements
        ]
    )
    LateGrant.objects.bulk_create(
        [
            LateGrant(
                sub_program=row.sub_program, company=row.company, reason="장애",
                granted_by=manager, granted_at=at, approved_by=second, approved_at=at,
                until=at + timedelta(days=1),
            )
            for row in made
        ]
    )  # fmt: skip
    paper = {"name": "증명.pdf", "size": 1, "sha256": "0" * 64, "content_type": "application/pdf"}
    CompanyClaim.objects.bulk_create(
        [CompanyClaim(company=row.company, claimant=row.created_by, filed_at=at, **paper) for row in made]
    )  # fmt: skip
    BoxPaper.objects.bulk_create(
        [
            BoxPaper(
                company=row.company, kind="sme_certificate", issued_on=at.date(),
                uploaded_by=row.created_by, uploaded_at=at, **paper,
            )
            for row in made
        ]
    )  # fmt: skip


@pytest.mark.postgres
@pytest.mark.parametrize("name", [*PAGES, "a save"])
def test_no_page_walks_rows_of_others(firm: Firm, name: str) -> None:
    crowd(firm.draft)
    visit = save(firm, "plan") if name == "a save" else lambda: PAGES[name][1](firm)
    for sql in asked(visit):
        if sql.lstrip("(").startswith(("SELECT", "UPDATE")):
            assert not walked(sql), sql


@pytest.mark.postgres
def test_a_walk_is_noticed(firm: Firm) -> None:
    """As the own list was asked for before: OR across a subquery, newest first."""
    crowd(firm.draft)
    theirs = Company.objects.filter(members__user=firm.draft.created_by)
    transfers = CompanyTransfer.objects.filter(former=firm.draft.created_by)
    rows = Application.objects.filter(
        Q(company__in=theirs, detached=None) | Q(detached__in=transfers)
    )
    with CaptureQueriesContext(connection) as caught:
        list(rows.order_by("-pk")[:25])
    assert walked(caught[0]["sql"])
