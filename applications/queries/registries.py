"""What agencies say of firms, for the pages of the firm and of staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from applications.models import (
    Application,
    Company,
    Instalment,
    RegistryChange,
    RegistryConsent,
    Selection,
)
from applications.rules import registries as rules
from applications.states import ApplicationState, InstalmentState, SelectionState
from applications.visibility import staff_applications
from portal.models import RegistryAnswer, RegistryRecord, User
from portal.registries import gateway
from portal.registries.answers import Question
from portal.registries.declared import (
    Registry,
    connected,
    naming,
    registries,
    wording,
    wordings,
)

IDENTITY = "business_identity"
UNRELEASED = [
    SelectionState.PREPARING,
    SelectionState.PROPOSED,
    SelectionState.CONFIRMED,
    SelectionState.DECIDED,
]


@dataclass(frozen=True)
class Known:
    """One registry's word on a firm: what it said and when, or why it said nothing."""

    registry: Registry
    reading: rules.Reading | None
    record: RegistryRecord | None


def of_company(company: Company) -> list[Known]:
    """Return what every connected registry says of a firm."""
    asked = connected()
    records = gateway.known([company.business_number])[company.business_number] if asked else {}
    return [
        Known(registry, reading_of(record.answer if record else None), record)
        for registry in asked.values()
        for record in [records.get(registry.code)]
    ]


def about_bonus(company: Company, code: str) -> Known | None:
    """Return what a registry says of a firm that claims a bonus, None where none is asked."""
    registry = rules.BONUSES.get(code, "")
    return next((row for row in of_company(company) if row.registry.code == registry), None)


def summary(company: Company) -> dict[str, Any]:
    """Return what the pages of a firm show: nothing where no registry is connected."""
    if not connected():
        return {}
    consent = consent_of(company)
    return {
        "registries": of_company(company),
        "registry_consent": consent,
        "wording": wording(),
        "wording_is_wider": consent is not None and not suffices(consent),
    }


def reading_of(answer: RegistryAnswer | None) -> rules.Reading | None:
    """Return an answer in words, None when there is none."""
    if answer is None:
        return None
    return rules.read(answer.registry, found=answer.found, facts=answer.facts)


def in_words(record: RegistryRecord) -> str:
    """Return registry and answer, such as "국세청 국세 납세증명: 체납 없음"."""
    reading = reading_of(record.answer)
    return f"{registries()[record.registry].title}: {reading.words if reading else '답 없음'}"


def consent_of(company: Company) -> RegistryConsent | None:
    """Return the consent that is in force."""
    return company.registry_consents.filter(withdrawn_at=None).select_related("given_by").first()


def suffices(consent: RegistryConsent) -> bool:
    """Return whether the wording that was consented to names every connected registry."""
    known = wordings().get(consent.wording)
    return known is not None and set(connected()) <= set(known.registries)


def consenting(registry: Registry | None = None) -> QuerySet[Company]:
    """Return the firms that the portal may ask about at all, or at one registry.

    What counts is the wording that a firm consented to: it is asked about only where that names the
    registry.
    """
    given = RegistryConsent.objects.filter(company=OuterRef("pk"), withdrawn_at=None)
    if registry is not None:
        given = given.filter(wording__in=naming(registry.code))
    return Company.objects.filter(Exists(given))


def askable(registry: Registry, companies: QuerySet[Company]) -> QuerySet[Company]:
    """Return the firms of which the portal knows what the registry compares."""
    if registry.code == IDENTITY:
        return companies.exclude(representative="").exclude(founded_on=None)
    return companies


def questions(registry: Registry, companies: QuerySet[Company]) -> list[Question]:
    """Return a question about each firm that can be asked about, in the order of the firms."""
    rows = askable(registry, companies)
    if registry.code != IDENTITY:
        return [Question(number) for number in rows.values_list("business_number", flat=True)]
    return [
        Question(number, {"representative": name, "opened_on": f"{day:%Y%m%d}"})
        for number, name, day in rows.values_list("business_number", "representative", "founded_on")
    ]


