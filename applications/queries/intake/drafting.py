"""A draft with all its parts, read once: its answers, the facts for the rules, and what is missing."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from applications.models import (
    Application,
    Attachment,
    Company,
    Consent,
    Partner,
    PartnerTerms,
    RegistryConsent,
    Section,
    Site,
)
from applications.queries.intake.partners import is_expired
from applications.queries.intake.questions import (
    REQUESTED,
    ProgramForm,
    form_of,
    section_questions,
)
from applications.rules import registries
from applications.rules.intake import partners as partners_rules
from applications.rules.intake.drafting import (
    Costs,
    add_up,
    check_consents,
    check_documents,
    sum_of,
)
from applications.rules.intake.questions import Question, Reviewed, review
from applications.states import PartnerState
from portal.core.dates import korean_day
from portal.core.errors import Finding
from portal.core.money import won
from portal.models import RegistryAnswer, RegistryRecord
from portal.records import snapshot, together
from portal.records.together import Rows
from portal.registries.declared import connected, named_by
from programs.models import SubProgram
from programs.queries import papers
from programs.rules import eligibility, industries
from programs.rules.facts import Fact, applies, parse_when
from programs.rules.grants import ceilings

# Names of facts in conditions, and the fields of `Company` that hold them.
PROFILE = {
    "company_kind": "kind",
    "company_size": "size",
    "industry_code": "industry",
    "founded_on": "founded_on",
    "region": "region",
    "employees": "employees",
}

# What every page about an application shows, and what only its draft has.
COMMON = {
    "company": Rows(Company, "id = %(company)s"),
    "site": Rows(Site, "id = %(site)s"),
    "partners": Rows(Partner, "application_id = %(application)s AND state <> 'cancelled'"),
    "attachments": Rows(Attachment, "application_id = %(application)s AND removed_at IS NULL"),
}
PARTS = COMMON | {
    "sections": Rows(Section, "application_id = %(application)s"),
    "consents": Rows(Consent, "application_id = %(application)s"),
}
_OF_PARTNERS = "id IN (SELECT {} FROM applications_partner WHERE application_id = %(application)s)"
OF_PARTNERS = {
    "companies": Rows(Company, _OF_PARTNERS.format("company_id")),
    "terms": Rows(PartnerTerms, _OF_PARTNERS.format("terms_id")),
}


_OF_FIRM = "subject = (SELECT business_number FROM applications_company WHERE id = %(company)s)"
ANSWERED = {
    "records": Rows(RegistryRecord, f"{_OF_FIRM} AND answer_id IS NOT NULL"),
    "answers": Rows(
        RegistryAnswer,
        f"id IN (SELECT answer_id FROM portal_registryrecord WHERE {_OF_FIRM})",  # noqa: S608
    ),
    "allowed": Rows(RegistryConsent, "company_id = %(company)s AND withdrawn_at IS NULL"),
}


@dataclass
class Dossier:
    """An application with all its parts, seen at one instant.

    `version` is the one at that instant; filing is refused when the application has changed since.
    `files` are all that are kept, with those of supplements; `attachments` those of the draft.
    `records` are the answers of registries, by their codes, that the firm lets the portal ask.
    """

    application: Application
    version: int
    saved: dict[str, Section]
    partners: list[Partner]
    files: list[Attachment]
    consents: list[Consent]
    form: ProgramForm
    records: Mapping[str, RegistryRecord] = field(default_factory=dict)
    verdicts: dict[date, eligibility.Verdict] = field(default_factory=dict)
    judged: dict[datetime, list[Finding]] = field(default_factory=dict)

    @property
    def sub_program(self) -> SubProgram:
        return self.application.sub_program

    @cached_property
    def sections(self) -> dict[str, dict[str, Any]]:
        """Return the answers of each section that was saved."""
        return {name: row.data for name, row in self.saved.items()}

    @property
    def attachments(self) -> list[Attachment]:
        return [row for row in self.files if row.supplement_id is None]

    @property
    def documents(self) -> list[dict[str, Any]]:
        return self.form.documents

    @property
    def bonus_items(self) -> list[dict[str, Any]]:
        return self.form.bonus_items

    @property
    def questions(self) -> tuple[Question, ...]:
        return self.form.questions

    @property
    def conditions(self) -> tuple[eligibility.Condition, ...]:
        return self.form.conditions

    @cached_property
    def profile(self) -> dict[str, Any]:
        """Return the company's facts: its profile, overridden by what this draft confirmed."""
        known = profile_of(self.application.company)
        if "company" in self.sections:
            del known[industries.FACT]  # a draft without it says that it is not known
        return {**known, **self.sections.get("company", {})}

    @cached_property
    def answers(self) -> dict[str, Any]:
        """Return the answers to the questions; what the programme implies is not asked."""
        implied = {
            row["code"]: row["implied"] for row in self.sub_program.questions if "implied" in row
        }
        saved = {**self.sections.get("plan", {}), **self.sections.get("declarations", {})}
        return {**saved, **implied}

    @cached_property
    def computed_costs(self) -> dict[str, int]:
        """Return in whole won the lines of the cost sheet that follow from a table of the plan."""
        found = {
            item["code"]: sum_of(
                self.answers.get(item["sum_of"]["rows"]), item["sum_of"]["columns"]
            )
            for item in self.sub_program.cost_items
            if "sum_of" in item
        }
        return {code: amount for code, amount in found.items() if amount is not None}

    @cached_property
    def reviewed_profile(self) -> Reviewed:
        return review(self.form.profile, self.profile)

    @cached_property
    def reviewed(self) -> Reviewed:
        known = {**self.reviewed_profile.values, "track": self.track_code}
        return review(self.questions, self.answers, facts=known)

    @property
    def track_code(self) -> str | None:
        return self.application.track.code if self.application.track else None

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """Return what conditions are judged on: company, answers, track. Rows count as a number."""
        facts: dict[str, Fact] = {**self.reviewed_profile.values, "track": self.track_code}
        for code, value in self.reviewed.values.items():
            if isinstance(value, list):
                texts = all(isinstance(member, str) for member in value)
                facts[code] = tuple(value) if texts else len(value)
            else:
                facts[code] = value
        return facts

    @cached_property
    def costs(self) -> Costs:
        lines = self.sections.get("cost", {})
        items = [
            {"label": item["label"], "won": lines.get(item["code"]) or 0}
            for item in self.sub_program.cost_items
        ]
        return add_up(items)

    @property
    def total_cost_won(self) -> int | None:
        return self.costs.total_won or None  # an empty cost sheet has no total

    @property
    def requested_won(self) -> int | None:
        """Return the requested sum in won, where no share decides it."""
        return self.sections.get("cost", {}).get(REQUESTED) or None


