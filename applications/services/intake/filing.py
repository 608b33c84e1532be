"""Filing and withdrawal: exactly once, by the database clock, with everything frozen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from applications.models import (
    Application,
    BonusClaim,
    Company,
    FormVersion,
    LateGrant,
    Objection,
    Partner,
    Submission,
)
from applications.queries.intake import drafting
from applications.queries.intake.drafting import Dossier
from applications.services import documents
from applications.services.intake import late_filing
from applications.services.selection import proposals
from applications.states import ApplicationMoves, ApplicationState, ObjectionState
from portal.core.errors import Closed, MoveNotAllowed, RuleBroken, StaleVersion
from portal.models import User
from portal.notices import outbox
from portal.records import incidents, snapshot
from portal.records.workflow import move
from programs.models import SubProgram
from programs.queries import rounds as rounds_queries

ATTEMPTS = 3
KSIC_SECTIONS = "ABCDEFGHIJKLMNOPQRSTU"  # KSIC writes C21, firms write 21300


@dataclass(frozen=True)
class Prepared:
    """Everything that filing writes, computed before its transaction."""

    dossier: Dossier
    late_grant: LateGrant | None
    number: str
    content: dict[str, Any]
    sha256: str


def check_open(sub_program: SubProgram, *, now: datetime) -> None:
    """Raise Closed with the deadline when nothing can be filed at `now`; count the refusal.

    At the closing instant itself it is closed (A12). Rolling intake ends when the pot is
    empty (A06); the pot is read, not locked.
    """
    finding = rounds_queries.refusal(sub_program, now)
    if finding is not None:
        incidents.record(f"{sub_program.round.code}/{sub_program.code}", incidents.CLOSED)
        raise Closed(finding.message, code=finding.code)


def submit(application: Application, *, by: User, now: datetime, fresh: bool = False) -> Submission:
    """File the draft exactly once, in one short transaction on prepared data.

    `now` is the arrival of the request; it alone decides whether it was in time. A repeated or
    simultaneous request gets the same submission. The caller has checked that `by` may write for
    the company, and passes `fresh=True` when it has just read the row `with_related`. Raises Closed,
    RuleBroken with everything that is missing, MoveNotAllowed for a withdrawn draft, and
    StaleVersion when the draft keeps changing meanwhile.
    """
    for attempt in range(ATTEMPTS):
        dossier = drafting.load(application, refetch=attempt > 0 or not fresh)
        if dossier.application.state != ApplicationState.DRAFT:
            break
        prepared = _prepare(dossier, now=now)
        try:
            return _file(prepared, by=by, now=now)
        except (MoveNotAllowed, IntegrityError):
            continue  # filed by somebody else, or changed since it was loaded
    filed = Submission.objects.filter(application=application).first()
    if filed is not None:
        return filed
    if not Application.objects.filter(pk=application.pk, state=ApplicationState.DRAFT).exists():
        raise MoveNotAllowed("취하한 신청은 제출할 수 없습니다.")
    raise StaleVersion("다른 사람이 신청서를 고치고 있습니다. 내용을 확인하고 다시 제출하세요.")


def withdraw(application: Application, *, by: User, now: datetime, note: str) -> None:
    """Withdraw the application; its site may apply again. Raises MoveNotAllowed.

    Between a decision and its release the money set aside for it returns to the pot.
    """
    if Objection.objects.filter(application=application, state=ObjectionState.UPHELD).exists():
        raise MoveNotAllowed(
            "이의신청 재평가 중에는 취하할 수 없습니다. 결과가 나온 뒤 포기하세요."
        )
    with transaction.atomic():
        if application.state == ApplicationState.DECIDED:
            proposals.return_reservation(application, by=by, now=now, note=note)
        move(application, ApplicationMoves.WITHDRAW, by=by, now=now, note=note, owner=True)


def number_of(application: Application) -> str:
    """Return the receipt number, such as 2021-구축-1차-000123; unique without a shared counter."""
    program = application.sub_program
    return f"{program.round.year}-{program.short}-{program.round.sequence}차-{application.pk:06d}"


def _prepare(dossier: Dossier, *, now: datetime) -> Prepared:
    late_grant = None
    if rounds_queries.refusal(dossier.sub_program, now) is not None:
        late_grant = late_filing.usable_grant(dossier.application, now)
    if late_grant is None:
        check_open(dossier.sub_program, now=now)
    blocking = [row for row in drafting.missing(dossier, now=now) if row.blocking]
    if blocking:
        raise RuleBroken(blocking, message="아직 빠졌거나 고쳐야 할 항목이 있습니다.")
    number = number_of(dossier.application)
    content = _content(dossier, number=number, form_sha256=dossier.form.sha256, now=now)
    return Prepared(dossier, late_grant, number, content, snapshot.sha256_of_plain(content))


def _content(dossier: Dossier, *, number: str, form_sha256: str, now: datetime) -> dict[str, Any]:
    application, program = dossier.application, dossier.sub_program
    track = application.track
    company, site, grant = application.company, application.site, drafting.preview(dossier)
    verdict = drafting.verdict(dossier, now)
    return snapshot.to_plain(  # type: ignore[return-value]
        {
            "number": number,
            "submitted_at": now,
            "version": dossier.version,
            "program": {"round": program.round.code, "code": program.code, "name": program.name},
            "track": {"code": track.code, "name": track.name} if track else None,
            "form_sha256": form_sha256,
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
                for row in dossier.attachments
            ],
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


@transaction.atomic
def _file(prepared: Prepared, *, by: User, now: datetime) -> Submission:
    application = prepared.dossier.application
    move(
        application,
        ApplicationMoves.SUBMIT,
        by=by,
        now=now,
        owner=True,
        where={"version": prepared.dossier.version},
        changes={
            "submitted_at": now,
            "number": prepared.number,
            "region": prepared.content["site"]["region"]
            or prepared.content["profile"].get("region")
            or "",
            "size": prepared.content["profile"].get("company_size") or "",
        },
    )
    if prepared.late_grant is not None:
        late_filing.use(prepared.late_grant, application, now=now)
    form_sha256 = prepared.content["form_sha256"]
    if not FormVersion.objects.filter(pk=form_sha256).exists():
        FormVersion.objects.get_or_create(
            sha256=form_sha256, defaults={"content": prepared.dossier.form.content}
        )
    preview = prepared.content["preview"]
    filed = Submission.objects.create(
        application=application,
        number=prepared.number,
        submitted_at=now,
        submitted_by=by,
        form_id=form_sha256,
        content=prepared.content,
        sha256=prepared.sha256,
        total_cost_won=preview["total_cost_won"],
        support_won=preview["support_won"],
        own_won=preview["own_won"],
    )
    BonusClaim.objects.bulk_create(_claims(prepared))
    documents.request_receipt(application, now=now)
    outbox.write(
        "applications/receipt",
        to_email=by.email,
        user=by,
        key=f"receipt:{application.pk}",
        new=True,
        now=now,
        filed=filed,
    )
    return filed


def _claims(prepared: Prepared) -> list[BonusClaim]:
    answers, industry = (
        prepared.content["answers"],
        prepared.content["profile"].get("industry_code", ""),
    )
    return [
        BonusClaim(
            application=prepared.dossier.application,
            code=item["code"],
            label=item["label"],
            claim=str(answers[item["question"]]),
            points=item["points"],
            hinted=any(
                industry.startswith(code.lstrip(KSIC_SECTIONS)) for code in item["industry_hints"]
            ),
        )
        for item in prepared.dossier.bonus_items
        if answers.get(item["question"])
    ]
