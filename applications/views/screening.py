"""Page that answers a supplement request."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.screening import AnswerForm
from applications.models import Supplement
from applications.services.screening import supplements
from applications.states import SupplementState
from applications.views.application.overview import with_parts
from applications.visibility import answerable_by
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.forms.uploads import UploadForm
from portal.web.uploads import store_each


@signed_in
@require_http_methods(["GET", "POST"])
def application_supplement(request: SignedInRequest, pk: int) -> HttpResponse:
    at = now()
    application = get_object_or_404(with_parts(answerable_by(request.user)), pk=pk)
    rows = application.supplements.select_related("application__sub_program").order_by("-pk")
    supplement = rows.filter(state=SupplementState.OPEN).first() or rows.first()
    if supplement is None:
        raise Http404
    form, sent, status = AnswerForm(), None, 200
    act = request.POST.get("act")
    if act == "remove":
        number = row_number(request.POST.get("attachment"))
        stored = supplement.attachments.filter(removed_at=None).select_related("supplement")
        supplements.detach(get_object_or_404(stored, pk=number), by=request.user, now=at)
        messages.success(request, "파일을 지웠습니다.")
        return redirect("application_supplement", pk=pk)
    if act == "upload":
        code = request.POST.get("requirement", "")
        sent = UploadForm(request.POST, request.FILES, auto_id=f"id_{code}_%s", most=5)
        status = store_each(
            request,
            sent,
            lambda upload: supplements.attach(
                supplement, requirement=code, upload=upload, by=request.user, now=at
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
        "rows": document_rows(supplement, request.POST.get("requirement", ""), sent),
        "form": form,
        "sent": sent,
        "now": at,
    }
    return render(request, "applications/screening/supplement.html", context, status=status)


def document_rows(
    supplement: Supplement, code: str, sent: UploadForm | None
) -> list[dict[str, object]]:
    documents = {row.code: row for row in supplement.application.sub_program.documents.all()}
    stored = list(supplement.attachments.filter(removed_at=None).order_by("pk"))
    rows = []
    for requirement in supplement.requirements:
        formats = (
            documents[requirement].formats if requirement in documents else supplements.FORMATS
        )
        form = UploadForm(
            auto_id=f"id_{requirement}_%s", formats=formats, most=supplements.FILES_PER_DOCUMENT
        )
        rows.append(
            {
                "code": requirement,
                "label": documents[requirement].label if requirement in documents else requirement,
                "files": [file for file in stored if file.requirement == requirement],
                "form": sent if sent and requirement == code else form,
            }
        )
    return rows


def send(request: SignedInRequest, supplement: Supplement, form: AnswerForm, at: datetime) -> int:
    try:
        supplements.answer(supplement, answer=form.cleaned_data["answer"], by=request.user, now=at)
    except PortalError as error:
        refuse(form, error, fields={"supplement_answer": "answer"})
        return error.status
    messages.success(request, "보완 자료를 제출했습니다.")
    return 200
