"""Reading a draft through and filing it; answering a request for more."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from applications.forms.drafting import UploadForm
from applications.forms.filing import AnswerForm, SubmitForm
from applications.models import Application, Supplement
from applications.queries import dossier
from applications.services import intake, late, supplements
from applications.states import ApplicationState, SupplementState
from applications.views import content
from applications.views.desk import with_parts
from applications.views.status import attachment_rows, partner_rows
from applications.views.steps import by_step, neighbours, places, progress
from applications.visibility import WRITERS, answerable_by, applications_of, role_in
from portal.access.decorators import signed_in
from portal.core.clock import now
from portal.core.errors import BadInput, PortalError
from portal.core.validators import row_number
from portal.forms.fields import refuse
from programs.queries import refusal


@signed_in
@require_safe
def application_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the whole application: a draft with what is missing, or exactly what was filed."""
    application = get_object_or_404(_whole(applications_of(request.user)), pk=pk)
    return review_page(request, application, now(), SubmitForm())


@signed_in
@require_POST
def application_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """File the draft. `at` is the arrival; sending it again leads to the same receipt."""
    at = now()
    mine = answerable_by(request.user)
    application = get_object_or_404(dossier.with_roots(mine), pk=pk)
    form = SubmitForm(request.POST)
    already = application.submitted_at is not None
    if not already and not form.is_valid():
        return review_page(request, _whole(mine).get(pk=pk), at, form, status=400)
    try:
        filed = intake.submit(application, by=request.user, now=at, just_read=True)
    except PortalError as refused:
        whole = _whole(mine).get(pk=pk)
        return review_page(request, whole, at, form, status=refused.status, refused=refused)
    if filed.submitted_by_id == request.user.pk:
        messages.success(request, f"제출했습니다. 접수번호는 {filed.number}입니다.")
    else:
        messages.info(request, f"{filed.submitted_by} 님이 먼저 제출했습니다. ({filed.number})")
    return redirect("application_detail", pk=pk)


def review_page(
    request: HttpRequest,
    application: Application,
    at: datetime,
    form: SubmitForm,
    *,
    status: int = 200,
    refused: PortalError | None = None,
) -> HttpResponse:
    """Render the application written out, with the button that files it for those who may."""
    draft = application.state == ApplicationState.DRAFT
    writes = draft and role_in(request.user, application.company_id) in WRITERS
    leave = None
    if draft and refusal(application.sub_program, at) is not None:
        leave = late.leave_for(application, at)
    context = {
        "application": application,
        "now": at,
        "form": form,
        "writes": writes,
        "refused": refused,
        "partners": partner_rows(application, at),
        "attachments": attachment_rows(application),
        "closed": refusal(application.sub_program, at) if draft and leave is None else None,
        "leave": leave,
        "closes_at": application.sub_program.window().closes_at,
    }
    filed = getattr(application, "submission", None)
    if filed is not None:
        context |= {"groups": content.filed(filed), "filed": filed}
        context["preview"] = filed.content.get("preview", {})
        return render(request, "applications/filed.html", context, status=status)
    read = dossier.read(application)
    found = places(read, dossier.missing(read, now=at))
    labels = {row["code"]: row["label"] for row in application.sub_program.consents}
    context |= {
        "groups": content.draft(read),
        "missing": by_step(application, found),
        "blocking": sum(row.blocking for row in found),
        "steps": progress(application, found, "review"),
        "before": neighbours(application, "review")[0],
        "grant": dossier.preview(read),
        "consents": [(labels.get(row.code, row.code), row) for row in read.consents],
    }
    return render(request, "applications/review.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def application_supplement(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the open request for more, with files, before its deadline."""
    at = now()
    application = get_object_or_404(with_parts(answerable_by(request.user)), pk=pk)
    asked = application.supplements.select_related("application__sub_program").order_by("-pk")
    supplement = asked.filter(state=SupplementState.OPEN).first() or asked.first()
    if supplement is None:
        raise Http404
    form, refused, status = AnswerForm(), None, 200
    act = request.POST.get("act")
    if act == "remove":
        found = supplement.attachments.filter(
            pk=row_number(request.POST.get("attachment")), removed_at=None
        )
        supplements.detach(
            get_object_or_404(found.select_related("supplement")), by=request.user, now=at
        )
        messages.success(request, "파일을 지웠습니다.")
        return redirect("application_supplement", pk=pk)
    if act == "upload":
        code = request.POST.get("requirement", "")
        refused = UploadForm(request.POST, request.FILES, auto_id=f"id_{code}_%s", most=5)
        status = upload(request, supplement, code, refused, at) if refused.is_valid() else 400
        if status == 200:
            return redirect("application_supplement", pk=pk)
    if act == "answer":
        form = AnswerForm(request.POST)
        status = send(request, supplement, form, at) if form.is_valid() else 400
        if status == 200:
            return redirect("application_detail", pk=pk)
    context = {
        "application": application,
        "supplement": supplement,
        "open": supplement.state == SupplementState.OPEN and supplement.due_at > at,
        "rows": paper_rows(supplement, request.POST.get("requirement", ""), refused),
        "form": form,
        "refused": refused,
        "now": at,
    }
    return render(request, "applications/supplement.html", context, status=status)


def paper_rows(
    supplement: Supplement, code: str, refused: UploadForm | None
) -> list[dict[str, object]]:
    """Each paper that was asked for: its files, and the form that adds some."""
    documents = {row.code: row for row in supplement.application.sub_program.documents.all()}
    there = list(supplement.attachments.filter(removed_at=None).order_by("pk"))
    rows = []
    for asked in supplement.requirements:
        formats = documents[asked].formats if asked in documents else supplements.FORMATS
        form = UploadForm(
            auto_id=f"id_{asked}_%s", formats=formats, most=supplements.FILES_PER_DOCUMENT
        )
        rows.append(
            {
                "code": asked,
                "label": documents[asked].label if asked in documents else asked,
                "files": [file for file in there if file.requirement == asked],
                "form": refused if refused and asked == code else form,
            }
        )
    return rows


def upload(
    request: HttpRequest, supplement: Supplement, code: str, form: UploadForm, at: datetime
) -> int:
    """Keep each file of the answer; returns the status."""
    status = 200
    for file in form.cleaned_data["files"]:
        try:
            supplements.attach(supplement, requirement=code, upload=file, by=request.user, now=at)
        except PortalError as refused:
            named = BadInput(f"{file.name}: {refused.message}", code=refused.code)
            refuse(form, named, fields={refused.code: "files"})
            status = refused.status
        else:
            messages.success(request, f"‘{file.name}’ 파일을 올렸습니다.")
    return status


def send(request: HttpRequest, supplement: Supplement, form: AnswerForm, at: datetime) -> int:
    """Send the answer; returns the status."""
    try:
        supplements.answer(supplement, answer=form.cleaned_data["answer"], by=request.user, now=at)
    except PortalError as refused:
        refuse(form, refused, fields={"supplement_answer": "answer"})
        return refused.status
    messages.success(request, "보완 자료를 제출했습니다.")
    return 200


def _whole(applications: object) -> object:
    return (
        with_parts(applications)
        .select_related(
            "submission__form",
            "submission__submitted_by",
            "sub_program__round",
            "sub_program__pot",
            "company",
            "site",
            "track",
        )
        .prefetch_related("sub_program__tracks")
    )
