"""Complete drafts in the real catalogue, written by the services behind an applicant's pages."""

from datetime import datetime
from typing import Any

from applications.models import Application, Attachment, Partner, Submission
from applications.queries.intake import drafting as drafting_queries
from applications.queries.intake import questions
from applications.rules.intake.drafting import check_consents
from applications.services.intake import drafting, filing, preparing
from applications.states import PartnerState
from demo.applications import answers
from portal.models import User
from programs.models import SubProgram, Track
from programs.rules.facts import applies, parse_when
from programs.states import GrantKind
from tests.factories.applications import (
    NOW,
    AttachmentFactory,
    CompanyFactory,
    PartnerFactory,
    PartnerTermsFactory,
    SiteFactory,
    owner_of,
)

COST_WON = 60_000_000
STEPS = (questions.PLAN, questions.DECLARATIONS)


def empty(
    program: SubProgram, *, now: datetime = NOW, number: str = "", **company: Any
) -> Application:
    """Start a draft of a new small company; `company` are further fields of it."""
    if number:
        company["business_number"] = number
    firm = CompanyFactory(**company)
    return drafting.start(program, site=SiteFactory(company=firm), by=owner_of(firm), now=now)


def complete(
    program: SubProgram,
    *,
    track: str = "",
    claim: bool = False,
    now: datetime = NOW,
    **company: Any,
) -> Application:
    """Fill a draft so that nothing blocks filing; `claim` claims the bonus too."""
    draft = empty(program, now=now, **company)
    by = draft.created_by
    tracks = program.tracks.select_related("sub_program__round")
    chosen = tracks.get(code=track) if track else tracks.order_by("order", "pk").first()
    drafting.choose_track(draft, code=chosen.code, by=by, now=now)
    _answer(draft, chosen, claim, by, now)
    _join(draft)
    _attach(draft)
    required = {row.code for row in check_consents(program.consents, {})}
    given = {r["code"]: f"missing:consent:{r['code']}" in required for r in program.consents}
    drafting.consent(draft, answers=given, by=by, now=now)
    return Application.objects.get(pk=draft.pk)


def seen(draft: Application, *, now: datetime = NOW) -> str:
    """Return the hash of what a review page shows of the draft."""
    return preparing.prepare(draft, now=now).sha256


def file(draft: Application, *, by: User | None = None, now: datetime = NOW) -> Submission:
    """Look at the review page and press submit."""
    return filing.submit(draft, by=by or draft.created_by, now=now, seen=seen(draft, now=now))


def _answer(draft: Application, track: Track, claim: bool, by: User, now: datetime) -> None:
    carried = drafting_queries.initial_company_answers(draft)
    found = answers.find(track, profile=carried, claim=claim, on=now.date())
    steps = {
        name: {
            row["code"]: found.values[row["code"]]
            for row in questions.section_questions(draft, name)
            if row["code"] in found.values
        }
        for name in STEPS
    }
    lines = draft.sub_program.cost_items
    steps[questions.COST] = {row["code"]: COST_WON // len(lines) for row in lines}
    for row in lines:
        if table := row.get("sum_of"):
            number, price = table["columns"]
            first = {**steps[questions.PLAN][table["rows"]][0], number: 1}
            first[price] = steps[questions.COST][row["code"]]
            steps[questions.PLAN][table["rows"]] = [first]
    if track.grant_kind == GrantKind.REQUESTED:
        steps[questions.COST][questions.REQUESTED] = COST_WON // 2
    for name, data in steps.items():
        if data:
            drafting.save_section(draft, name=name, data=data, version=0, by=by, now=now)


def _join(draft: Application) -> list[Partner]:
    facts = drafting_queries.load(draft).facts
    return [
        PartnerTermsFactory(
            partner=PartnerFactory(
                application=draft,
                role=row["role"],
                state=PartnerState.ACCEPTED,
                company=CompanyFactory(),
                answered_at=NOW,
            )
        ).partner
        for row in draft.sub_program.partner_roles
        if row.get("required", True) and applies(parse_when(row.get("when")), facts)
        for _ in range(row.get("minimum", 1))
    ]


def _attach(draft: Application) -> list[Attachment]:
    return [
        AttachmentFactory(
            application=draft,
            requirement=row["code"],
            name=f"{row['label']}.pdf"[:160],
            uploaded_by=draft.created_by,
        )
        for row in drafting_queries.applicable_documents(drafting_queries.load(draft))
        if row["required"]
    ]
