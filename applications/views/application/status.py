"""After filing: where an application stands, its papers, files, result, and withdrawing it."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from applications.models import Application, Deliverable, IssuedDocument
from applications.queries import timeline
from applications.queries.agreement import waiting
from applications.queries.application import Step
from applications.queries.intake import drafting, partners
from applications.queries.objection import contest
from applications.services import documents as documents_services
from applications.states import ApplicationMoves
from applications.views.application.overview import describe, with_parts
from applications.views.intake.steps import by_step, places, url_of
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
from portal.core.clock import now
from portal.jobs import queue
from portal.models import Job, User
from portal.templatetags.dates import kdate, until
from portal.uploads import files

STANDINGS = {
    "sent": ("요청 보냄", "info"),
    "seen": ("요청 확인함", "info"),
    "accepted": ("참여 수락", "success"),
    "refused": ("참여 거절", "danger"),
    "expired": ("응답 기한 지남", "warning"),
}


WITHDRAWABLE = ApplicationMoves.WITHDRAW.source


@signed_in
@require_safe
def application_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show where an application stands: step, date, who is next, papers and files."""
    at = now()
    seen = with_parts(applications_of(request.user)).prefetch_related("moves", "supplements")
    application = get_object_or_404(seen, pk=pk)
    role = role_in(request.user, application.company_id)
    context: dict[str, Any] = {
        **describe(application),
        "now": at,
        "role": role,
        "writes": role in WRITERS,
        "withdraws": role == "owner" and application.state in WITHDRAWABLE,
        "steps": [described(step) for step in timeline(application)],
        "partners": with_answers(partner_rows(application, at), request.user),
        "attachments": attachment_rows(application),
        "papers": paper_rows(request.user, application),
        "delivers": Deliverable.objects.filter(agreement__application=application).exists(),
        "contest": contest(application, at) if role else None,
        **agreement_part(request.user, application, at),
    }
    if context["draft"]:
        read = drafting.read(application)
        found = places(read, drafting.missing(read, now=at))
        context["missing"] = by_step(application, found)
        context["blocking"] = sum(row.blocking for row in found)
        first = (row.url for row in found if row.blocking)
        context["next_url"] = next(first, url_of(application, "review"))
    return render(request, "applications/application/detail.html", context)


def agreement_part(user: User, application: Application, at: datetime) -> dict[str, Any]:
    """What waits in the application's agreement, for those who may open it."""
    agreement = contracts_of(user).filter(application=application).first()
    waits = waiting(agreement, now=at) if agreement else []
    return {"agreement": agreement, "agreement_waits": waits, "reads_agreement": bool(agreement)}


def described(step: Step) -> dict[str, Any]:
    """A step of the way for the page: who is next, and by when it is planned."""
    note = step.note
    if step.due and note:
        note = f"{note} · {until(step.due)}까지"
    elif step.due:
        note = f"{kdate(step.due)}까지 마칠 예정입니다."
    return {"label": step.label, "state": step.state, "who": step.who, "at": step.at, "note": note}


def partner_rows(application: Application, at: datetime) -> list[dict[str, Any]]:
    """The partners with where their invitation stands."""
    labels = {row["role"]: row["label"] for row in application.sub_program.partner_roles}
    rows = []
    for partner in application.partners.exclude(state="cancelled").select_related(
        "company", "terms"
    ):
        word, tone = STANDINGS[partners.standing(partner, now=at)]
        role = labels.get(partner.role, partner.role)
        until = partners.expires_at(partner) if partner.state == "invited" else None
        rows.append({"partner": partner, "role": role, "word": word, "tone": tone, "until": until})
    return rows


def with_answers(rows: list[dict[str, Any]], user: User) -> list[dict[str, Any]]:
    """Mark the partners whose terms this person may answer."""
    own = set(
        partnerships_of(user)
        .filter(pk__in=[row["partner"].pk for row in rows if row["partner"].terms_id])
        .values_list("pk", flat=True)
    )
    for row in rows:
        row["answers"] = row["partner"].pk in own
    return rows


def attachment_rows(application: Application) -> list[dict[str, Any]]:
    """The files that are there, with the paper each stands for."""
    labels = dict(application.sub_program.documents.values_list("code", "label"))
    return [
        {"file": row, "label": labels.get(row.requirement, row.requirement)}
        for row in application.attachments.filter(removed_at=None).order_by("pk")
    ]


def paper_rows(user: User, application: Application) -> list[IssuedDocument]:
    """The PDFs about an application that the person may have, of each kind the latest."""
    rows = documents_of(user).filter(application=application).order_by("pk")
    return list({row.kind: row for row in rows}.values())


@signed_in
@require_safe
def attachment_download(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a file to those who may open its application."""
    attachment = get_object_or_404(attachments_of(request.user), pk=pk)
    return files.serve(
        attachment.file, filename=attachment.name, content_type=attachment.content_type
    )


@signed_in
@require_safe
def job_status(request: HttpRequest, pk: int) -> JsonResponse:
    """Say how far a job is: one's own, or the one that makes a PDF that one may have."""
    job = get_object_or_404(Job, pk=pk)
    mine = job.requested_by_id == request.user.pk
    document = job.args.get("document") if job.kind == documents_services.JOB else None
    if not mine and not (document and documents_of(request.user).filter(pk=document).exists()):
        raise Http404
    return JsonResponse(queue.status(job))
