"""The document box of a firm: its papers by kind, and their files."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from applications.forms.box import ADD, PaperForm
from applications.models import BoxPaper, Company
from applications.queries import box as box_queries
from applications.services import box
from applications.visibility import WRITERS, companies_of, papers_of, role_in
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.dates import korean_day
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.uploads import files
from programs.queries import papers
from programs.queries.papers import PaperKind

FIELDS = {"paper_issued_on": "issued_on", "paper_expired": "issued_on", "paper_count": "replaces"}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def company_papers(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the papers of a firm to its members; those who write put them in and take them out."""
    company = get_object_or_404(companies_of(request.user), pk=pk)
    writes = role_in(request.user, company) in WRITERS
    at, sent, status = now(), None, 200
    if request.method == "POST":
        if not writes:
            raise Http404
        if request.POST.get("act") == "remove":
            return _remove(request, company, at)
        sent, status = _put(request, company, at)
        if status == 200:
            return redirect(f"{request.path}#paper-{request.POST['kind']}")
    kept = list(box_queries.kept(pk).select_related("uploaded_by"))
    rows = []
    for kind in papers.kinds().values():
        own = [row for row in kept if row.kind == kind.code]
        answered = sent is not None and request.POST.get("kind") == kind.code
        form = sent if answered else PaperForm(kind=kind, papers=own)
        rows.append({"kind": kind, "papers": own, "form": form, "sent": answered})
    context = {
        "company": company,
        "writes": writes,
        "rows": rows,
        "sent": sent,
        "today": korean_day(at),
        "kept_days": papers.kept_days(),
    }
    return render(request, "applications/company/papers.html", context, status=status)


@signed_in
@require_safe
def paper_file(request: SignedInRequest, pk: int) -> HttpResponseBase:
    paper = get_object_or_404(papers_of(request.user), pk=pk)
    return files.serve(
        paper.file,
        filename=paper.name,
        content_type=paper.content_type,
        reader=request.user,
    )


def _put(request: SignedInRequest, company: Company, at: datetime) -> tuple[PaperForm, int]:
    """Put the sent paper in; return its form and the status of the answer."""
    kind = papers.kinds().get(request.POST.get("kind", ""))
    if kind is None:
        raise Http404
    own = list(box_queries.kept(company.pk).filter(kind=kind.code))
    form = PaperForm(request.POST, request.FILES, kind=kind, papers=own)
    if not form.is_valid():
        return form, 400
    try:
        paper = _stored(form, company, kind, own, request, at)
    except PortalError as error:
        fields = {error.code: "upload", "valid_until": "valid_until", **FIELDS}
        there = {code: name for code, name in fields.items() if name in form.fields}
        refuse(form, error, fields=there)
        return form, error.status
    messages.success(request, f"서류함에 ‘{paper.name}’ 파일을 넣었습니다.")
    return form, 200


def _stored(
    form: PaperForm,
    company: Company,
    kind: PaperKind,
    own: list[BoxPaper],
    request: SignedInRequest,
    at: datetime,
) -> BoxPaper:
    data = form.cleaned_data
    chosen = data.get("replaces") or ADD
    return box.put(
        company,
        kind=kind.code,
        issued_on=data["issued_on"],
        valid_until=data.get("valid_until"),
        upload=data["upload"],
        replaces=next((row for row in own if str(row.pk) == chosen), None),
        by=request.user,
        now=at,
    )


def _remove(request: SignedInRequest, company: Company, at: datetime) -> HttpResponse:
    number = row_number(request.POST.get("paper"))
    paper = get_object_or_404(papers_of(request.user), pk=number, company=company)
    box.remove(paper, by=request.user, now=at)
    messages.success(request, f"서류함에서 ‘{paper.name}’ 파일을 뺐습니다.")
    return redirect("company_papers", pk=company.pk)
