"""A panel's public page, applying to it, and the desk of its members."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access.accounts import client_address
from portal.access.decorators import public, signed_in
from portal.access.requests import person
from portal.api.errors import error_body
from portal.core.clock import KST, now
from portal.core.errors import BadInput, PortalError
from portal.forms.fields import refuse
from portal.uploads import files
from portal.web.errors import wants_json
from vouchers.forms.panel import ApplicationForm, EvidenceForm, ReasonForm, WishForm
from vouchers.models import Monitor, PanelApplication
from vouchers.queries import panel as queries
from vouchers.services import assignment, recruitment, selection
from vouchers.states import (
    AssignmentState,
    MonitorState,
    PanelApplicationState,
)
from vouchers.views.standing import listed, standing
from vouchers.visibility import (
    evidence_of,
    memberships_of,
    own_assignments,
    own_panel_applications,
    public_rounds,
)

A = PanelApplicationState
SHOWN_REASONS = 3  # a firm with many sisters would fill the page
TONES = {
    A.DRAFT: "warning",
    A.SUBMITTED: "info",
    A.BARRED: "danger",
    A.SELECTED: "success",
    A.RESERVE: "info",
    A.REJECTED: "neutral",
    A.DECLINED: "neutral",
    A.WITHDRAWN: "neutral",
}
MEMBER_TONES = {
    MonitorState.ACTIVE: "success",
    MonitorState.LEFT: "neutral",
    MonitorState.EXCLUDED: "danger",
}


@public
@require_safe
def panel_detail(request: HttpRequest, code: str) -> HttpResponse:
    """Tell everything about one panel, each figure with its origin."""
    at = now()
    round = get_object_or_404(public_rounds(), code=code)
    mine = None
    if request.user.is_authenticated:
        mine = own_panel_applications(person(request)).filter(round=round).order_by("-pk").first()
    covered = list(queries.covered_services(round)[: queries.SHOWN_COVERED])
    context = {
        "now": at,
        "round": round,
        "standing": standing(round, at),
        "kinds": list(round.kinds.all()),
        "criteria": list(round.criteria.all()),
        "covered": covered,
        "coverage": queries.coverage(round),
        "application": mine if mine and mine.state != A.WITHDRAWN else None,
    }
    return render(request, "vouchers/panel/detail.html", context)


@signed_in
@require_POST
def panel_apply(request: HttpRequest, code: str) -> HttpResponse:
    """Begin an application, or lead to the one that is there."""
    round = get_object_or_404(public_rounds(), code=code)
    try:
        application = recruitment.start(round, by=person(request), now=now())
    except PortalError as refused:
        for finding in refused.findings[:SHOWN_REASONS]:
            messages.error(request, finding.message)
        if (rest := len(refused.findings) - SHOWN_REASONS) > 0:
            messages.error(request, f"까닭이 {rest}가지 더 있습니다.")
        return redirect("panel_detail", code)
    return redirect("panel_application", application.pk)


@signed_in
@require_safe
def panel_desk(request: HttpRequest) -> HttpResponse:
    """Own applications and memberships, and what there is to try."""
    user = person(request)
    at = now()
    memberships = memberships_of(user).select_related("round").order_by("-pk")
    assigned: dict[int, list[Any]] = {}
    for row in (
        own_assignments(user)
        .filter(state=AssignmentState.ACTIVE)
        .select_related("service__supplier", "round", "monitor__user", "report")
        .order_by("service__name", "pk")
    ):
        assigned.setdefault(row.monitor_id, []).append(listed(row, at))
    applications = own_panel_applications(user).select_related("round").order_by("-pk")
    context = {
        "now": at,
        "memberships": [
            {
                "monitor": row,
                "tone": MEMBER_TONES[MonitorState(row.state)],
                "active": row.state == MonitorState.ACTIVE,
                "assignments": assigned.get(row.pk, []),
                "may_wish": _may_wish(row, at),
            }
            for row in memberships
        ],
        "applications": [
            {"application": row, "tone": TONES[A(row.state)]} for row in applications[:50]
        ],
    }
    return render(request, "vouchers/panel/desk.html", context)


def _may_wish(monitor: Monitor, at: datetime) -> bool:
    until = monitor.round.wishes_until
    return monitor.state == MonitorState.ACTIVE and (until is None or at < until)


# Applying


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_application(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a draft, which saves itself, and file it; later, show how it stands."""
    application = _own(request, pk)
    at = now()
    if application.state != A.DRAFT and request.method != "POST":
        return _status(request, application)
    kinds = list(application.round.kinds.all())
    form = ApplicationForm(request.POST or None, application=application, kinds=kinds)
    if request.method == "POST":
        try:
            return _keep(request, application, form, at)
        except PortalError as refused:
            if wants_json(request):
                return JsonResponse(error_body(refused), status=refused.status)
            refuse(form, refused)
            return _draft(request, application, form, at, status=refused.status)
    return _draft(request, application, form, at)


