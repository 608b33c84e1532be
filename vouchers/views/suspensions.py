"""A supplier's page of a suspension: the reason, the objection and what was decided about it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse
from vouchers.forms.corrections import ObjectionForm
from vouchers.services.catalogue import sale
from vouchers.states import SuspensionState
from vouchers.visibility import supplier_suspensions

SUSPENSION_TONES = {
    SuspensionState.PROPOSED: "warning",
    SuspensionState.IN_FORCE: "danger",
    SuspensionState.DECLINED: "neutral",
    SuspensionState.LIFTED: "success",
}


@signed_in
@require_http_methods(["GET", "POST"])
def supplier_suspension(request: SignedInRequest, pk: int) -> HttpResponse:
    at = now()
    rows = supplier_suspensions(request.user).select_related("service__supplier", "correction")
    suspension = get_object_or_404(rows, pk=pk)
    form = ObjectionForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            sale.object_to(suspension, text=form.cleaned_data["text"], by=request.user, now=at)
        except PortalError as refused:
            refuse(form, refused, fields={refused.code: "text"})
            status = refused.status
        else:
            messages.success(
                request,
                "이의를 신청했습니다. 중지한 사람이 아닌 다른 담당자가 결정해 알려 드립니다.",
            )
            return redirect("supplier_suspension", pk=pk)
    until = suspension.objection_until
    context = {
        "suspension": suspension,
        "service": suspension.service,
        "tone": SUSPENSION_TONES[SuspensionState(suspension.state)],
        "form": form,
        "open": suspension.state == SuspensionState.IN_FORCE
        and suspension.objected_at is None
        and (until is None or at < until),
        "now": at,
    }
    return render(request, "vouchers/suspensions/supplier.html", context, status=status)
