"""One application: its progress, documents and files, and the state of a job."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from applications.models import Agreement, Application, Attachment, IssuedDocument, Partner
from applications.queries import evidence, inquiries
from applications.queries.agreement import pending_steps
from applications.queries.application import Step, open_supplement, read_progress, timeline
from applications.queries.intake import copying, drafting, partners
from applications.queries.objection import exclusion_of, objection_summary
from applications.rules.evidence import Shown, counted
from applications.services import documents as documents_services
from applications.services.inquiries import WITHOUT_THREAD
from applications.states import ApplicationMoves, ApplicationState
from applications.views.application.overview import released_outcomes, summary
from applications.views.intake.steps import findings_by_step, located, url_of
from applications.visibility import (
    WRITERS,
    Firms,
    attachments_of,
    contracts_of,
    documents_of,
    find,
)
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.jobs import queue
from portal.models import Job
from portal.templatetags.dates import due, kdate
from portal.uploads import files
from programs.queries import kept
from programs.rules.evidence import DIFFERS

INVITATION_BADGES = {
    "sent": ("요청 보냄", "info"),
    "seen": ("요청 확인함", "info"),
    "pending": ("수락한 기업 확인 필요", "warning"),
    "accepted": ("참여 수락", "success"),
    "refused": ("참여 거절", "danger"),
    "expired": ("응답 기한 지남", "warning"),
}


@signed_in
@require_safe
def application_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    at = now()
    found = find(request.user, pk)
    if found is None:
        raise Http404
    application, firms = found
    page = draft_page if application.state == ApplicationState.DRAFT else filed_page
    context = page(application, firms, at)
    role = firms.roles.get(application.company_id)
    if firms.answers(application) and application.state not in WITHOUT_THREAD:
        context["inquiries_waiting"] = inquiries.waiting_for_firm(application)
    overview = summary(application, released_outcomes([application]).get(application.pk))
    context |= {
        "application": application,
        "label": overview.label,
        "tone": overview.tone,
        "draft": overview.draft,
        "deadline": overview.deadline,
        "url": overview.url,
        "now": at,
        "role": role,
        "writes": role in WRITERS,
        "withdraws": role == "owner" and application.state in ApplicationMoves.WITHDRAW.source,
    }
    return render(request, "applications/application/detail.html", context)


def draft_page(application: Application, firms: Firms, at: datetime) -> dict[str, Any]:
    """Return what is missing from a draft and who takes part."""
    dossier = drafting.load(application, refetch=False)
    findings = located(dossier, drafting.missing(dossier, now=at))
    first = (row.url for row in findings if row.blocking)
    return {
        "missing": findings_by_step(application, findings),
        "blocking": sum(row.blocking for row in findings),
        "next_url": next(first, url_of(application, "review")),
        "partners": with_answers(partner_rows(application, dossier.partners, at), firms),
    }


def filed_page(application: Application, firms: Firms, at: datetime) -> dict[str, Any]:
    """Return how far an application is, with its files and documents."""
    catalogue = kept.catalogue()
    found = read_progress(application, catalogue)
    own = application.company_id in firms.roles
    return {
        "steps": [step_row(step) for step in timeline(application)],
        "partners": with_answers(partner_rows(application, found["partners"], at), firms),
        "pledged": own and any(row.terms and row.terms.signed for row in found["partners"]),
        "attachments": attachment_rows(application, found["attachments"]),
        "documents": document_rows(firms, application),
        "again": firms.roles.get(application.company_id) in WRITERS
        and copying.is_offered(application, catalogue, now=at),
        "supplement": open_supplement(application),
        "exclusion": exclusion_of(application) if own else None,
        "contest": objection_summary(application, at) if own and contestable(found) else None,
        **agreement_part(firms, found["agreement"], at),
        **(evidence_rows(evidence.kept_of(found["filed"], found["checks"])) if own else {}),
    }


def evidence_rows(rows: Sequence[Shown]) -> dict[str, Any]:
    """Return the facts with their sources, counted by how far they are confirmed."""
    differs = any(row.standing == DIFFERS for row in rows)
    return {"evidence": rows, "evidence_counts": counted(rows), "evidence_differs": differs}


def contestable(found: Mapping[str, list[Any]]) -> bool:
    """Return whether there is anything to object to, or was."""
    return any(found[name] for name in ("decisions", "exclusions", "objections"))


def agreement_part(firms: Firms, agreements: Sequence[Agreement], at: datetime) -> dict[str, Any]:
    """Return the agreement's pending steps for those who may open it, and whether it delivers."""
    agreement = next(iter(agreements), None)
    if agreement is None:
        return {"agreement": None}
    delivers = agreement.deliverables.exists()
    if not contracts_of(firms).filter(pk=agreement.pk).exists():
        return {"agreement": None, "delivers": delivers}
    steps = pending_steps(agreement, now=at)
    return {"agreement": agreement, "agreement_steps": steps, "delivers": delivers}


def step_row(step: Step) -> dict[str, Any]:
    note = step.note
    if step.due and note:
        note = f"{note} · {due(step.due)}까지"
    elif step.due:
        note = f"{kdate(step.due)}까지 마칠 예정입니다."
    return {"label": step.label, "state": step.state, "who": step.who, "at": step.at, "note": note}


def partner_rows(
    application: Application, present: Iterable[Partner], at: datetime
) -> list[dict[str, Any]]:
    labels = {row["role"]: row["label"] for row in application.sub_program.partner_roles}
    rows = []
    for partner in present:
        label, tone = INVITATION_BADGES[partners.invitation_status(partner, now=at)]
        rows.append(
            {
                "partner": partner,
                "role": labels.get(partner.role, partner.role),
                "label": label,
                "tone": tone,
                "until": partners.expires_at(partner) if partner.state == "invited" else None,
            }
        )
    return rows


def with_answers(rows: list[dict[str, Any]], firms: Firms) -> list[dict[str, Any]]:
    """Flag (`answers`) the partners whose terms this person may answer."""
    for row in rows:
        partner = row["partner"]
        row["answers"] = partner.terms_id is not None and firms.answers_for(partner)
    return rows


def attachment_rows(application: Application, files: Iterable[Attachment]) -> list[dict[str, Any]]:
    labels = {row.code: row.label for row in application.sub_program.documents.all()}
    return [{"file": row, "label": labels.get(row.requirement, row.requirement)} for row in files]


def document_rows(firms: Firms, application: Application) -> list[IssuedDocument]:
    """Return the issued PDFs that the person may download, the latest of each kind."""
    rows = documents_of(firms).filter(application=application).order_by("pk")
    return list({row.kind: row for row in rows}.values())


@signed_in
@require_safe
def attachment_download(request: SignedInRequest, pk: int) -> HttpResponseBase:
    attachment = get_object_or_404(attachments_of(request.user), pk=pk)
    return files.serve(
        attachment.file,
        filename=attachment.name,
        content_type=attachment.content_type,
        reader=request.user,
    )


@signed_in
@require_safe
def job_status(request: SignedInRequest, pk: int) -> JsonResponse:
    """Return the progress of a job of one's own, or of a PDF that one may download."""
    job = get_object_or_404(Job, pk=pk)
    own = job.requested_by_id == request.user.pk
    document = job.args.get("document") if job.kind == documents_services.JOB else None
    if not own and not (document and documents_of(request.user).filter(pk=document).exists()):
        raise Http404
    return JsonResponse(queue.status(job))
