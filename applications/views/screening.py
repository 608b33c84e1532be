"""Screening."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.intake.drafting import UploadForm
from applications.forms.screening import AnswerForm
from applications.models import Supplement
from applications.services.screening import supplements
from applications.states import SupplementState
from applications.views.application.overview import with_parts
from applications.views.intake.drafting import keep_files
from applications.visibility import answerable_by
from portal.access.decorators import signed_in
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse


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
        status = 400
        if refused.is_valid():
            status = keep_files(
                request,
                refused,
                lambda file: supplements.attach(
                    supplement, requirement=code, upload=file, by=request.user, now=at
                ),
            )
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
    return render(request, "applications/screening/supplement.html", context, status=status)


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


def send(request: HttpRequest, supplement: Supplement, form: AnswerForm, at: datetime) -> int:
    """Send the answer; returns the status."""
    try:
        supplements.answer(supplement, answer=form.cleaned_data["answer"], by=request.user, now=at)
    except PortalError as refused:
        refuse(form, refused, fields={"supplement_answer": "answer"})
        return refused.status
    messages.success(request, "보완 자료를 제출했습니다.")
    return 200
