"""The firm's page of its spending under an agreement."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.settlement import SpendingForm
from applications.models import Agreement, Spending
from applications.services.settlement import spending
from applications.states import (
    AgreementState,
)
from applications.views.agreement import open_agreement
from applications.visibility import workable_agreements
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_spending(request: SignedInRequest, pk: int) -> HttpResponse:
    """List the spending; add and remove lines until the list is submitted."""
    at = now()
    agreement = open_agreement(request, pk)
    items = spending.planned_items(agreement)
    if not items:
        raise Http404
    works = workable_agreements(request.user).filter(pk=agreement.pk).exists()
    form, status = SpendingForm(items=items), 200
    if request.method == "POST":
        if not works:
            raise Http404
        act = request.POST.get("act")
        if act == "remove":
            row = _own_line(agreement, request.POST.get("line", ""))
            spending.remove(row, by=request.user, now=at)
            messages.success(request, "사용내역 한 건을 지웠습니다.")
            return redirect("agreement_spending", pk=pk)
        if act == "hand_over":
            spending.submit(agreement, by=request.user, now=at)
            messages.success(request, "사용내역을 제출했습니다.")
            return redirect("agreement_detail", pk=pk)
        form, status = SpendingForm(request.POST, request.FILES, items=items), 400
        if form.is_valid():
            try:
                spending.add(agreement, **form.cleaned_data, by=request.user, now=at)
            except PortalError as refused:
                names = {"item": "item", "spent_on": "spent_on", "amount": "amount_won"}
                names |= {"payee": "payee"}
                if refused.code.startswith("file"):
                    names[refused.code] = "upload"
                refuse(form, refused, fields=names)
                status = refused.status
            else:
                messages.success(request, "사용내역을 넣었습니다.")
                return redirect("agreement_spending", pk=pk)
    lines = list(agreement.spendings.filter(removed_at=None))
    open_states = (AgreementState.ACTIVE, AgreementState.SETTLING)
    context = {
        "application": agreement.application,
        "agreement": agreement,
        "rows": [{"row": row, "label": items.get(row.item, row.item)} for row in lines],
        "total": sum(row.amount_won for row in lines),
        "form": form,
        "open": works and agreement.state in open_states and agreement.spending_at is None,
        "hands_over": agreement.state == AgreementState.SETTLING,
    }
    return render(request, "applications/settlement/spending.html", context, status=status)


def _own_line(agreement: Agreement, line: str) -> Spending:
    rows = agreement.spendings.filter(removed_at=None).select_related("agreement")
    return get_object_or_404(rows, pk=row_number(line))
