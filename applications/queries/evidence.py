"""Where the facts of applications come from: the firm, its papers, agencies, the portal's own record."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from applications.models import (
    Agreement,
    Attachment,
    Check,
    Ending,
    FormVersion,
    PendingStep,
    RegistryConsent,
    Submission,
)
from applications.queries.agreement import label_of
from applications.queries.intake.drafting import Dossier
from applications.queries.registries import reading_of
from applications.rules import evidence as rules
from applications.rules import registries as registries_rules
from applications.rules.evidence import Shown, Sourced, Stated
from applications.states import (
    AgreementState,
    EndingKind,
    EndingState,
    WaitsFor,
)
from portal.core.dates import korean_day
from portal.models import RegistryRecord
from portal.registries import gateway
from portal.registries.declared import Registry, connected, named_by
from programs.rules import eligibility, evidence
from programs.rules.eligibility import Condition
from programs.rules.evidence import Evidence


@dataclass(frozen=True)
class Case:
    """What evidence about an application depends on, besides what is known of its firm."""

    application: int
    sub_program: int
    company: int
    number: str
    conditions: Sequence[Condition]
    stated: Stated
    filed_at: datetime | None
    papers: Sequence[Attachment]


@dataclass
class Own:
    """What the portal's own record says of a firm; `agreements` are number, application, sub-programme."""

    broken: list[str] = field(default_factory=list)
    overdue: list[str] = field(default_factory=list)
    agreements: list[tuple[str, int, int]] = field(default_factory=list)


def of_draft(dossier: Dossier, *, now: datetime) -> list[Sourced]:
    """Return the facts of a draft with their sources, as they are at `now`."""
    application, form = dossier.application, dossier.form.content
    case = Case(
        application=application.pk,
        sub_program=application.sub_program_id,
        company=application.company_id,
        number=application.company.business_number,
        conditions=dossier.conditions,
        stated=Stated(dossier.facts, _questions(form), None),
        filed_at=None,
        papers=dossier.attachments,
    )
    return known_of([case], now=now).judge(case)


def of_filed(applications: Iterable[int], *, now: datetime) -> dict[int, list[Sourced]]:
    """Return the facts of filed applications with their sources as they are now, in few statements.

    Raises BadInput (`fact`) for a frozen fact of the wrong type.
    """
    cases = cases_of(applications)
    known = known_of(cases, now=now)
    return {case.application: known.judge(case) for case in cases}


def cases_of(applications: Iterable[int]) -> list[Case]:
    """Read filed applications: their facts, conditions and papers."""
    filed = Submission.objects.filter(application__in=list(applications)).order_by()
    contents = dict(
        FormVersion.objects.filter(pk__in=filed.values("form")).values_list("pk", "content")
    )
    forms = {
        pk: (eligibility.parse(content.get("conditions", [])), _questions(content))
        for pk, content in contents.items()
    }
    papers: dict[int, list[Attachment]] = defaultdict(list)
    shown = Attachment.objects.filter(application__in=filed.values("application"), removed_at=None)
    for row in shown.order_by("pk"):
        papers[row.application_id].append(row)
    columns = (
        "application_id", "application__sub_program_id", "application__company_id",
        "application__company__business_number", "form_id", "content__facts", "submitted_at",
        "number",
    )  # fmt: skip
    return [
        Case(
            application=pk,
            sub_program=program,
            company=company,
            number=number,
            conditions=forms[form][0],
            stated=Stated(facts or {}, forms[form][1], at, receipt),
            filed_at=at,
            papers=papers[pk],
        )
        for pk, program, company, number, form, facts, at, receipt in filed.values_list(*columns)
    ]


def kept_of(filed: Iterable[Submission], checks: Iterable[Check]) -> list[Shown]:
    """Return the facts of an application as they were filed, or as screening last read them.

    `checks` are those whose sources were read, in the order of their primary keys.
    """
    found = {row["code"]: row for submission in filed for row in submission.evidence or ()}
    for check in checks:
        found[check.code] = {
            "code": check.code,
            "label": found.get(check.code, {}).get("label", check.message),
            "standing": check.standing,
            "evidence": check.evidence,
        }
    return [rules.shown(row) for row in found.values()]


@dataclass(frozen=True)
class Knowledge:
    """What agencies and the portal's own record say of some firms at one instant."""

    answers: Mapping[str, Mapping[str, RegistryRecord]]
    consents: Mapping[int, Collection[str]]
    own: Mapping[int, Own]
    now: datetime

    def judge(self, case: Case) -> list[Sourced]:
        """Return the facts of an application with their sources. Raises BadInput (`fact`)."""
        known = {row.fact: self._sources_of(case, row) for row in case.conditions}
        on = korean_day(case.filed_at or self.now)
        return rules.judge(case.conditions, case.stated, known, on=on, now=self.now)

    def _sources_of(self, case: Case, condition: Condition) -> evidence.Known:
        """Return what the sources that a condition names say of its fact."""
        named = [
            (row.kind, code)
            for row in (*condition.sources, *condition.against)
            for code in row.codes
        ]
        found = {key: self._told(case, *key, condition.fact) for key in named}
        return {key: row for key, row in found.items() if row is not None}

    def _told(self, case: Case, kind: str, code: str, fact: str) -> Evidence | None:
        if kind == evidence.PAPER:
            papers = [row for row in case.papers if row.requirement == code]
            return _of_paper(code, papers) if papers else None
        if kind == evidence.RECORD:
            own = _of_record(code, self.own.get(case.company, Own()), case)
            return rules.of_record(code, own, at=self.now if case.filed_at else None)
        if code not in connected():
            return None
        record = self.answers.get(case.number, {}).get(code)
        consented = code in self.consents.get(case.company, ())
        return _of_registry(connected()[code], record, fact, consented=consented, now=self.now)


