"""One application: its progress, documents and files, and the state of a job."""

from datetime import datetime
from typing import Any

from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from applications.models import Application, Deliverable, IssuedDocument
from applications.queries.agreement import pending_steps
from applications.queries.application import Step, timeline
from applications.queries.intake import drafting, partners
from applications.queries.objection import objection_summary
from applications.services import documents as documents_services
from applications.states import ApplicationMoves
from applications.views.application.overview import summary, with_parts
from applications.views.intake.steps import findings_by_step, located, url_of
from applications.visibility import (
    WRITERS,
    applications_of,
    attachments_of,
    contracts_of,
    documents_of,
    partnerships_of,
    role_in,
)
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.jobs import queue
from portal.models import Job, User
from portal.templatetags.dates import due, kdate
from portal.uploads import files

INVITATION_BADGES = {
    "sent": ("요청 보냄", "info"),
    "seen": ("요청 확인함", "info"),
    "accepted": ("참여 수락", "success"),
    "refused": ("참여 거절", "danger"),
    "expired": ("응답 기한 지남", "warning"),
}


@signed_in
@require_safe
def application_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    at = now()
    visible = with_parts(applications_of(request.user)).prefetch_related("moves")
    application = get_object_or_404(visible, pk=pk)
    role = role_in(request.user, application.company_id)
    overview = summary(application)
    context: dict[str, Any] = {
        "application": application,
        "tone": overview.tone,
        "draft": overview.draft,
        "deadline": overview.deadline,
        "supplement": overview.supplement,
        "url": overview.url,
        "now": at,
        "role": role,
        "writes": role in WRITERS,
        "withdraws": role == "owner" and application.state in ApplicationMoves.WITHDRAW.source,
        "steps": [step_row(step) for step in timeline(application)],
        "partners": with_answers(partner_rows(application, at), request.user),
        "attachments": attachment_rows(application),
        "documents": document_rows(request.user, application),
        "delivers": Deliverable.objects.filter(agreement__application=application).exists(),
        "contest": objection_summary(application, at) if role else None,
        **agreement_part(request.user, application, at),
    }
    if overview.draft:
        dossier = drafting.load(application)
        findings = located(dossier, drafting.missing(dossier, now=at))
        context["missing"] = findings_by_step(application, findings)
        context["blocking"] = sum(row.blocking for row in findings)
        first = (row.url for row in findings if row.blocking)
        context["next_url"] = next(first, url_of(application, "review"))
    return render(request, "applications/application/detail.html", context)


def agreement_part(user: User, application: Application, at: datetime) -> dict[str, Any]:
    """Return the pending steps of the agreement, for those who may open it."""
    agreement = contracts_of(user).filter(application=application).first()
    steps = pending_steps(agreement, now=at) if agreement else []
    return {"agreement": agreement, "agreement_steps": steps}


def step_row(step: Step) -> dict[str, Any]:
    note = step.note
    if step.due and note:
        note = f"{note} · {due(step.due)}까지"
    elif step.due:
        note = f"{kdate(step.due)}까지 마칠 예정입니다."
    return {"label": step.label, "state": step.state, "who": step.who, "at": step.at, "note": note}


def partner_rows(application: Application, at: datetime) -> list[dict[str, Any]]:
    labels = {row["role"]: row["label"] for row in application.sub_program.partner_roles}
    rows = []
    for partner in application.partners.exclude(state="cancelled").select_related(
        "company", "terms"
    ):
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


def with_answers(rows: list[dict[str, Any]], user: User) -> list[dict[str, Any]]:
    """Flag (`answers`) the partners whose terms this person may answer."""
    own = set(
        partnerships_of(user)
        .filter(pk__in=[row["partner"].pk for row in rows if row["partner"].terms_id])
        .values_list("pk", flat=True)
    )
    for row in rows:
        row["answers"] = row["partner"].pk in own
    return rows


def attachment_rows(application: Application) -> list[dict[str, Any]]:
    labels = dict(application.sub_program.documents.values_list("code", "label"))
    return [
        {"file": row, "label": labels.get(row.requirement, row.requirement)}
        for row in application.attachments.filter(removed_at=None).order_by("pk")
    ]


def document_rows(user: User, application: Application) -> list[IssuedDocument]:
    """Return the issued PDFs that the person may download, the latest of each kind."""
    rows = documents_of(user).filter(application=application).order_by("pk")
    return list({row.kind: row for row in rows}.values())


@signed_in
@require_safe
def attachment_download(request: SignedInRequest, pk: int) -> FileResponse:
    attachment = get_object_or_404(attachments_of(request.user), pk=pk)
    return files.serve(
        attachment.file, filename=attachment.name, content_type=attachment.content_type
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
