"""Results of a selection: reading one, declining it, and the public counts of changes."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from applications.forms.selection import DeclineForm
from applications.models import Application, IssuedDocument
from applications.queries.application import result
from applications.queries.assessment import opinions
from applications.queries.inquiries import REFUSALS, may_ask_about_result
from applications.queries.objection import clock
from applications.queries.selection.decisions import award_of, released_results
from applications.rules.assessment import scoring
from applications.services.selection import changes
from applications.states import ApplicationState, MemberRole, Outcome
from applications.views.application.overview import one_of
from applications.views.documents import current_version
from applications.visibility import (
    WRITERS,
    own_applications,
    role_in,
    staff_applications,
    withdrawable_by,
)
from portal.access.decorators import public, same_for_strangers, signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import MoveNotAllowed, NotFound, PortalError
from portal.forms.errors import refuse
from portal.models import User

DECLINABLE = {Outcome.SELECTED, Outcome.RESERVE}


@signed_in
@require_http_methods(["GET", "POST"])
def application_decline(request: SignedInRequest, pk: int) -> HttpResponse:
    application = one_of(withdrawable_by(request.user), pk)
    award = award_of(application)
    if award is None:
        raise NotFound
    if application.state != ApplicationState.RELEASED or award.outcome not in DECLINABLE:
        raise MoveNotAllowed(
            "지금은 포기할 수 없습니다. 협약을 시작했으면 사업 담당자에게 문의하세요."
        )
    form = DeclineForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            changes.decline(application, note=form.cleaned_data["note"], by=request.user, now=now())
        except PortalError as refused:
            refuse(form, refused, fields={"reason": "note"})
            status = refused.status
        else:
            messages.success(request, "포기를 접수했습니다.")
            return redirect("application_result", pk=pk)
    context = {"application": application, "award": award, "form": form}
    return render(request, "applications/selection/decline.html", context, status=status)


@public
@same_for_strangers()
@require_safe
def decision_changes(request: HttpRequest) -> HttpResponse:
    """Show to everybody how often the decisions of each released selection were changed."""
    return render(request, "applications/selection/changes.html", {"rows": released_results()})


def result_readers(user: User) -> QuerySet[Application]:
    """Return the applications whose result the person may read: their own, or as staff."""
    own = Q(pk__in=own_applications(user).order_by().values("pk"))
    staff = Q(pk__in=staff_applications(user).order_by().values("pk"))
    return Application.objects.filter(own | staff)


@signed_in
@require_safe
def application_result(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the released result with its score broken down; 404 before the release."""
    application = one_of(result_readers(request.user), pk)
    released = result(application)
    if released is None:
        raise Http404
    role = role_in(request.user, application.company_id)
    context = {
        "application": application,
        "result": released,
        "figures": key_figures(released),
        "printed": application.documents.filter(
            kind=IssuedDocument.Kind.RESULT,
            version=current_version(application, IssuedDocument.Kind.RESULT),
        ).exists(),
        "own": role,
        "opinion": opinions.shown(application, released["history"]),
        "improve": to_improve(application, released),
        "may_ask": role in WRITERS and may_ask_about_result(application),
        "objection": application.objection,
        "clock": clock(application, now()),
        "declines": role == MemberRole.OWNER
        and application.state == ApplicationState.RELEASED
        and released["outcome"] in DECLINABLE,
    }
    return render(request, "applications/selection/result.html", context)


def to_improve(application: Application, released: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the criteria in which a refused application lost most, with what assessors look for."""
    if released["outcome"] not in REFUSALS:
        return []
    guides = {row.code: row.guide for row in application.sub_program.criteria.all()}
    rows = scoring.weakest(released["breakdown"].get("criteria", []))
    return [{**row, "guide": guides.get(row["code"], "")} for row in rows]


def key_figures(released: dict[str, Any]) -> dict[str, str]:
    """Return the figures of a result as text; a missing one is named, never shown as 0."""
    total, rank, gap = released["total"], released["rank"], released["gap"]
    line = released["cut"].get("cut_total")
    distance = ""
    if gap is not None:
        distance = f"선정선보다 {abs(gap)}점 {'높습니다' if gap >= 0 else '낮습니다'}"
    return {
        "total": f"{total}점" if total is not None else "점수 없음",
        "rank": f"{rank:,}위" if rank else "순위 없음",
        "counted": f"평가한 {released['counted']:,}건 가운데",
        "cut": f"{line}점" if line is not None else "없음",
        "gap": distance,
    }
