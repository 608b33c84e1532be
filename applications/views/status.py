"""After filing: where an application stands, its papers, files, result, and withdrawing it."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from applications.documents import notice_parts
from applications.forms.filing import WithdrawForm
from applications.models import Application, Deliverable, IssuedDocument, Objection
from applications.queries import dossier, invitations, result, timeline
from applications.queries.agreements import waiting
from applications.queries.award import history
from applications.queries.objection import clock, contest
from applications.queries.outcome import Step
from applications.services import intake, paper
from applications.states import ANNOUNCED, ApplicationState, MemberRole, Outcome
from applications.views.desk import describe, with_parts
from applications.views.steps import by_step, places, url_of
from applications.visibility import (
    WRITERS,
    applications_of,
    attachments_of,
    contracts_of,
    documents_of,
    own_applications,
    partnerships_of,
    role_in,
    staff_applications,
    withdrawable_by,
)
from portal.access.decorators import signed_in
from portal.core.clock import now
from portal.core.errors import MoveNotAllowed, PortalError
from portal.forms.fields import refuse
from portal.jobs import queue
from portal.models import Job, User
from portal.paper import hwpx
from portal.templatetags.portal import kdate, until
from portal.uploads import files

STANDINGS = {
    "sent": ("요청 보냄", "info"),
    "seen": ("요청 확인함", "info"),
    "accepted": ("참여 수락", "success"),
    "refused": ("참여 거절", "danger"),
    "expired": ("응답 기한 지남", "warning"),
}
WITHDRAWABLE = Application.MOVES["withdraw"].source


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
        read = dossier.read(application)
        found = places(read, dossier.missing(read, now=at))
        context["missing"] = by_step(application, found)
        context["blocking"] = sum(row.blocking for row in found)
        first = (row.url for row in found if row.blocking)
        context["next_url"] = next(first, url_of(application, "review"))
    return render(request, "applications/detail.html", context)


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
        word, tone = STANDINGS[invitations.standing(partner, now=at)]
        role = labels.get(partner.role, partner.role)
        until = invitations.expires_at(partner) if partner.state == "invited" else None
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
@require_http_methods(["GET", "HEAD", "POST"])
def application_document(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Send a PDF (`?download=1`) or show how far its job is; a POST asks for it to be made."""
    if kind not in IssuedDocument.Kind.values:
        raise Http404
    if request.method == "POST":
        application = get_object_or_404(askable(request.user, kind), pk=pk)
        if kind == IssuedDocument.Kind.NOTICE:
            paper.request_notice(application, now=now())
        else:
            version = version_of(application, kind)
            paper.request(application, kind=kind, version=version, now=now())
        return redirect("application_document", pk=pk, kind=kind)
    documents = documents_of(request.user).filter(application=pk, kind=kind)
    document = documents.select_related("application__sub_program").order_by("-version").first()
    asks = askable(request.user, kind).filter(pk=pk).exists()
    if document is None or (asks and is_outdated(document)):
        application = get_object_or_404(
            askable(request.user, kind).select_related("sub_program"), pk=pk
        )
        version = version_of(application, kind)
        document = IssuedDocument(application=application, kind=kind, version=version)
    if document.pk and request.GET.get("form") == "hwpx" and kind == IssuedDocument.Kind.NOTICE:
        return _as_hwpx(document)
    if document.issued_at and request.GET.get("download"):
        title = f"{document.get_kind_display()}_{document.application.number}.pdf"
        return files.serve(document.file, filename=title, content_type="application/pdf")
    context = {
        "document": document,
        "application": document.application,
        "job": Job.objects.filter(key=paper.job_key(document)).first(),
        "asks": asks,
    }
    return render(request, "applications/document.html", context)


def version_of(application: Application, kind: str) -> int:
    """Which text of this kind stands: of an agreement or a result the one in force."""
    if kind == IssuedDocument.Kind.AGREEMENT:
        return application.agreement.in_force
    if kind == IssuedDocument.Kind.RESULT:
        return max(1, len(history(application)))
    return 1


def is_outdated(document: IssuedDocument) -> bool:
    """Whether a result was printed before its decision changed."""
    if document.kind != IssuedDocument.Kind.RESULT:
        return False
    return document.version < version_of(document.application, document.kind)


