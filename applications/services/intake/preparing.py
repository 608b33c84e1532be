"""What filing a draft would freeze, made before anybody presses submit and stored as it was shown.

It is made when it is shown, not at every save: it can only be filed by the hash that a review gave,
and a draft is saved dozens of times for each time that it is reviewed.

In PostgreSQL every version of a row has another `xmin` and `ctid`. Their hash over all rows that a
content is made from tells in one statement, however the rows were changed, whether it is still what
would be made now. Other databases have no such columns; there it is made again at filing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from applications.models import (
    Application,
    Attachment,
    Company,
    FormVersion,
    Partner,
    PreparedFiling,
)
from applications.queries import evidence
from applications.queries.intake import drafting
from applications.queries.intake.drafting import Dossier
from applications.queries.intake.partners import expires_at
from applications.queries.intake.questions import ProgramForm
from applications.queries.registries import in_words
from applications.rules.evidence import Sourced, frozen
from applications.services.assessment import conflicts
from applications.states import ApplicationState, PartnerState
from portal.core.dates import end_of_day, korean_day
from portal.records import snapshot
from programs.queries import kept
from programs.rules import industries

KEPT = 10  # contents of one draft, the last shown ones


def _versions(*tables: str) -> str:
    names = ", ".join(f"{name}.xmin, {name}.ctid" for name in tables)
    return f"string_agg(concat_ws(',', {names}), ';' ORDER BY {tables[0]}.id)"


# Of accounts only what is frozen counts: their rows change at every sign-in.
BASIS = f"""
md5(ROW(
    draft.version, draft.track_id, company.xmin, company.ctid, site.xmin, site.ctid,
    (SELECT {_versions("part")} FROM applications_section AS part
     WHERE part.application_id = draft.id),
    (SELECT {_versions("part")} FROM applications_attachment AS part
     WHERE part.application_id = draft.id),
    (SELECT {_versions("part")} FROM applications_consent AS part
     WHERE part.application_id = draft.id),
    (SELECT {_versions("partner", "terms", "firm")} FROM applications_partner AS partner
     LEFT JOIN applications_partnerterms AS terms ON terms.id = partner.terms_id
     LEFT JOIN applications_company AS firm ON firm.id = partner.company_id
     WHERE partner.application_id = draft.id),
    (SELECT string_agg(concat_ws(',', member.id, account.id, account.email, account.phone), ';'
                       ORDER BY member.id)
     FROM applications_member AS member JOIN portal_user AS account ON account.id = member.user_id
     WHERE member.company_id = draft.company_id OR member.company_id IN (
         SELECT partner.company_id FROM applications_partner AS partner
         WHERE partner.application_id = draft.id)),
    (SELECT string_agg(concat_ws(',', record.xmin, record.ctid), ';' ORDER BY record.id)
     FROM portal_registryrecord AS record WHERE record.subject = company.business_number),
    (SELECT string_agg(concat_ws(',', given.xmin, given.ctid), ';' ORDER BY given.id)
     FROM applications_registryconsent AS given WHERE given.company_id = company.id),
    (SELECT string_agg(concat_ws(',', deal.xmin, deal.ctid, step.xmin, step.ctid), ';'
                       ORDER BY deal.id, step.id)
     FROM applications_agreement AS deal
     LEFT JOIN applications_pendingstep AS step ON step.agreement_id = deal.id
     WHERE deal.company_id = company.id),
    (SELECT string_agg(token, ',' ORDER BY id) FROM programs_cataloguerevision)
)::text)
"""  # noqa: S608 - names of columns only
ROWS = """
applications_application AS draft
JOIN applications_company AS company ON company.id = draft.company_id
JOIN applications_site AS site ON site.id = draft.site_id
"""
BASIS_SQL = f"SELECT {BASIS} FROM {ROWS} WHERE draft.id = %s"  # noqa: S608
STORED_SQL = f"""
SELECT prepared.*, {BASIS} AS basis_now,
    (SELECT array_agg(token ORDER BY id) FROM programs_cataloguerevision) AS revision