def still(registry: Registry, batch: Sequence[Question]) -> list[Question]:
    """Return the questions about firms whose consent to this registry is in force at this moment."""
    numbers = [question.subject for question in batch]
    firms = Company.objects.filter(business_number__in=numbers)
    of_firm = dict(firms.values_list("pk", "business_number"))
    # By the keys of the firms: joined, all consents may be read for a hundred of them.
    given = RegistryConsent.objects.filter(company__in=list(of_firm), withdrawn_at=None)
    named = given.filter(wording__in=naming(registry.code)).values_list("company", flat=True)
    allowed = {of_firm[pk] for pk in named}
    return [question for question in batch if question.subject in allowed]


def confirmed_since(companies: QuerySet[Company], registry: Registry) -> QuerySet[Company]:
    """Return the firms with `tried` and `confirmed`, the last instants of this registry."""
    record = RegistryRecord.objects.filter(
        registry=registry.code, subject=OuterRef("business_number")
    )
    return companies.annotate(
        tried=Subquery(record.values("tried_at")[:1]),
        failure=Subquery(record.values("failure")[:1]),
        confirmed=Subquery(record.values("confirmed_at")[:1]),
        until=Subquery(record.values("valid_until")[:1]),
    )


def due(
    registry: Registry,
    *,
    since: datetime,
    failed_before: datetime,
    older_than: datetime,
    now: datetime,
) -> QuerySet[Company]:
    """Return the firms to ask about now.

    Those that were never asked about, that filed (after `since`) or changed their profile after they
    were, those that were not answered when they were asked about before `failed_before`, those whose
    answer is `older_than` this while a decision or a payment waits, and those whose answer has run out
    while they write (after `since`) a draft that it may spare a paper.
    """
    writing = Application.objects.filter(
        company=OuterRef("pk"), state=ApplicationState.DRAFT, updated_at__gt=since
    )
    filed = Application.objects.filter(company=OuterRef("pk"), submitted_at__gt=since)
    latest = Subquery(filed.order_by("-submitted_at").values("submitted_at")[:1])
    firms = confirmed_since(askable(registry, consenting(registry)), registry).annotate(
        filed=latest
    )
    new = Q(tried=None) | Q(filed__gt=F("tried"))
    if registry.code == IDENTITY:
        new |= Q(updated_at__gt=F("tried"))
    again = Q(tried__lt=failed_before) & ~Q(failure="")
    old = Q(confirmed=None) | Q(confirmed__lt=older_than)
    run_out = Q(until__lt=now) & Exists(writing)
    waits = old & awaiting() | run_out
    return firms.filter(new | again | (waits & Q(tried__lt=failed_before)))


def awaiting() -> Q:
    """Return the condition on firms for which a decision or a payment waits."""
    open_ = Selection.objects.filter(state__in=UNRELEASED).order_by()
    judged = Application.objects.filter(
        state__in=[ApplicationState.ASSESSING, ApplicationState.DECIDED],
        sub_program__in=open_.values("sub_program"),
    )
    asked_for = Instalment.objects.filter(state=InstalmentState.REQUESTED).order_by()
    return Q(pk__in=judged.order_by().values("company")) | Q(
        pk__in=asked_for.values("agreement__company")
    )


def changes_for(user: User) -> QuerySet[RegistryChange]:
    """Return the changed answers about firms that filed with the member of staff's sub-programmes.

    Each with `company_name`.
    """
    filed = staff_applications(user).order_by()
    concerned = filed.filter(company__business_number=OuterRef("subject"))
    name = Company.objects.filter(business_number=OuterRef("subject")).values("name")
    rows = RegistryChange.objects.filter(Exists(concerned), changed=True)
    return rows.annotate(company_name=Subquery(name[:1]))


def company_of(answer: RegistryChange) -> Company:
    """Return the firm that an answer is about. Raises Company.DoesNotExist."""
    return Company.objects.get(business_number=answer.subject)


def applications_about(answer: RegistryChange, user: User) -> QuerySet[Application]:
    """Return the firm's applications that the member of staff may see, the newest first."""
    rows = staff_applications(user).filter(company__business_number=answer.subject)
    return rows.select_related("company", "sub_program").order_by("-pk")
