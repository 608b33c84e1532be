"""What an assessor may read of an application: everything that was filed, or the masked part.

In a blind stage nothing identifies the applicant. Pages, tables and PDFs all use this module.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from applications.models import Application, Member, ScoreSheet, Submission
from applications.rules.assessment.opinions import CONTACTS, FORMS_OF_FIRMS
from applications.states import PartnerState
from portal.core.validators import format_business_number

HIDDEN = "(가림)"
ANONYMOUS = "비공개(블라인드 심사)"
SHORTEST = 2  # shorter words would mask parts of ordinary text
KEPT_PROFILE = ("company_size", "employees", "industry_code")


@dataclass(frozen=True)
class Readable:
    """An application as its assessor reads it; `filed` is an unsaved copy, masked if blind."""

    label: str
    applicant: str
    blind: bool
    filed: Submission
    partners: tuple[tuple[str, str], ...]
    papers: tuple[dict[str, Any], ...]  # attachments; without name and key if blind


def label_of(sheet: ScoreSheet) -> str:
    """Return the sheet's label for the assessor: the application's number, neutral if blind."""
    application = sheet.application
    if application.sub_program.blind:
        return f"{application.sub_program.short} 평가표 {sheet.pk}"
    return application.number or ""


def applicant_of(sheet: ScoreSheet) -> str:
    application = sheet.application
    return ANONYMOUS if application.sub_program.blind else application.company.name


def readable(sheet: ScoreSheet) -> Readable:
    """Return the filed application as the assessor of the sheet may read it."""
    application = sheet.application
    filed = application.submission
    if not application.sub_program.blind:
        content, partners = filed.content, partners_of(application)
    else:
        content, partners = _masked(filed.content, _secrets(application)), ()
    shown = Submission(application=application, number=filed.number, form=filed.form)
    shown.content, shown.submitted_at = content, filed.submitted_at
    return Readable(
        label=label_of(sheet),
        applicant=applicant_of(sheet),
        blind=application.sub_program.blind,
        filed=shown,
        partners=partners,
        papers=tuple(_papers(application)),
    )


def masked(application: Application, words: str) -> str:
    """Return a text without what identifies the applicant, as a blind stage shows it."""
    cleaned: str = _cleaned(words, _secrets(application))
    return cleaned


def partners_of(application: Application) -> tuple[tuple[str, str], ...]:
    """Return role and name of each firm that takes part beside the applicant."""
    labels = {row["role"]: row["label"] for row in application.sub_program.partner_roles}
    rows = application.partners.filter(state=PartnerState.ACCEPTED).select_related("company")
    return tuple(
        (labels.get(row.role, row.role), row.company.name if row.company else row.company_name)
        for row in rows.order_by("pk")
    )


def _papers(application: Application) -> Iterable[dict[str, Any]]:
    labels = {
        row["code"]: row["label"]
        for row in application.submission.form.content.get("documents", [])
    }
    blind = application.sub_program.blind
    for row in application.attachments.filter(removed_at=None).order_by("pk"):
        label = labels.get(row.requirement, row.requirement)
        yield {
            "label": label,
            "pk": None if blind else row.pk,
            "name": "" if blind else row.name,
            "size": row.size,
        }


def _masked(content: Mapping[str, Any], secrets: re.Pattern[str]) -> dict[str, Any]:
    kept = {
        name: content[name] for name in ("track", "cost", "preview", "facts") if name in content
    }
    profile = {
        name: value for name, value in content.get("profile", {}).items() if name in KEPT_PROFILE
    }
    return {**kept, "profile": profile, "answers": _cleaned(content.get("answers", {}), secrets)}


def _cleaned(value: Any, secrets: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return CONTACTS.sub(HIDDEN, secrets.sub(HIDDEN, value))
    if isinstance(value, dict):
        return {name: _cleaned(part, secrets) for name, part in value.items()}
    if isinstance(value, list):
        return [_cleaned(part, secrets) for part in value]
    return value


def _secrets(application: Application) -> re.Pattern[str]:
    firms = [application.company]
    words: list[str] = [application.site.name, application.site.address]
    for row in application.partners.select_related("company"):
        words += [row.company_name, row.email]
        firms += [row.company] if row.company else []
    frozen = application.submission.content
    company, site = frozen.get("company", {}), frozen.get("site", {})
    words += [company.get(name, "") for name in ("name", "representative", "address", "phone")]
    words += [company.get("business_number", ""), site.get("name", ""), site.get("address", "")]
    for firm in firms:
        words += [firm.name, firm.representative, firm.address, firm.phone, firm.business_number]
        words.append(format_business_number(firm.business_number))
    members = Member.objects.filter(company__in=[firm.pk for firm in firms])
    for member in members.select_related("user"):
        words += [member.user.name, member.user.email, member.user.phone]
    words += list(application.attachments.values_list("name", flat=True))
    words += [FORMS_OF_FIRMS.sub("", word).strip() for word in words]
    found = sorted({word for word in words if len(word) >= SHORTEST}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, found)) or r"(?!)", re.IGNORECASE)
