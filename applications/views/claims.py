"""Filing a claim to a business number, and the answer of those who registered it."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from applications.forms.claims import ClaimAnswerForm, ClaimForm
from applications.models import CompanyClaim
from applications.services import claims
from applications.states import MemberRole
from applications.visibility import claims_of, companies_of
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse
from portal.uploads import files

FIELDS = {
    "business_number": "number",
    "not_registered": "number",
    "own_company": "number",
    "claim_open": "number",
    "claims_many": "number",
    "claim_text": "text",
}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def claim_list(request: SignedInRequest) -> HttpResponse:
    """Show the person's claims and take another; never who registered a number."""
    form = ClaimForm(request.POST or None, request.FILES or None)
    status = 400 if request.method == "POST" else 200
    if form.is_valid():
        data = form.cleaned_data
        try:
            claims.file(
                number=data["number"],
                firm_name=data["firm_name"],
                text=data["text"],
                upload=data["upload"],
                by=request.user,
                now=now(),
            )
        except PortalError as refused:
            file_fault = refused.code.startswith("file")
            fields = {**FIELDS, refused.code: "upload"} if file_fault else FIELDS
            refuse(form, refused, fields=fields)
            status = refused.status
        else:
            messages.success(request, "등록 이의를 접수했습니다. 결과를 메일로 알려 드립니다.")
            return redirect("claim_list")
    own = CompanyClaim.objects.filter(claimant=request.user).select_related("company")
    context = {"form": form, "claims": own.order_by("-pk")}
    return render(request, "applications/claims/list.html", context, status=status)


@signed_in
@require_safe
def claim_file(request: SignedInRequest, pk: int) -> HttpResponseBase:
    claim = get_object_or_404(claims_of(request.user), pk=pk)
    return files.serve(
        claim.file, filename=claim.name, content_type=claim.content_type, reader=request.user
    )


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def claim_answer(request: SignedInRequest, pk: int, claim: int) -> HttpResponse:
    """Let an owner of the registered company answer a claim; who claims is not shown."""
    own = companies_of(request.user).filter(
        members__user=request.user, members__role=MemberRole.OWNER
    )
    company = get_object_or_404(own, pk=pk)
    row = get_object_or_404(company.claims.all(), pk=claim)
    form = ClaimAnswerForm(request.POST or None)
    status = 400 if request.method == "POST" else 200
    if form.is_valid():
        try:
            claims.answer(row, text=form.cleaned_data["text"], by=request.user, now=now())
        except PortalError as refused:
            refuse(form, refused, fields=FIELDS)
            status = refused.status
        else:
            messages.success(request, "소명을 냈습니다.")
            return redirect("claim_answer", pk=pk, claim=claim)
    context = {"company": company, "claim": row, "form": form, "open": row.state in claims.OPEN}
    return render(request, "applications/claims/answer.html", context, status=status)