def _keep(
    request: HttpRequest, application: PanelApplication, form: ApplicationForm, at: datetime
) -> HttpResponse:
    if not form.is_valid() and "version" in form.errors:
        raise BadInput("화면을 새로 열고 다시 입력해 주세요.", code="form_damaged")
    saved = recruitment.save(
        application,
        data=form.data_to_save(),
        version=form.cleaned_data["version"],
        by=person(request),
        now=at,
    )
    if wants_json(request):
        stamp = saved.updated_at.astimezone(KST).isoformat()
        return JsonResponse({"version": saved.version, "saved_at": stamp})
    if request.POST.get("act") != "submit":
        messages.success(request, "저장했습니다.")
        return redirect("panel_application", application.pk)
    form.data = {
        **form.data.dict(),
        "version": str(saved.version),
    }  # a refusal shows the page again
    device = "|".join(
        request.headers.get(name, "") for name in ("User-Agent", "Accept-Language")
    ).strip("|")
    recruitment.submit(
        saved, by=person(request), now=at, address=client_address(request), device=device
    )
    messages.success(request, "지원서를 접수했습니다. 접수 확인을 메일로 보냈습니다.")
    return redirect("panel_application", application.pk)


def _draft(
    request: HttpRequest,
    application: PanelApplication,
    form: ApplicationForm,
    at: datetime,
    *,
    status: int = 200,
    upload: EvidenceForm | None = None,
) -> HttpResponse:
    kind = application.round.kinds.filter(code=application.kind).first()
    context = {
        "now": at,
        "application": application,
        "round": application.round,
        "form": form,
        "upload": upload or EvidenceForm(),
        "evidence": list(application.evidence.filter(removed_at=None).order_by("pk")),
        "proof": kind.evidence if kind else "",
        "missing": [
            {"message": row.message, "blocking": True} for row in recruitment.missing(application)
        ],
    }
    return render(request, "vouchers/panel/application.html", context, status=status)


def _status(request: HttpRequest, application: PanelApplication) -> HttpResponse:
    barred = application.moves.filter(move="bar").order_by("-pk").first()
    context = {
        "application": application,
        "round": application.round,
        "tone": TONES[A(application.state)],
        "evidence": list(application.evidence.filter(removed_at=None).order_by("pk")),
        "decision": queries.result_of(application),
        "barred": barred if application.state == A.BARRED else None,
        "may_withdraw": application.state == A.SUBMITTED,
        "may_decline": queries.may_decline(application),
        "labels": {row.code: row.label for row in application.round.criteria.all()},
    }
    return render(request, "vouchers/panel/status.html", context)


@signed_in
@require_POST
def panel_evidence_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file that proves the applicant's kind."""
    application = _own(request, pk)
    at = now()
    upload = EvidenceForm(request.POST, request.FILES)
    if upload.is_valid():
        try:
            recruitment.attach(
                application, upload=upload.cleaned_data["file"], by=person(request), now=at
            )
        except PortalError as refused:
            refuse(upload, refused, fields={refused.code: "file"})
        else:
            messages.success(request, "파일을 올렸습니다.")
            return redirect("panel_application", pk)
    if application.state != A.DRAFT:
        messages.error(request, "이미 제출했거나 취하한 지원이라 고칠 수 없습니다.")
        return redirect("panel_application", pk)
    form = ApplicationForm(application=application, kinds=list(application.round.kinds.all()))
    return _draft(request, application, form, at, status=400, upload=upload)


