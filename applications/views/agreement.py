"""The firm's pages of its agreement: what to do next, papers, signature, spending, changes."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from applications.forms.agreement import ChangeForm, CheckForm, GiveUpForm, SignatureForm
from applications.forms.intake.drafting import UploadForm
from applications.models import Agreement, Company
from applications.queries import agreement as read
from applications.queries import delivery
from applications.services.agreement import amendments, endings
from applications.services.agreement import contracts as agreements
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
from portal.access.decorators import public, signed_in
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse
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


FILES = {
    "paper": agreement_papers_of,
    "report": report_files_of,
    "evidence": spendings_of,
}


PLACES = {
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
def agreement_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an agreement with what waits for whom; a POST hands in one of its papers."""
    at = now()
    agreement = _get(request, pk)
    works = workable_agreements(request.user).filter(pk=agreement.pk).exists()
    refused, code, status = None, request.POST.get("requirement", ""), 200
    if request.method == "POST":
        if not works:
            raise Http404
        refused, status = _hand_in(request, agreement, code, at)
        if status == 200:
            return redirect("agreement_detail", pk=pk)
    text = read.latest_text(agreement)
    in_force = read.text_of(agreement, agreement.in_force) if agreement.in_force else None
    waiting = read.waiting(agreement, now=at)
    context = {
        "application": agreement.application,
        "agreement": agreement,
        "tone": TONES[AgreementState(agreement.state)],
        "works": works,
        "signs": signable_agreements(request.user).filter(pk=agreement.pk).exists(),
        "waiting": [{"row": row, "url": PLACES.get(row.turn.step, "")} for row in waiting],
        "text": text,
        "in_force": in_force,
        "papers": _paper_rows(agreement, code, refused),
        "parts": agreement.instalments.all(),
        "money": read.money_of(agreement),
        "delivers": delivery.tally(agreement),
        "reports": agreement.reports.all(),
        "checks": read.checks_of(agreement),
        "changes": agreement.changes.order_by("-pk"),
        "change_open": agreement.changes.filter(
            state__in=[AmendmentState.ASKED, AmendmentState.EXAMINED]
        ).exists(),
        "change_kinds": _change_kinds(agreement),
        "last_day": amendments.last_day(agreement) if agreement.ends_on else None,
        "settlement": read.standing_settlement(agreement),
        "endings": agreement.endings.order_by("-pk"),
        "may_give_up": agreement.state in (AgreementState.PREPARING, AgreementState.ACTIVE)
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
def agreement_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the whole text; the firm's owner signs it by name under its hash."""
    agreement = _get(request, pk)
    signs = signing_agreements(request.user).filter(pk=agreement.pk).exists()
    text = read.latest_text(agreement)
    waits = agreement.turns.filter(done_at=None, step__in=["sign", "sign_change"]).exists()
    form, status = SignatureForm(initial={"sha256": text.sha256}), 200
    if request.method == "POST":
        if not signs:
            raise Http404
        form, status = SignatureForm(request.POST), 400
        if form.is_valid():
            try:
                agreements.sign(agreement, **form.cleaned_data, by=request.user, now=now())
            except PortalError as refused:
                refuse(form, refused, fields={"name": "name", "consent": "agreed"})
                status = refused.status
                form.data = form.data.copy()
                form.data["sha256"] = text.sha256
            else:
                messages.success(request, "협약서에 서명했습니다.")
                return redirect("agreement_detail", pk=pk)
    context = {
        "application": agreement.application,
        "agreement": agreement,
        "text": text,
        "form": form,
        "signs": signs and waits,
        "wording": agreement.terms["wording"],
    }
    return render(request, "applications/agreement/sign.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def agreement_change(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Ask for a change of the agreement; the leading firm's owner only."""
    agreement = _get(request, pk, signable_agreements(request.user))
    if kind not in _change_kinds(agreement):
        raise Http404
    at = now()
    last_day = amendments.last_day(agreement)
    words: dict[str, Any] = {"kind": kind, "items": _items(agreement), "firms": _firms(agreement)}
    form, status = ChangeForm(initial=_initial(agreement), **words), 200
    if request.method == "POST":
        form, status = ChangeForm(request.POST, **words), 400
        if form.is_valid():
            try:
                amendments.ask(
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
        "last_day": last_day,
    }
    return render(request, "applications/agreement/amendment.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def agreement_give_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask to give the award up; the leading firm's owner only."""
    agreement = _get(request, pk, signable_agreements(request.user))
    form = GiveUpForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        words = {"kind": EndingKind.DECLINE, "reason": form.cleaned_data["reason"]}
        try:
            endings.ask(agreement, **words, by=request.user, now=now())
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
def agreement_file(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Send a paper, a report's file or an evidence to those who may open the agreement."""
    found = FILES.get(kind)
    if found is None:
        raise Http404
    row = get_object_or_404(found(request.user), pk=pk)
    return files.serve(row.file, filename=row.name, content_type=row.content_type)


@public
@require_safe
def agreement_check(request: HttpRequest) -> HttpResponse:
    """Compare number and hash with what was agreed or settled; nothing else is said."""
    asked = "number" in request.GET or "sha256" in request.GET
    form = CheckForm(request.GET if asked else None)
    genuine = None
    if asked and form.is_valid():
        genuine = read.document_is_genuine(form.cleaned_data["number"], form.cleaned_data["sha256"])
    return render(request, "applications/agreement/check.html", {"form": form, "genuine": genuine})


def _get(request: HttpRequest, pk: int, among: Any = None) -> Agreement:
    """An agreement by its application's number, for those who may open it."""
    rows = contracts_of(_person(request)) if among is None else among
    return get_object_or_404(
        rows.select_related("application__sub_program__round", "application__track", "company"),
        application=pk,
    )


def _person(request: HttpRequest) -> User:
    person: User = request.user
    return person


def _hand_in(
    request: HttpRequest, agreement: Agreement, code: str, at: datetime
) -> tuple[UploadForm, int]:
    form = UploadForm(request.POST, request.FILES, auto_id=f"id_{code}_%s", most=1)
    if not form.is_valid():
        return form, 400
    try:
        upload = form.cleaned_data["files"][0]
        agreements.hand_in(agreement, requirement=code, upload=upload, by=request.user, now=at)
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
    """What may be changed here: sums only where there are some, the lead where somebody could."""
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
    money = read.text_of(agreement, agreement.in_force).content["money"]
    initial = {"grant_won": money["grant_won"], "own_won": money["own_won"]}
    initial |= {f"item_{row['code']}": row["won"] for row in money["items"]}
    return {**initial, "ends_on": agreement.ends_on}
