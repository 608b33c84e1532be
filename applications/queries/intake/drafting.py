"""A draft read whole: what was answered, what it means to the rules, what is missing."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from applications.models import Application, Attachment, Company, Consent, Partner
from applications.queries.intake import questions as questions_queries
from applications.queries.intake.partners import expired
from applications.queries.intake.questions import Asked
from applications.rules.intake import drafting
from applications.rules.intake import partners as partners_rules
from applications.rules.intake.questions import Question
from applications.states import PartnerState
from portal.core.clock import KST
from portal.core.errors import Finding
from programs.models import SubProgram
from programs.rules import eligibility
from programs.rules.facts import Fact
from programs.rules.grants import ceilings

PROFILE = {
    "company_kind": "kind",
    "company_size": "size",
    "industry_code": "industry_code",
    "founded_on": "founded_on",
    "region": "region",
    "employees": "employees",
}
REQUESTED = "requested_won"


@dataclass
class Dossier:
    """An application with all its parts, read in a fixed number of queries.

    `version` is the version the parts were read at or after; filing is refused when the
    application has moved on since.
    """

    application: Application
    version: int
    sections: dict[str, dict[str, Any]]
    partners: list[Partner]
    attachments: list[Attachment]
    consents: list[Consent]
    asked: Asked
    verdicts: dict[date, eligibility.Verdict] = field(default_factory=dict)

    @property
    def sub_program(self) -> SubProgram:
        """What is applied for."""
        return self.application.sub_program

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The papers that are asked for."""
        return self.asked.documents

    @property
    def bonus_items(self) -> list[dict[str, Any]]:
        """What may earn extra points."""
        return self.asked.bonus_items

    @property
    def questions(self) -> tuple[Question, ...]:
        """The sub-programme's questions: plan and declarations."""
        return self.asked.questions

    @property
    def conditions(self) -> tuple[eligibility.Condition, ...]:
        """Who may apply."""
        return self.asked.conditions

    @cached_property
    def profile(self) -> dict[str, Any]:
        """The company's facts, as confirmed for this application or else as in its profile."""
        return {**profile_of(self.application.company), **self.sections.get("company", {})}

    @cached_property
    def answers(self) -> dict[str, Any]:
        """Raw answers of all questions, whichever step they stand on."""
        return {**self.sections.get("plan", {}), **self.sections.get("declarations", {})}

    @cached_property
    def reviewed_profile(self) -> drafting.Reviewed:
        """The company facts as typed values, with what is missing."""
        return drafting.review(self.asked.profile, self.profile)

    @cached_property
    def reviewed(self) -> drafting.Reviewed:
        """The answers as typed values, with what is missing."""
        known = {**self.reviewed_profile.values, "track": self.track_code}
        return drafting.review(self.questions, self.answers, facts=known)

    @property
    def track_code(self) -> str | None:
        """The chosen track."""
        return self.application.track.code if self.application.track else None

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """What the conditions are judged on: company, answers, track. Rows count as their number."""
        facts: dict[str, Fact] = {**self.reviewed_profile.values, "track": self.track_code}
        for code, value in self.reviewed.values.items():
            if isinstance(value, list):
                texts = all(isinstance(member, str) for member in value)
                facts[code] = tuple(value) if texts else len(value)
            else:
                facts[code] = value
        return facts

    @cached_property
    def costs(self) -> drafting.Costs:
        """The cost sheet added up, in won."""
        lines = self.sections.get("cost", {})
        items = [
            {"label": item["label"], "won": lines.get(item["code"]) or 0}
            for item in self.sub_program.cost_items
        ]
        return drafting.add_up(items)

    @property
    def total_cost_won(self) -> int | None:
        """The total project cost in won; None where there is no cost sheet or it is empty."""
        return self.costs.total_won or None

    @property
    def requested_won(self) -> int | None:
        """What the applicant asks for, where no share decides it (won)."""
        return self.sections.get("cost", {}).get(REQUESTED) or None


def profile_of(company: Company) -> dict[str, Any]:
    """A company's profile under the names that conditions use."""
    return {fact: getattr(company, field) for fact, field in PROFILE.items()}