@signed_in
@require_safe
def panel_evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a proof to its owner, or to the desk once the application is filed."""
    row = get_object_or_404(evidence_of(person(request)), pk=pk)
    return files.serve(row.file, filename=row.name, content_type=row.content_type)


@signed_in
@require_POST
def panel_evidence_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a proof out of a draft."""
    mine = own_panel_applications(person(request)).values("pk")
    row = get_object_or_404(evidence_of(person(request)).filter(application__in=mine), pk=pk)
    recruitment.detach(row, by=person(request), now=now())
    messages.success(request, "파일을 지웠습니다.")
    return redirect("panel_application", row.application_id)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an application back, after asking."""
    application = _own(request, pk)
    if request.method == "POST":
        recruitment.withdraw(application, by=person(request), now=now())
        messages.success(request, "지원을 취하했습니다.")
        return redirect("panel_desk")
    return _confirm(
        request,
        application,
        title="지원 취하",
        words="지원을 취하하면 심사에서 빠집니다. 모집 기간에는 다시 지원할 수 있습니다.",
        button="취하하기",
    )


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a place up, after asking; the next in reserve moves up."""
    application = _own(request, pk)
    if request.method == "POST":
        selection.decline(application, by=person(request), now=now())
        messages.success(request, "참여를 사양했습니다.")
        return redirect("panel_desk")
    return _confirm(
        request,
        application,
        title="참여 사양",
        words="참여를 사양하면 예비 순위의 다음 사람이 선정되며 되돌릴 수 없습니다.",
        button="사양하기",
    )


def _confirm(request: HttpRequest, application: PanelApplication, **words: str) -> HttpResponse:
    context = {"application": application, "round": application.round, **words}
    return render(request, "vouchers/panel/confirm.html", context)


def _own(request: HttpRequest, pk: int) -> PanelApplication:
    rows = own_panel_applications(person(request)).select_related("round", "user")
    return get_object_or_404(rows, pk=pk)


# Members


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_wishes(request: HttpRequest, pk: int) -> HttpResponse:
    """Rank the services that a member would like to try."""
    monitor = get_object_or_404(memberships_of(person(request)).select_related("round"), pk=pk)
    at = now()
    form = WishForm(
        request.POST or None,
        services=list(queries.covered_services(monitor.round)),
        most=monitor.round.wishes_most,
        chosen=list(monitor.wishes.values_list("service__code", flat=True)),
    )
    if request.method == "POST" and form.is_valid():
        try:
            assignment.wish(monitor, codes=form.codes(), by=person(request), now=at)
        except PortalError as refused:
            refuse(form, refused)
        else:
            messages.success(request, "희망 서비스를 저장했습니다.")
            return redirect("panel_desk")
    context = {
        "now": at,
        "monitor": monitor,
        "round": monitor.round,
        "form": form,
        "open": _may_wish(monitor, at),
    }
    return render(request, "vouchers/panel/wishes.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave the panel, with the reason; somebody else is proposed for the places."""
    monitor = get_object_or_404(memberships_of(person(request)).select_related("round"), pk=pk)
    words = {
        "title": "모니터링단 사퇴",
        "words": "남은 체험은 다른 단원에게 다시 배정합니다. 사퇴는 되돌릴 수 없습니다.",
        "button": "사퇴하기",
    }
    act = partial(assignment.leave, monitor)
    return _with_reason(request, act, words, done="모니터링단에서 사퇴했습니다.")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one service back, with the reason."""
    rows = own_assignments(person(request)).filter(state=AssignmentState.ACTIVE)
    row = get_object_or_404(rows.select_related("round", "service"), pk=pk)
    words = {
        "title": "체험 반납",
        "words": f"‘{row.service.name}’ 체험을 반납하면 다른 단원에게 다시 배정합니다.",
        "button": "반납하기",
    }
    act = partial(assignment.drop, row)
    return _with_reason(request, act, words, done="체험을 반납했습니다.")


def _with_reason(
    request: HttpRequest, act: Callable[..., object], words: dict[str, str], *, done: str
) -> HttpResponse:
    """Ask for the reason of a member's own act, then do it."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            act(reason=form.cleaned_data["reason"], by=person(request), now=now(), owner=True)
        except PortalError as refused:
            refuse(form, refused)
        else:
            messages.success(request, done)
            return redirect("panel_desk")
    return render(request, "vouchers/panel/reason.html", {"form": form, **words})