FROM {ROWS} JOIN applications_preparedfiling AS prepared ON prepared.application_id = draft.id
WHERE draft.id = %s AND prepared.sha256 = %s AND draft.state = 'draft'
"""  # noqa: S608


def prepare(application: Application, *, now: datetime) -> PreparedFiling:
    """Prepare a draft as it is now and store it; return the row whose `sha256` a person confirms."""
    return review(application, now=now)[1]


def review(application: Application, *, now: datetime) -> tuple[Dossier, PreparedFiling]:
    """Read a draft, prepare it and store that, unless the same is stored already; return both."""
    basis = _basis(application)  # read before the rows: a change in between is noticed at filing
    dossier = drafting.load(application)
    made = of(dossier, basis=basis, now=now)
    known = shown(application, made.sha256)
    if known is not None and _same(known, made):
        return dossier, known
    with transaction.atomic():
        keep_form(dossier.form)
        PreparedFiling.objects.bulk_create(
            [made],
            update_conflicts=True,
            unique_fields=["application", "sha256"],
            update_fields=[
                "version", "basis", "valid_from", "valid_until", "complete", "claims", "parties",
                "evidence", "shown_at",
            ],
        )  # fmt: skip
        rows = PreparedFiling.objects.filter(application=application)
        older = rows.order_by("-shown_at", "-pk")[KEPT:]
        rows.filter(pk__in=older.values("pk")).delete()
    return dossier, made


def shown(application: Application, sha256: str) -> PreparedFiling | None:
    """Return the content that somebody was shown under this hash; None when it is not kept."""
    return PreparedFiling.objects.filter(application=application, sha256=sha256).first()


@dataclass(frozen=True)
class Stored:
    """What was shown, the basis of what would be made now, and the revision of the catalogue."""

    row: PreparedFiling
    basis: str
    revision: kept.Revision

    def holds(self, now: datetime) -> bool:
        """Return whether the same would be made at this instant."""
        same = self.row.basis == self.basis
        return same and self.row.valid_from <= now < self.row.valid_until


def stored(application: Application, sha256: str) -> Stored | None:
    """Return what was shown under this hash, with what tells whether it is still the same.

    None as well in databases where only making it again can tell.
    """
    if connection.vendor != "postgresql":
        return None
    for row in PreparedFiling.objects.raw(STORED_SQL, [application.pk, sha256]):
        read = vars(row)  # with the columns that are no fields
        return Stored(row, read["basis_now"], tuple(read["revision"]))
    return None


def of(dossier: Dossier, *, now: datetime, basis: str = "") -> PreparedFiling:
    """Return, not stored, what filing would freeze of a draft that has been read."""
    content, facts = _content(dossier, now=now), evidence.of_draft(dossier, now=now)
    valid_from, valid_until = _validity(dossier, facts, now)
    return PreparedFiling(
        application=dossier.application,
        sha256=snapshot.sha256_of_plain(content),
        version=dossier.version,
        basis=basis,
        valid_from=valid_from,
        valid_until=valid_until,
        complete=not any(row.blocking for row in drafting.missing(dossier, now=now)),
        form_id=content["form_sha256"],
        content=content,
        claims=_claims(dossier, content),
        parties=conflicts.parties_of(dossier.application, dossier.partners),
        evidence=frozen(facts),
        shown_at=now,
    )


def keep_form(form: ProgramForm) -> None:
    """Store the version of the form, once."""
    if not FormVersion.objects.filter(pk=form.sha256).exists():
        FormVersion.objects.get_or_create(sha256=form.sha256, defaults={"content": form.content})


def sweep(now: datetime) -> None:
    """Delete what was prepared for drafts that are filed or withdrawn."""
    rows = PreparedFiling.objects.exclude(application__state=ApplicationState.DRAFT)
    rows.delete()


def _same(known: PreparedFiling, made: PreparedFiling) -> bool:
    names = (
        "version", "basis", "complete", "claims", "parties", "evidence", "valid_from", "valid_until",
    )  # fmt: skip
    return all(getattr(known, name) == getattr(made, name) for name in names)


def _basis(application: Application) -> str:
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute(BASIS_SQL, [application.pk])
        found = cursor.fetchone()
    return found[0] if found else ""


def _validity(
    dossier: Dossier, facts: Iterable[Sourced], now: datetime
) -> tuple[datetime, datetime]:
    """Return from when and until when the judgement at `now` holds.

    Conditions are judged by the day in KST, an invitation and an answer count until they expire.
    """
    today = korean_day(now)
    turns = [end_of_day(today - timedelta(days=1)), end_of_day(today)]
    turns += [expires_at(row) for row in dossier.partners if row.state == PartnerState.INVITED]
    turns += [row.until for fact in facts for row in fact.evidence if row.until is not None]
    turns += [row.valid_until for row in dossier.records.values() if row.valid_until is not None]
    return max(turn for turn in turns if turn <= now), min(turn for turn in turns if turn > now)


def _content(dossier: Dossier, *, now: datetime) -> dict[str, Any]:
    application, program = dossier.application, dossier.sub_program
    track = application.track
    company, site, grant = application.company, application.site, drafting.preview(dossier)
    verdict = drafting.verdict(dossier, now)
    return snapshot.to_plain(  # type: ignore[return-value]
        {
            "program": {"round": program.round.code, "code": program.code, "name": program.name},
            "track": {"code": track.code, "name": track.name} if track else None,
            "form_sha256": dossier.form.sha256,
            "company": {
                "business_number": company.business_number,
                "name": company.name,
                "representative": company.representative,
                "address": company.address,
                "phone": company.phone,
            },
            "site": {"name": site.name, "region": site.region, "address": site.address},
            "profile": dossier.reviewed_profile.values,
            "answers": dossier.reviewed.values,
            "facts": dossier.facts,
            "cost": dossier.sections.get("cost", {}),
            "partners": [_partner(row, row.company) for row in dossier.partners if row.company],
            "shares": _shares(dossier),
            "attachments": [
                {"requirement": row.requirement, "name": row.name, "size": row.size}
                | {"sha256": row.sha256}
                | _days(row)
                for row in dossier.attachments
            ],
            **_told(dossier, now),
            "consents": [
                {"code": row.code, "version": row.wording, "given": row.given, "at": row.at}
                for row in dossier.consents
            ],
            "eligibility": {
                "eligible": verdict.eligible,
                "findings": [[row.code, row.message, row.blocking] for row in verdict.findings],
            },
            "preview": {
                "total_cost_won": dossier.total_cost_won,
                "support_won": grant.support_won if grant else None,
                "own_won": grant.own_won if grant else None,
                "rows": [[row.label, row.won, row.reason] for row in grant.rows] if grant else [],
            },
        }
    )


def _told(dossier: Dossier, now: datetime) -> dict[str, Any]:
    """Return the answers of agencies that stand for papers; nothing where all of them are attached."""
    attached = {row.requirement for row in dossier.attachments}
    rows = [
        {
            "requirement": code,
            "registry": record.registry,
            "answer": record.answer_id,
            "says": in_words(record),
            "at": record.confirmed_at,
        }
        for code, records in drafting.told_papers(dossier, now=now).items()
        if code not in attached
        for record in records
    ]
    return {"told": rows} if rows else {}


def _days(row: Attachment) -> dict[str, Any]:
    if row.issued_on is None:
        return {}
    return {"issued_on": row.issued_on, "valid_until": row.valid_until}


def _partner(row: Partner, company: Company) -> dict[str, Any]:
    return {
        "role": row.role,
        "company_name": company.name,
        "business_number": company.business_number,
        "state": row.state,
        "answered_at": row.answered_at,
        "terms": {
            "part": row.terms.part,
            "share_won": row.terms.share_won,
            "quote_won": row.terms.quote_won,
            "confirmed_at": row.terms.answered_at,
            **({"signed": True} if row.terms.signed else {}),
        }
        if row.terms
        else None,
    }


def _shares(dossier: Dossier) -> dict[str, int] | None:
    shares = drafting.cost_shares(dossier)
    if shares is None:
        return None
    return {
        "own_won": shares.own_won,
        "applicant_won": shares.applicant_won,
        "partners_won": shares.own_won - shares.applicant_won,
    }


def _claims(dossier: Dossier, content: dict[str, Any]) -> list[dict[str, Any]]:
    answers, industry = content["answers"], content["profile"].get("industry_code", "")
    return [
        {
            "code": item["code"],
            "label": item["label"],
            "claim": str(answers[item["question"]]),
            "points": item["points"],
            "hinted": industries.starts_like(industry, item["industry_hints"]),
        }
        for item in dossier.bonus_items
        if answers.get(item["question"])
    ]