def with_roots(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Fetch along what `read` needs of an application that was fetched just now."""
    return applications.select_related("track", "company", "site")


def read(application: Application, *, again: bool = True) -> Dossier:
    """Read an application with all its parts in a fixed number of queries.

    Whoever has fetched it `with_roots` in this very moment need not have it read `again`.
    """
    fresh = application
    if again:
        fresh = with_roots(Application.objects.all()).get(pk=application.pk)
    form = questions_queries.of(fresh.sub_program_id)
    fresh.sub_program = form.sub_program()
    if fresh.track is not None:
        fresh.track.sub_program = fresh.sub_program
    return Dossier(
        application=fresh,
        version=fresh.version,
        sections={row.name: row.data for row in fresh.sections.all()},
        partners=list(
            fresh.partners.exclude(state=PartnerState.CANCELLED)
            .select_related("company", "terms")
            .order_by("pk")
        ),
        attachments=list(fresh.attachments.filter(removed_at=None, supplement=None).order_by("pk")),
        consents=list(fresh.consents.order_by("pk")),
        asked=form,
    )


def preview(dossier: Dossier) -> ceilings.Grant | None:
    """What the state would pay, by the function that later decides; None before a track."""
    track = dossier.application.track
    if track is None:
        return None
    return ceilings.preview(
        track.terms(),
        total_cost_won=dossier.total_cost_won,
        requested_won=dossier.requested_won,
    )


def verdict(dossier: Dossier, now: datetime) -> eligibility.Verdict:
    """Who may apply, judged on the day of `now` in KST (S16)."""
    on = now.astimezone(KST).date()
    if on not in dossier.verdicts:
        dossier.verdicts[on] = eligibility.judge(
            dossier.conditions, dossier.facts, on=on, final=True
        )
    return dossier.verdicts[on]


def missing(dossier: Dossier, *, now: datetime) -> list[Finding]:
    """Everything that stands between the draft and its filing, at once."""
    findings = [] if dossier.track_code else [Finding("missing:track", "지원유형을 고르세요.")]
    findings += dossier.reviewed_profile.findings
    findings += dossier.reviewed.findings
    findings += _cost_findings(dossier)
    findings += _partner_findings(dossier, now)
    findings += drafting.check_documents(
        dossier.documents,
        Counter(row.requirement for row in dossier.attachments),
        facts=dossier.facts,
    )
    findings += drafting.check_consents(
        dossier.sub_program.consents,
        {row.code: row.wording for row in dossier.consents if row.given},
        facts=dossier.facts,
    )
    return findings + _condition_findings(dossier, {row.code for row in findings}, now)


def _condition_findings(dossier: Dossier, said: set[str], now: datetime) -> list[Finding]:
    """What the conditions refuse, leaving out those that only repeat a missing answer."""
    judged = verdict(dossier, now)
    named = {fact for fact in judged.unknown if {f"missing:{fact}", f"invalid:{fact}"} & said}
    repeated = {row.code for row in dossier.conditions if row.fact in named}
    return [row for row in judged.findings if row.code not in repeated]


def _cost_findings(dossier: Dossier) -> list[Finding]:
    track = dossier.application.track
    findings = list(dossier.costs.findings)
    if dossier.sub_program.cost_items and not dossier.costs.findings and not dossier.total_cost_won:
        findings.append(Finding("missing:cost_items", "사업비 내역을 입력하세요."))
    if track and track.grant_kind == "requested" and not dossier.requested_won:
        findings.append(Finding(f"missing:{REQUESTED}", "신청하는 정부지원금을 입력하세요."))
    return findings


def _partner_findings(dossier: Dossier, now: datetime) -> list[Finding]:
    company = dossier.application.company
    partners = [partner_of(row) for row in dossier.partners if not expired(row, now=now)]
    grant = preview(dossier)
    keys = ("role", "label", "minimum", "when")
    required = [
        {key: row[key] for key in keys if row.get(key) is not None}
        for row in dossier.sub_program.partner_roles
        if row.get("required", True)
    ]
    findings = partners_rules.judge(
        partners_rules.parse(required),
        partners,
        applicant_company_id=company.pk,
        applicant_business_number=company.business_number,
        facts=dossier.facts,
    )
    return findings + partners_rules.judge_terms(
        terms_asked(dossier.sub_program),
        partners,
        own_won=grant.own_won if grant else None,
        total_cost_won=dossier.total_cost_won,
    )


def terms_asked(sub_program: SubProgram) -> dict[str, dict[str, Any]]:
    """What each partner role has to confirm: its share of the cost, its quotation."""
    return {row["role"]: row["terms"] for row in sub_program.partner_roles if row.get("terms")}


def partner_of(row: Partner) -> partners_rules.Partner:
    """A partner as the rules read it; `company` and `terms` are fetched along."""
    terms = row.terms
    return partners_rules.Partner(
        role=row.role,
        state=row.state,
        name=row.company.name if row.company else row.company_name,
        company_id=row.company_id,
        business_number=row.company.business_number if row.company else "",
        terms=partners_rules.Terms(terms.share_won, terms.quote_won, terms.confirmed)
        if terms
        else None,
    )


def cost_shares(dossier: Dossier) -> partners_rules.Shares | None:
    """How the applicant side's cost is borne, to the won; None while it is not known."""
    grant = preview(dossier)
    if grant is None or grant.own_won is None:
        return None
    joined = [row for row in dossier.partners if row.state == PartnerState.ACCEPTED]
    return partners_rules.shares([partner_of(row) for row in joined], own_won=grant.own_won)
