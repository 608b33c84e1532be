"""The firm's pages of its agreement: pending steps, papers, signature, amendments, early end."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from applications.forms.agreement import AmendmentForm, CheckForm, EndingForm, SignatureForm
from applications.models import Agreement, Company
from applications.queries import agreement as agreement_queries
from applications.queries import delivery as delivery_queries
from applications.services.agreement import amendments, contracts, endings
from applications.services.settlement import spending
from applications.states import (
    AgreementState,
    AmendmentKind,
    AmendmentState,
    EndingKind,
    EndingState,
    PaperState,
)
from applications.visibility import (
    agreement_papers_of,
    contracts_of,
    report_files_of,
    signable_agreements,
    signing_agreements,
    spendings_of,
    workable_agreements,
)
from portal.access.decorators import public, same_for_strangers, signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse
from portal.forms.uploads import UploadForm
from portal.models import User
from portal.uploads import files

TONES = {
    AgreementState.PREPARING: "warning",
    AgreementState.ACTIVE: "info",
    AgreementState.SETTLING: "info",
    AgreementState.SETTLED: "warning",
    AgreementState.CLOSED: "success",
    AgreementState.ENDED: "neutral",
}
PAPER_TONES = {
    PaperState.PENDING: "info",
    PaperState.ACCEPTED: "success",
    PaperState.RETURNED: "danger",
}
FILES: Mapping[str, Callable[[User], QuerySet[Any]]] = {
    "paper": agreement_papers_of,
    "report": report_files_of,
    "evidence": spendings_of,
}
STEP_URLS = {
    "papers": "#papers",
    "sign": "sign/",
    "sign_change": "sign/",
    "progress": "reports/progress/",
    "final": "reports/final/",
    "refile": "reports/final/",
    "spending": "spending/",
    "recover": "#settlement",
}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show an agreement with its pending steps; a POST submits one of its papers."""
    at = now()
    agreement = open_agreement(request, pk)
    works = workable_agreements(request.user).filter(pk=agreement.pk).exists()
    refused, code, status = None, request.POST.get("requirement", ""), 200
    if request.method == "POST":
        if not works:
            raise Http404
        refused, status = _submit_paper(request, agreement, code, at)
        if status == 200:
            return redirect("agreement_detail", pk=pk)
    text = agreement_queries.latest_text(agreement)
    in_force = (
        agreement_queries.text_of(agreement, agreement.in_force) if agreement.in_force else None
    )
    waiting = agreement_queries.pending_steps(agreement, now=at)
    lost = agreement_queries.is_lost(agreement)
    context = {
        "application": agreement.application,
        "agreement": agreement,
        "tone": TONES[AgreementState(agreement.state)],
        "works": works,
        "signs": signable_agreements(request.user).filter(pk=agreement.pk).exists(),
        "waiting": [{"row": row, "url": STEP_URLS.get(row.step_row.step, "")} for row in waiting],
        "text": text,
        "in_force": in_force,
        "papers": _paper_rows(agreement, code, refused),
        "parts": agreement.instalments.all(),
        "money": agreement_queries.money_of(agreement),
        "delivers": delivery_queries.tally(agreement),
        "reports": agreement.reports.all(),
        "checks": agreement_queries.checks_of(agreement),
        "changes": agreement.amendments.order_by("-pk"),
        "change_open": agreement.amendments.filter(
            state__in=[AmendmentState.ASKED, AmendmentState.EXAMINED]
        ).exists(),
        "change_kinds": _change_kinds(agreement),
        "amendment_due_at": amendments.request_due_at(agreement) if agreement.ends_on else None,
        "settlement": agreement_queries.current_settlement(agreement),
        "endings": agreement.endings.order_by("-pk"),
        "lost": lost,
        "may_give_up": agreement.state in (AgreementState.PREPARING, AgreementState.ACTIVE)
        and not lost
        and not agreement.endings.filter(state=EndingState.ASKED).exists(),
        "spends": bool(spending.planned_items(agreement)),
        "uses": agreement.uses.order_by("pk"),
        "prints": agreement.application.documents.filter(kind__in=["agreement", "settlement"]),
        "refused": refused,
        "now": at,
    }
    return render(request, "applications/agreement/detail.html", context, status=status)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_sign(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the whole text; the firm's owner signs it by name under its hash."""
    agreement = open_agreement(request, pk)
    signs = signing_agreements(request.user).filter(pk=agreement.pk).exists()
    text = agreement_queries.latest_text(agreement)
    waits = agreement.pending_steps.filter(done_at=None, step__in=["sign", "sign_change"]).exists()
    form, status = SignatureForm(initial={"sha256": text.sha256}), 200
    if request.method == "POST":
        if not signs:
            raise Http404
        form, status = SignatureForm(request.POST), 400
        if form.is_valid():
            try:
                contracts.sign(agreement, **form.cleaned_data, by=request.user, now=now())
            except PortalError as refused:
                refuse(form, refused, fields={"name": "name", "consent": "agreed"})
                status = refused.status
                data = request.POST.copy()
                data["sha256"] = text.sha256
                form.data = data
            else:
                messages.success(request, "협약서에 서명했습니다.")
                return redirect("agreement_detail", pk=pk)
    context = {
        "application": agreement.application,
        "agreement": agreement,
        "text": text,
        "form": form,
        "signs": signs and waits and not agreement_queries.is_lost(agreement),
        "wording": agreement.terms["wording"],
    }
    return render(request, "applications/agreement/sign.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def agreement_change(request: SignedInRequest, pk: int, kind: str) -> HttpResponse:
    """Request an amendment; the leading firm's owner only."""
    agreement = open_agreement(request, pk, signable_agreements(request.user))
    if kind not in _change_kinds(agreement):
        raise Http404
    at = now()
    due_at = amendments.request_due_at(agreement)
    options: dict[str, Any] = {"kind": kind, "items": _items(agreement), "firms": _firms(agreement)}
    form, status = AmendmentForm(initial=_initial(agreement), **options), 200
    if request.method == "POST":
        form, status = AmendmentForm(request.POST, **options), 400
        if form.is_valid():
            try:
                amendments.request(
                    agreement,
                    kind=kind,
                    proposal=form.proposal(),
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                    now=at,
                )
            except PortalError as refused:
                same = {name: name for name in form.fields}
                refuse(form, refused, fields=same)
                status = refused.status
            else:
                messages.success(request, "협약변경을 신청했습니다.")
                return redirect("agreement_detail", pk=pk)
    context = {
        "application": agreement.application,
        "agreement": agreement,
        "form": form,
        "label": AmendmentKind(kind).label,
        "amendment_due_at": due_at,
    }
    return render(request, "applications/agreement/amendment.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def agreement_give_up(request: SignedInRequest, pk: int) -> HttpResponse:
    """Request to decline the award; the leading firm's owner only."""
    agreement = open_agreement(request, pk, signable_agreements(request.user))
    form = EndingForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            endings.request(
                agreement, kind=EndingKind.DECLINE, reason=reason, by=request.user, now=now()
            )
        except PortalError as refused:
            refuse(form, refused, fields={"reason": "reason"})
            status = refused.status
        else:
            messages.success(request, "포기를 신청했습니다. 결정권자가 승인하면 확정됩니다.")
            return redirect("agreement_detail", pk=pk)
    context = {"application": agreement.application, "agreement": agreement, "form": form}
    return render(request, "applications/agreement/ending.html", context, status=status)


@signed_in
@require_safe
def agreement_file(request: SignedInRequest, kind: str, pk: int) -> HttpResponseBase:
    """Send a paper, a report's file or an evidence to those who may open the agreement."""
    if kind not in FILES:
        raise Http404
    row = get_object_or_404(FILES[kind](request.user), pk=pk)
    return files.serve(
        row.file, filename=row.name, content_type=row.content_type, reader=request.user
    )


@public
@same_for_strangers()
@require_safe
def agreement_check(request: HttpRequest) -> HttpResponse:
    """Compare number and hash with what was agreed or settled; show nothing else."""
    given = "number" in request.GET or "sha256" in request.GET
    form = CheckForm(request.GET if given else None)
    checked = given and form.is_valid()
    found = (
        agreement_queries.genuine_document(form.cleaned_data["number"], form.cleaned_data["sha256"])
        if checked
        else None
    )
    context = {"form": form, "checked": checked, "document": found}
    return render(request, "applications/agreement/check.html", context)


def open_agreement(
    request: SignedInRequest, pk: int, among: QuerySet[Agreement] | None = None
) -> Agreement:
    """Return the agreement of application `pk`. Raises Http404 outside the rows the user may open."""
    rows = contracts_of(request.user) if among is None else among
    return get_object_or_404(
        rows.select_related("application__sub_program__round", "application__track", "company"),
        application=pk,
    )


def _submit_paper(
    request: SignedInRequest, agreement: Agreement, code: str, at: datetime
) -> tuple[UploadForm, int]:
    form = UploadForm(request.POST, request.FILES, auto_id=f"id_{code}_%s", most=1)
    if not form.is_valid():
        return form, 400
    try:
        upload = form.cleaned_data["files"][0]
        contracts.submit_paper(agreement, requirement=code, upload=upload, by=request.user, now=at)
    except PortalError as refused:
        refuse(form, refused, fields={refused.code: "files"})
        return form, refused.status
    messages.success(request, "협약 서류를 올렸습니다.")
    return form, 200


def _paper_rows(
    agreement: Agreement, code: str, refused: UploadForm | None
) -> list[dict[str, Any]]:
    there = list(agreement.papers.order_by("-pk"))
    rows = []
    for wanted in agreement.terms["papers"]:
        latest = next((row for row in there if row.requirement == wanted["code"]), None)
        form = UploadForm(auto_id=f"id_{wanted['code']}_%s", formats=wanted["formats"], most=1)
        rows.append(
            {
                "wanted": wanted,
                "paper": latest,
                "tone": PAPER_TONES[PaperState(latest.state)] if latest else "warning",
                "word": latest.get_state_display() if latest else "내지 않음",
                "open": latest is None or latest.state != PaperState.ACCEPTED,
                "form": refused if refused and wanted["code"] == code else form,
            }
        )
    return rows


def _change_kinds(agreement: Agreement) -> dict[str, str]:
    # Sums only where there are some, the lead where another firm could take over.
    kinds = dict(AmendmentKind.choices)
    if not spending.planned_items(agreement):
        kinds.pop(AmendmentKind.SUMS)
    if not _firms(agreement):
        kinds.pop(AmendmentKind.LEAD)
    return kinds


def _firms(agreement: Agreement) -> list[Company]:
    partners = agreement.application.partners.filter(state="accepted").values("company")
    both = Company.objects.filter(pk__in=partners) | Company.objects.filter(
        pk=agreement.application.company_id
    )
    return list(both.exclude(pk=agreement.company_id).order_by("name"))


def _items(agreement: Agreement) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = agreement.application.sub_program.cost_items
    return items


def _initial(agreement: Agreement) -> dict[str, Any]:
    money = agreement_queries.text_of(agreement, agreement.in_force).content["money"]
    initial = {"grant_won": money["grant_won"], "own_won": money["own_won"]}
    initial |= {f"item_{row['code']}": row["won"] for row in money["items"]}
    return {**initial, "ends_on": agreement.ends_on}
