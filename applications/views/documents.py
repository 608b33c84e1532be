"""Issued PDFs: request, progress, download; and the public check of a receipt."""

from urllib.parse import quote

from django.db.models import Exists, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from applications.forms.documents import ReceiptFileForm, ReceiptForm
from applications.models import Application, IssuedDocument
from applications.pdf_contexts import notice_parts
from applications.queries.assessment.opinions import released_count
from applications.queries.documents import genuine_file, genuine_receipt
from applications.queries.intake.partners import signed_partners
from applications.queries.selection.decisions import history
from applications.services import documents as documents_services
from applications.states import ANNOUNCED
from applications.visibility import documents_of, own_applications
from portal.access.decorators import public, same_for_strangers, signed_in
from portal.access.requests import SignedInRequest
from portal.api.throttling import VisitorLimit
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse
from portal.models import Job, User
from portal.paper import hwpx
from portal.uploads import files


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def application_document(request: SignedInRequest, pk: int, kind: str) -> HttpResponseBase:
    """Send a PDF (`?download=1`) or show the progress of its job; POST requests it."""
    if kind not in IssuedDocument.Kind.values:
        raise Http404
    if request.method == "POST":
        application = get_object_or_404(requestable(request.user, kind), pk=pk)
        if kind == IssuedDocument.Kind.NOTICE:
            documents_services.request_notice(application, now=now())
        else:
            version = current_version(application, kind)
            documents_services.request(application, kind=kind, version=version, now=now())
        return redirect("application_document", pk=pk, kind=kind)
    documents = documents_of(request.user).filter(application=pk, kind=kind)
    document = documents.select_related("application__sub_program").order_by("-version").first()
    may_request = requestable(request.user, kind).filter(pk=pk).exists()
    if document is None or (may_request and is_outdated(document)):
        application = get_object_or_404(
            requestable(request.user, kind).select_related("sub_program"), pk=pk
        )
        version = current_version(application, kind)
        document = IssuedDocument(application=application, kind=kind, version=version)
    if document.pk and request.GET.get("form") == "hwpx" and kind == IssuedDocument.Kind.NOTICE:
        return _as_hwpx(document)
    if document.issued_at and request.GET.get("download"):
        title = f"{document.get_kind_display()}_{document.application.number}.pdf"
        return files.serve(document.file, filename=title, content_type="application/pdf")
    context = {
        "document": document,
        "application": document.application,
        "job": Job.objects.filter(key=documents_services.job_key(document)).first(),
        "may_request": may_request,
    }
    return render(request, "applications/documents/document.html", context)


def current_version(application: Application, kind: str) -> int:
    """Return which version of this kind is in force: of an agreement or a result the latest.

    A result has a further version with each later decision and each opinion that was released.
    """
    if kind == IssuedDocument.Kind.AGREEMENT:
        return application.agreement.in_force
    if kind == IssuedDocument.Kind.RESULT:
        return max(1, len(history(application))) + released_count(application)
    return 1


def is_outdated(document: IssuedDocument) -> bool:
    if document.kind != IssuedDocument.Kind.RESULT:
        return False
    return document.version < current_version(document.application, document.kind)


def requestable(user: User, kind: str) -> QuerySet[Application]:
    filed = own_applications(user).filter(submitted_at__isnull=False)
    if kind == IssuedDocument.Kind.PLEDGE:
        return filed.filter(Exists(signed_partners()))
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
    title = f"선정결과 통지서 {document.application.number}"
    data = hwpx.write(notice_parts(document), title=title, now=document.issued_at or now())
    response = HttpResponse(data, content_type=hwpx.CONTENT_TYPE)
    name = quote(f"선정결과_통지서_{document.application.number}.hwpx")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


class ReceiptLimit(VisitorLimit):
    """Receipts a minute from one address: each is a file that the portal reads."""

    scope = "receipts"
    rate = "20/min"


# A file is compared and nothing is written: a token against foreign forms would only keep the page
# from being shared.
@public
@csrf_exempt
@same_for_strangers()
@require_http_methods(["GET", "HEAD", "POST"])
def receipt_check(request: HttpRequest) -> HttpResponse:
    """Tell whether a receipt is genuine: by number and hash (GET), or by its file (POST)."""
    if request.method == "POST":
        return _check_file(request)
    sent = "number" in request.GET or "sha256" in request.GET
    form = ReceiptForm(request.GET if sent else None)
    checked = sent and form.is_valid()
    receipt = (
        genuine_receipt(form.cleaned_data["number"], form.cleaned_data["sha256"])
        if checked
        else None
    )
    context = {
        "form": form,
        "file_form": ReceiptFileForm(),
        "checked": checked,
        "receipt": receipt,
    }
    return render(request, "applications/documents/receipt_check.html", context)


def _check_file(request: HttpRequest) -> HttpResponse:
    """Compare the sent file with the issued receipts; it is kept nowhere."""
    limit = ReceiptLimit()
    if not limit.allow_request(request, None):  # type: ignore[arg-type]  # it asks for what both have
        return HttpResponse(status=429, headers={"Retry-After": str(int(limit.wait() or 60))})
    file_form = ReceiptFileForm(request.POST, request.FILES)
    receipt, status = None, 400
    if file_form.is_valid():
        try:
            _, sha256 = files.measure(file_form.cleaned_data["file"])
            receipt, status = genuine_file(sha256), 200
        except PortalError as refused:
            refuse(file_form, refused, fields={refused.code: "file"})
            status = refused.status
    context = {
        "form": ReceiptForm(),
        "file_form": file_form,
        "file_checked": status == 200,
        "receipt": receipt,
    }
    return render(request, "applications/documents/receipt_check.html", context, status=status)
