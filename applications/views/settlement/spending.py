"""Spending."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.settlement import SpendingForm
from applications.models import Agreement
from applications.services.settlement import spending
from applications.states import (
    AgreementState,
)
from applications.views.agreement import _get
from applications.visibility import workable_agreements
from portal.access.decorators import signed_in
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_spending(request: HttpRequest, pk: int) -> HttpResponse:
    """List what was spent; add and remove lines until the list is handed over."""
    at = now()
    agreement = _get(request, pk)
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
            spending.hand_over(agreement, by=request.user, now=at)
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
    rows = [
        {"row": row, "label": items.get(row.item, row.item)}
        for row in agreement.spendings.filter(removed_at=None)
    ]
    open_states = (AgreementState.ACTIVE, AgreementState.SETTLING)
    context = {
        "application": agreement.application,
        "agreement": agreement,
        "rows": rows,
        "total": sum(line["row"].amount_won for line in rows),
        "form": form,
        "open": works and agreement.state in open_states and agreement.spending_at is None,
        "hands_over": agreement.state == AgreementState.SETTLING,
    }
    return render(request, "applications/settlement/spending.html", context, status=status)


def _own_line(agreement: Agreement, line: str) -> Any:
    rows = agreement.spendings.filter(removed_at=None).select_related("agreement")
    return get_object_or_404(rows, pk=row_number(line))
