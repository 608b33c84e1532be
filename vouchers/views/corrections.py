"""Corrections: public list and details, the supplier's answer."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.access.decorators import may_be_older, public, same_for_strangers, signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.uploads import files
from vouchers.forms.corrections import AnswerForm
from vouchers.queries import corrections as correction_queries
from vouchers.services import corrections
from vouchers.states import PUBLIC_CORRECTIONS, CorrectionState, IssueKind, SuspensionState
from vouchers.views.reports.publication import PAGE
from vouchers.visibility import proofs_of, public_corrections, supplier_corrections

CORRECTION_TONES = {
    CorrectionState.RAISED: "neutral",
    CorrectionState.DISMISSED: "neutral",
    CorrectionState.VERIFIED: "info",
    CorrectionState.ASKED: "warning",
    CorrectionState.ANSWERED: "info",
    CorrectionState.FIXED: "success",
    CorrectionState.SUSPENDED: "danger",
}


@public
@same_for_strangers("state", "kind", "before")
@may_be_older
@require_safe
def correction_list(request: HttpRequest) -> HttpResponse:
    rows = public_corrections().select_related("service__supplier")
    counts = dict(public_corrections().order_by().values_list("state").annotate(Count("pk")))
    chosen, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    if chosen in CorrectionState.values:
        rows = rows.filter(state=chosen)
    if kind in IssueKind.values:
        rows = rows.filter(kind=kind)
    before = row_number(request.GET.get("before"))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    listed = list(rows.order_by("-pk")[: PAGE + 1])
    params = request.GET.copy()
    if len(listed) > PAGE:
        params["before"] = str(listed[PAGE - 1].pk)
    context = {
        "rows": [
            {"case": row, "tone": CORRECTION_TONES[CorrectionState(row.state)]}
            for row in listed[:PAGE]
        ],
        "next": f"?{params.urlencode()}" if len(listed) > PAGE else "",
        "states": [(state.value, state.label) for state in PUBLIC_CORRECTIONS],
        "counts": [
            (state.value, state.label, counts.get(state.value, 0)) for state in PUBLIC_CORRECTIONS
        ],
        "kinds": IssueKind.choices,
        "state": chosen,
        "kind": kind,
    }
    return render(request, "vouchers/corrections/list.html", context)


@public
@same_for_strangers()
@require_safe
def correction_detail(request: HttpRequest, pk: int) -> HttpResponse:
    rows = public_corrections().select_related("service__supplier")
    case = get_object_or_404(rows, pk=pk)
    context = {
        "case": case,
        "tone": CORRECTION_TONES[CorrectionState(case.state)],
        "answers": case.answers.all(),
        "steps": correction_queries.steps(case),
    }
    return render(request, "vouchers/corrections/detail.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def supplier_correction(request: SignedInRequest, pk: int) -> HttpResponse:
    at = now()
    rows = supplier_corrections(request.user).select_related("service__supplier")
    case = get_object_or_404(rows, pk=pk)
    form = AnswerForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            corrections.answer(case, **form.cleaned_data, by=request.user, now=at)
        except PortalError as refused:
            refuse(form, refused, fields={refused.code: _field(refused.code)})
            status = refused.status
        else:
            messages.success(request, "시정 결과를 냈습니다. 전담기관이 확인한 뒤 알려 드립니다.")
            return redirect("supplier_correction", pk=pk)
    context = {
        "case": case,
        "tone": CORRECTION_TONES[CorrectionState(case.state)],
        "answers": case.answers.prefetch_related("evidence"),
        "form": form,
        "suspension": case.suspensions.filter(state=SuspensionState.IN_FORCE).first(),
        "open": case.state == CorrectionState.SUSPENDED
        or (case.state == CorrectionState.ASKED and case.due_at and at < case.due_at),
        "now": at,
    }
    return render(request, "vouchers/corrections/supplier.html", context, status=status)


@signed_in
@require_safe
def supplier_proof(request: SignedInRequest, pk: int) -> HttpResponseBase:
    proof = get_object_or_404(proofs_of(request.user), pk=pk)
    return files.serve(
        proof.file, filename=proof.name, content_type=proof.content_type, reader=request.user
    )


def _field(code: str) -> str:
    return "uploads" if code.startswith("file") else "text"