def known_of(cases: Iterable[Case], *, now: datetime) -> Knowledge:
    """Read what is known of the firms of these applications, in few statements."""
    firms = {case.company: case.number for case in cases}
    asked = bool(connected())
    return Knowledge(
        answers=gateway.known(list(firms.values())) if asked else {},
        consents=_consents(firms) if asked else {},
        own=_own(firms, now),
        now=now,
    )


def _questions(form: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {row["code"]: row for row in [*form.get("questions", []), *form.get("profile", [])]}


def _consents(firms: Iterable[int]) -> dict[int, Collection[str]]:
    """Return by firm the registries that its consent names."""
    given = RegistryConsent.objects.filter(company__in=list(firms), withdrawn_at=None)
    return {
        company: named_by(version)
        for company, version in given.values_list("company_id", "wording")
    }


def _of_registry(
    registry: Registry,
    record: RegistryRecord | None,
    fact: str,
    *,
    consented: bool,
    now: datetime,
) -> Evidence:
    """Return an answer that counts, or why there is none: never the same as "nothing wrong"."""
    label = registry.title
    if record is None or record.answer is None or record.valid_until is None:
        says = "조회를 기다리는 중" if consented else "동의하지 않아 조회하지 않음"
        if record is not None and record.failure:
            says = f"조회하지 못함: {record.get_failure_display()}"
        tried = record.tried_at if record else None
        return Evidence(
            evidence.REGISTRY,
            registry.code,
            label,
            says,
            at=tried,
            awaited=consented or bool(tried),
        )
    answer, reading = record.answer, reading_of(record.answer)
    told = registries_rules.told(
        answer.registry, found=answer.found, facts=answer.facts, on=korean_day(now)
    )
    says = reading.words if reading else ""
    if registries_rules.run_out(answer.facts, on=korean_day(now)):
        says += " · 증명서의 유효 기간이 지남"
    if now >= record.valid_until:
        says += " (유효 기한이 지나 다시 조회해야 함)"
    return Evidence(
        evidence.REGISTRY,
        registry.code,
        label,
        says,
        value=told.get(fact),
        at=record.confirmed_at,
        until=record.valid_until,
        reference=f"조회 {answer.pk}",
        sha256=answer.sha256,
        awaited=now >= record.valid_until,
    )


def _of_paper(code: str, papers: Sequence[Attachment]) -> Evidence:
    names = ", ".join(row.name for row in papers)
    last = papers[-1]
    return Evidence(
        evidence.PAPER,
        code,
        "제출서류",
        names,
        at=last.uploaded_at,
        reference=f"파일 {', '.join(str(row.pk) for row in papers)}",
        sha256=last.sha256,
    )


def _of_record(code: str, own: Own, case: Case) -> list[str]:
    if code == rules.BROKEN:
        return own.broken
    if code == rules.OVERDUE:
        return own.overdue
    return [
        number
        for number, application, program in own.agreements
        if program == case.sub_program and application != case.application
    ]


def _own(firms: Iterable[int], now: datetime) -> dict[int, Own]:
    """Return what the portal's own record says of these firms; those without agreements are absent."""
    found: dict[int, Own] = defaultdict(Own)
    rows = Agreement.objects.filter(company__in=list(firms)).order_by("pk")
    columns = ("pk", "company_id", "number", "state", "application_id", "application__sub_program")
    firm: dict[int, tuple[Own, str]] = {}
    for pk, company, number, state, application, program in rows.values_list(*columns):
        firm[pk] = (found[company], number)
        if state != AgreementState.ENDED:
            found[company].agreements.append((number, application, program))
    if firm:
        _add_duties(firm, now)
    return dict(found)


def _add_duties(firm: Mapping[int, tuple[Own, str]], now: datetime) -> None:
    broken = Ending.objects.filter(
        agreement__in=firm,
        state=EndingState.APPROVED,
        kind__in=[EndingKind.TERMINATE, EndingKind.CANCEL],
    )
    for ending in broken.order_by("pk"):
        own, number = firm[ending.agreement_id]
        own.broken.append(f"{number} {ending.get_kind_display()}")
    steps = PendingStep.objects.filter(
        agreement__in=firm, waits_for=WaitsFor.FIRM, done_at=None, due_at__lt=now
    )
    for step in steps.order_by("pk"):
        own, number = firm[step.agreement_id]
        own.overdue.append(f"{number} {label_of(step.step)}")