def profile_of(company: Company) -> dict[str, Any]:
    return {fact: getattr(company, column) for fact, column in PROFILE.items()}


def initial_company_answers(application: Application) -> dict[str, Any]:
    """Return the company section of a new draft: its profile, with the site's region, as JSON."""
    profile = profile_of(application.company)
    if application.site.region:
        profile["region"] = application.site.region
    return {
        name: snapshot.to_plain(value) for name, value in profile.items() if value not in (None, "")
    }


def with_related(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Select the track, company and site of applications."""
    return applications.select_related("track", "company", "site")


def load(application: Application, *, refetch: bool = True) -> Dossier:
    """Load an application with all its parts, in two queries, or three with partners.

    Pass `refetch=False` when the row was read just now; this saves one query.
    """
    if refetch:
        application = Application.objects.get(pk=application.pk)
    found = read_with(application, PARTS | ANSWERED if connected() else PARTS)
    form = form_of(application.sub_program_id)
    application.sub_program = form.sub_program()
    application.track = next(
        (row for row in application.sub_program.tracks.all() if row.pk == application.track_id),
        None,
    )
    return Dossier(
        application=application,
        version=application.version,
        saved={row.name: row for row in found["sections"]},
        partners=found["partners"],
        files=found["attachments"],
        consents=found["consents"],
        form=form,
        records=_records(found),
    )


def _records(found: Mapping[str, list[Any]]) -> dict[str, RegistryRecord]:
    """Return the records whose answers may be used: of registries that the firm's consent names."""
    answers = {row.pk: row for row in found.get("answers", ())}
    named = {code for given in found.get("allowed", ()) for code in named_by(given.wording)}
    records = {row.registry: row for row in found.get("records", ()) if row.registry in named}
    for record in records.values():
        record.answer = answers[record.answer_id]
    return records


def read_with(application: Application, parts: Mapping[str, Rows]) -> dict[str, list[Any]]:
    """Read parts of an application, those of `COMMON` among them, and relate them to it."""
    keys = {
        "application": application.pk,
        "company": application.company_id,
        "site": application.site_id,
    }
    found = together.read(parts, **keys)
    (application.company,), (application.site,) = found["company"], found["site"]
    for row in [*found["partners"], *found["attachments"]]:
        row.application = application
    if found["partners"]:
        more = together.read(OF_PARTNERS, application=application.pk)
        companies = {row.pk: row for row in more["companies"]}
        terms = {row.pk: row for row in more["terms"]}
        for partner in found["partners"]:
            partner.company = companies.get(partner.company_id)
            partner.terms = terms.get(partner.terms_id)
    return found


def after(dossier: Dossier, saved: Section, consents: Iterable[Consent] = ()) -> Dossier:
    """Return the dossier as it is after one save of a section and these consents."""
    given = {row.code: row for row in [*dossier.consents, *consents]}
    return replace(
        dossier,
        version=dossier.version + 1,
        saved={**dossier.saved, saved.name: saved},
        consents=list(given.values()),
        verdicts={},
        judged={},
    )


def applicable_questions(dossier: Dossier, section: str) -> list[dict[str, Any]]:
    """Return the questions of a section that apply to the facts so far."""
    return [
        row
        for row in section_questions(dossier.application, section)
        if applies(parse_when(row.get("when")), dossier.facts) is True
    ]


def applicable_documents(dossier: Dossier) -> list[dict[str, Any]]:
    """Return the required and optional documents of this application, by its facts."""
    return [
        row
        for row in dossier.documents
        if applies(parse_when(row["when"]), dossier.facts) is not False
    ]


def told_papers(dossier: Dossier, *, now: datetime) -> dict[str, list[RegistryRecord]]:
    """Return by document the answers of registries that spare the firm from attaching it."""
    counting = {
        code
        for code, record in dossier.records.items()
        if record.valid_until is not None and record.answer is not None
        if registries.stands_for_paper(
            code,
            found=record.answer.found,
            facts=record.answer.facts,
            until=record.valid_until,
            now=now,
        )
    }
    told = papers.told(counting)
    return {
        row["code"]: [dossier.records[code] for code in told[row["code"]]]
        for row in applicable_documents(dossier)
        if row["code"] in told
    }


def preview(dossier: Dossier) -> ceilings.Grant | None:
    """Return the grant by the function that later decides it; None without a track."""
    track = dossier.application.track
    if track is None:
        return None
    return ceilings.preview(
        track.terms(),
        total_cost_won=dossier.total_cost_won,
        requested_won=dossier.requested_won,
    )


def verdict(dossier: Dossier, now: datetime) -> eligibility.Verdict:
    """Return who may apply, judged on the day of `now` in KST (S16)."""
    on = korean_day(now)
    if on not in dossier.verdicts:
        dossier.verdicts[on] = eligibility.judge(
            dossier.conditions, dossier.facts, on=on, final=True
        )
    return dossier.verdicts[on]


def missing(dossier: Dossier, *, now: datetime) -> list[Finding]:
    """Return everything that keeps the draft from being filed, judged once for each instant."""
    if now not in dossier.judged:
        dossier.judged[now] = _missing(dossier, now)
    return dossier.judged[now]


def _missing(dossier: Dossier, now: datetime) -> list[Finding]:
    findings = [] if dossier.track_code else [Finding("missing:track", "지원유형을 고르세요.")]
    findings += _carried_findings(dossier)
    findings += dossier.reviewed_profile.findings
    findings += dossier.reviewed.findings
    findings += _cost_findings(dossier)
    findings += _partner_findings(dossier, now)
    findings += check_documents(
        dossier.documents,
        Counter(row.requirement for row in dossier.attachments),
        facts=dossier.facts,
        told=told_papers(dossier, now=now),
    )
    findings += check_consents(
        dossier.sub_program.consents,
        {row.code: row.wording for row in dossier.consents if row.given},
        facts=dossier.facts,
    )
    findings += _expired_papers(dossier, now)
    return findings + _condition_findings(dossier, {row.code for row in findings}, now)


def cost_shares(dossier: Dossier) -> partners_rules.Shares | None:
    """Return how the applicant side's cost is split, to the won; None while it is not known."""
    grant = preview(dossier)
    if grant is None or grant.own_won is None:
        return None
    joined = [row for row in dossier.partners if row.state == PartnerState.ACCEPTED]
    return partners_rules.shares([_rules_partner(row) for row in joined], own_won=grant.own_won)


def required_terms(sub_program: SubProgram) -> dict[str, dict[str, Any]]:
    """Return by partner role what it has to confirm: a share of the cost, a quotation."""
    return {row["role"]: row["terms"] for row in sub_program.partner_roles if row.get("terms")}


def _carried_findings(dossier: Dossier) -> list[Finding]:
    """Return what was carried over from a self-check and nobody has looked at in its step."""
    return [
        Finding(
            f"carried:{row['code']}",
            f"‘{row['label']}’ 항목은 자격 확인에서 답하신 내용입니다. 맞는지 확인하고 이 단계를 저장하세요.",
        )
        for name, section in dossier.saved.items()
        if section.carried
        for row in section_questions(dossier.application, name)
        if row["code"] in section.carried
    ]


def _condition_findings(dossier: Dossier, reported: set[str], now: datetime) -> list[Finding]:
    """Return unmet conditions, except those that only repeat a missing answer."""
    judged = verdict(dossier, now)
    unknown = {fact for fact in judged.unknown if {f"missing:{fact}", f"invalid:{fact}"} & reported}
    repeated = {row.code for row in dossier.conditions if row.fact in unknown}
    return [row for row in judged.findings if row.code not in repeated]


def _expired_papers(dossier: Dossier, now: datetime) -> list[Finding]:
    """Return a warning for each paper that is known not to be good any more."""
    today = korean_day(now)
    return [
        Finding(
            f"expired:document:{row.requirement}",
            f"‘{row.name}’ 서류의 유효기간이 지났습니다. 새로 발급받은 서류로 바꿔 주세요.",
            blocking=False,
        )
        for row in dossier.attachments
        if row.valid_until is not None and row.valid_until < today
    ]


def _cost_findings(dossier: Dossier) -> list[Finding]:
    track = dossier.application.track
    findings = [*dossier.costs.findings, *_other_sums(dossier)]
    if dossier.sub_program.cost_items and not dossier.costs.findings and not dossier.total_cost_won:
        findings.append(Finding("missing:cost_items", "사업비 내역을 입력하세요."))
    if track and track.grant_kind == "requested" and not dossier.requested_won:
        findings.append(Finding(f"missing:{REQUESTED}", "신청하는 정부지원금을 입력하세요."))
    return findings


def _other_sums(dossier: Dossier) -> list[Finding]:
    """Return a warning for each line that is not what the table of the plan adds up to."""
    typed = dossier.sections.get("cost", {})
    labels = {item["code"]: item["label"] for item in dossier.sub_program.cost_items}
    return [
        Finding(
            f"differs:{code}",
            f"‘{labels[code]}’ 금액 {won(typed[code])}이 사업 계획의 표를 더한 {won(amount)}과 다릅니다.",
            blocking=False,
        )
        for code, amount in dossier.computed_costs.items()
        if isinstance(typed.get(code), int) and typed[code] != amount
    ]


def _partner_findings(dossier: Dossier, now: datetime) -> list[Finding]:
    company = dossier.application.company
    partners = [_rules_partner(row) for row in dossier.partners if not is_expired(row, now=now)]
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
        required_terms(dossier.sub_program),
        partners,
        own_won=grant.own_won if grant else None,
        total_cost_won=dossier.total_cost_won,
    )


def _rules_partner(row: Partner) -> partners_rules.Partner:
    terms = row.terms
    return partners_rules.Partner(
        role=row.role,
        state=row.state,
        name=row.company.name if row.company else row.company_name,
        company_id=row.company_id,
        business_number=row.company.business_number if row.company else "",
        terms=partners_rules.Terms(terms.share_won, terms.quote_won, terms.confirmed, terms.signed)
        if terms
        else None,
    )
