"""The supplier's desk: reports waiting for its word, and corrections it is asked for."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.access.decorators import signed_in
from portal.access.requests import person
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.fields import refuse
from portal.uploads import files
from vouchers.forms.reports import AnswerForm, CommentForm
from vouchers.models import ConsumerReport
from vouchers.queries import published
from vouchers.services import corrections, moderation
from vouchers.states import CorrectionState, ReportState
from vouchers.views.published import CORRECTION_TONES, pictures
from vouchers.visibility import (
    own_services,
    proofs_of,
    supplier_corrections,
    supplier_reports,
    suppliers_of,
)

OPEN = (CorrectionState.ASKED, CorrectionState.SUSPENDED)
LISTED = 100


@signed_in
@require_safe
def supplier_desk(request: HttpRequest) -> HttpResponse:
    """Everything the supplier is asked for, and its services with their ratings."""
    at = now()
    suppliers = list(suppliers_of(person(request)))
    if not suppliers:
        raise Http404
    waiting = published.reports_in_full(
        supplier_reports(person(request)).filter(state=ReportState.COMMENTING)
    )
    cases = supplier_corrections(person(request)).select_related("service").order_by("-pk")
    services = list(own_services(person(request)).order_by("name", "pk")[:LISTED])
    overall = published.overall(services)
    context = {
        "now": at,
        "suppliers": suppliers,
        "waiting": [
            {"report": row, "open": moderation.waits(row, now=at), "said": _said(row)}
            for row in waiting.order_by("comment_until", "pk")[:LISTED]
        ],
        "cases": [
            {
                "case": row,
                "tone": CORRECTION_TONES[CorrectionState(row.state)],
                "open": row.state in OPEN,
            }
            for row in cases[:LISTED]
        ],
        "services": [{"service": row, "overall": overall.get(row.pk)} for row in services],
    }
    return render(request, "vouchers/supplier/desk.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def supplier_report(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a report before the public does, and say a word about it."""
    at = now()
    rows = supplier_reports(person(request)).select_related(
        "filed", "comment", "assignment__service__supplier", "assignment__monitor"
    )
    report = get_object_or_404(rows, pk=pk)
    form = CommentForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            moderation.comment(report, text=form.cleaned_data["text"], by=person(request), now=at)
        except PortalError as refused:
            refuse(form, refused, fields={refused.code: "text"})
            status = refused.status
        else:
            messages.success(request, "의견을 냈습니다. 보고서와 나란히 공개됩니다.")
            return redirect("supplier_report", pk=pk)
    context = {
        "report": report,
        "content": report.filed.content,
        "pictures": pictures(request, report),
        "form": form,
        "open": report.state == ReportState.COMMENTING and moderation.waits(report, now=at),
        "comment": getattr(report, "comment", None),
        "now": at,
    }
    return render(request, "vouchers/supplier/report.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def supplier_correction(request: HttpRequest, pk: int) -> HttpResponse:
    """Read what is to be put right, and answer with proofs."""
    at = now()
    rows = supplier_corrections(person(request)).select_related("service__supplier")
    case = get_object_or_404(rows, pk=pk)
    form = AnswerForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            corrections.answer(case, **form.cleaned_data, by=person(request), now=at)
        except PortalError as refused:
            refuse(form, refused, fields={refused.code: _field(refused.code)})
            status = refused.status
        else:
            messages.success(request, "시정 결과를 냈습니다. 전담기관이 확인한 뒤 알려 드립니다.")
            return redirect("supplier_correction", pk=pk)
    context: dict[str, Any] = {
        "case": case,
        "tone": CORRECTION_TONES[CorrectionState(case.state)],
        "answers": case.answers.prefetch_related("evidence"),
        "form": form,
        "open": case.state == CorrectionState.SUSPENDED
        or (case.state == CorrectionState.ASKED and case.due_at and at < case.due_at),
        "now": at,
    }
    return render(request, "vouchers/supplier/correction.html", context, status=status)


@signed_in
@require_safe
def supplier_proof(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out a file of an answer."""
    proof = get_object_or_404(proofs_of(person(request)), pk=pk)
    return files.serve(proof.file, filename=proof.name, content_type=proof.content_type)


def _said(report: ConsumerReport) -> bool:
    return hasattr(report, "comment")


def _field(code: str) -> str:
    return "uploads" if code.startswith("file") else "text"
