"""Page that answers a supplement request: one form sends text and files together."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.screening import AnswerForm
from applications.models import Attachment, Supplement
from applications.services.screening import supplements
from applications.states import SupplementState
from applications.views.application.overview import one_of
from applications.visibility import answerable_by
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.forms.uploads import UploadForm
from portal.web.uploads import store_each

FORM = "answer-form"


@signed_in
@require_http_methods(["GET", "POST"])
def application_supplement(request: SignedInRequest, pk: int) -> HttpResponse:
    at = now()
    application = one_of(answerable_by(request.user), pk)
    rows = application.supplements.select_related("application__sub_program").order_by("-pk")
    supplement = rows.filter(state=SupplementState.OPEN).first() or rows.first()
    if supplement is None:
        raise Http404
    if request.method == "POST":
        return _act(request, supplement, at)
    return _page(request, supplement, AnswerForm(), at)


def _act(request: SignedInRequest, supplement: Supplement, at: datetime) -> HttpResponse:
    """Remove a file or store the chosen ones, then answer, or show the page with the text so far."""
    form = AnswerForm(request.POST)
    if "remove" in request.POST:
        number = row_number(request.POST["remove"])
        stored = supplement.attachments.filter(removed_at=None).select_related("supplement")
        supplements.detach(get_object_or_404(stored, pk=number), by=request.user, now=at)
        messages.success(request, "파일을 지웠습니다.")
    else:
        sent, status = _store(request, supplement, at)
        if status != 200:
            refused = {code: one for code, one in sent.items() if one.errors}
            return _page(request, supplement, form, at, sent=refused, status=status)
        if request.POST.get("act") == "answer":
            status = _send(request, supplement, form, at) if form.is_valid() else 400
            if status == 200:
                return redirect("application_detail", pk=supplement.application_id)
            return _page(request, supplement, form, at, status=status)
    if form.is_valid() and not form.cleaned_data["answer"]:
        return redirect("application_supplement", pk=supplement.application_id)
    return _page(request, supplement, form, at)


def _store(
    request: SignedInRequest, supplement: Supplement, at: datetime
) -> tuple[dict[str, UploadForm], int]:
    """Store the files of every document; return the forms that were sent and the status."""
    pressed = request.POST.get("act", "").removeprefix("upload:")
    sent, status = {}, 200
    for code in supplement.requirements:
        if code != pressed and not request.FILES.getlist(f"{code}-files"):
            continue
        sent[code] = UploadForm(request.POST, request.FILES, prefix=code, sent_with=FORM, most=5)

        def store(upload: "UploadedFile[bytes]", requirement: str = code) -> Attachment:
            return supplements.attach(
                supplement, requirement=requirement, upload=upload, by=request.user, now=at
            )

        status = max(status, store_each(request, sent[code], store))
    return sent, status


def _page(
    request: SignedInRequest,
    supplement: Supplement,
    form: AnswerForm,
    at: datetime,
    *,
    sent: Mapping[str, UploadForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    sent = sent or {}
    context = {
        "application": supplement.application,
        "supplement": supplement,
        "open": supplement.state == SupplementState.OPEN and supplement.due_at > at,
        "rows": document_rows(supplement, sent),
        "form": form,
        "sent": list(sent.values()),
        "now": at,
    }
    return render(request, "applications/screening/supplement.html", context, status=status)


def document_rows(
    supplement: Supplement, sent: Mapping[str, UploadForm]
) -> list[dict[str, object]]:
    documents = {row.code: row for row in supplement.application.sub_program.documents.all()}
    stored = list(supplement.attachments.filter(removed_at=None).order_by("pk"))
    rows = []
    for requirement in supplement.requirements:
        formats = (
            documents[requirement].formats if requirement in documents else supplements.FORMATS
        )
        form = UploadForm(
            prefix=requirement,
            sent_with=FORM,
            formats=formats,
            most=supplements.FILES_PER_DOCUMENT,
        )
        rows.append(
            {
                "code": requirement,
                "label": documents[requirement].label if requirement in documents else requirement,
                "files": [file for file in stored if file.requirement == requirement],
                "form": sent.get(requirement, form),
            }
        )
    return rows


def _send(request: SignedInRequest, supplement: Supplement, form: AnswerForm, at: datetime) -> int:
    try:
        supplements.answer(supplement, answer=form.cleaned_data["answer"], by=request.user, now=at)
    except PortalError as error:
        refuse(form, error, fields={"supplement_answer": "answer"})
        return error.status
    messages.success(request, "보완 자료를 제출했습니다.")
    return 200