def askable(user: User, kind: str) -> QuerySet[Application]:
    """Own applications about which such a PDF can be made: filed, and for a result released."""
    filed = own_applications(user).filter(submitted_at__isnull=False)
    if kind == IssuedDocument.Kind.AGREEMENT:
        return filed.filter(agreement__in_force__gte=1)
    if kind == IssuedDocument.Kind.SETTLEMENT:
        return filed.filter(agreement__settled_at__isnull=False)
    if kind in {IssuedDocument.Kind.RESULT, IssuedDocument.Kind.NOTICE}:
        return filed.filter(state__in=ANNOUNCED)
    if kind in {IssuedDocument.Kind.SHEETS, IssuedDocument.Kind.CERTIFICATE}:
        return filed.none()
    return filed


def _as_hwpx(document: IssuedDocument) -> HttpResponse:
    """The notice for the Hangul word processor."""
    data = hwpx.write(notice_parts(document))
    response = HttpResponse(data, content_type=hwpx.CONTENT_TYPE)
    name = quote(f"선정결과_통지서_{document.application.number}.hwpx")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


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
    document = job.args.get("document") if job.kind == paper.JOB else None
    if not mine and not (document and documents_of(request.user).filter(pk=document).exists()):
        raise Http404
    return JsonResponse(queue.told(job))


def result_readers(user: User) -> QuerySet[Application]:
    """Applications whose result the person may read: the applicant's own, and staff's."""
    own = Q(pk__in=own_applications(user).order_by().values("pk"))
    staff = Q(pk__in=staff_applications(user).order_by().values("pk"))
    return Application.objects.filter(own | staff)


@signed_in
@require_safe
def application_result(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the released result with its score broken down; before release there is no page."""
    application = get_object_or_404(with_parts(result_readers(request.user)), pk=pk)
    found = result(application)
    if found is None:
        raise Http404
    context = {
        "application": application,
        "result": found,
        "figures": figures(found),
        "printed": application.documents.filter(
            kind=IssuedDocument.Kind.RESULT,
            version=version_of(application, IssuedDocument.Kind.RESULT),
        ).exists(),
        "own": (role := role_in(request.user, application.company_id)),
        "objection": Objection.objects.filter(application=application).first(),
        "clock": clock(application, now()),
        "declines": role == MemberRole.OWNER
        and application.state == ApplicationState.RELEASED
        and found["outcome"] in {Outcome.SELECTED, Outcome.RESERVE},
    }
    return render(request, "applications/result.html", context)


def figures(found: dict[str, Any]) -> dict[str, str]:
    """The large figures of a result in words; what there is not is said, never 0."""
    total, rank, cut, gap = (found["total"], found["rank"], found["cut"], found["gap"])
    line = cut.get("cut_total")
    distance = ""
    if gap is not None:
        distance = f"선정선보다 {abs(gap)}점 {'높습니다' if gap >= 0 else '낮습니다'}"
    return {
        "total": f"{total}점" if total is not None else "점수 없음",
        "rank": f"{rank:,}위" if rank else "순위 없음",
        "counted": f"평가한 {found['counted']:,}건 가운데",
        "cut": f"{line}점" if line is not None else "없음",
        "gap": distance,
    }


@signed_in
@require_http_methods(["GET", "POST"])
def application_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an application back, with the reason; owners only."""
    application = get_object_or_404(with_parts(withdrawable_by(request.user)), pk=pk)
    if application.state not in WITHDRAWABLE:
        raise MoveNotAllowed("지금 상태에서는 취하할 수 없습니다.")
    form = WithdrawForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            intake.withdraw(application, by=request.user, now=now(), note=form.cleaned_data["note"])
        except PortalError as refused:
            refuse(form, refused, fields={"note_required": "note"})
            status = refused.status
        else:
            draft = application.submitted_at is None
            messages.success(
                request, "작성하던 신청을 취소했습니다." if draft else "신청을 취하했습니다."
            )
            return redirect("application_detail", pk=pk)
    context = {
        "application": application,
        "form": form,
        "draft": application.state == ApplicationState.DRAFT,
    }
    return render(request, "applications/withdraw.html", context, status=status)
