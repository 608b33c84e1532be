"""Pages of an expert: pools, work, application to a pool."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from applications.forms.delivery import ExpertForm
from applications.models import Deliverable, Expert
from applications.queries import delivery as delivery_queries
from applications.services.delivery import experts
from applications.visibility import experts_of
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse
from programs.models import ProgramRound

SHOWN = 100  # of the deliverables assigned to an expert


@signed_in
@require_safe
def expert_desk(request: SignedInRequest) -> HttpResponse:
    """List the pools with the expert's status in each, and the deliverables assigned to them."""
    mine = list(experts_of(request.user).order_by("pk"))
    rounds = ProgramRound.objects.filter(announced=True).order_by("-opens_at")
    pools = [
        {"round": round, "pool": row, "expert": _latest(mine, row["code"])}
        for round in rounds[:1]
        for row in round.pools
    ]
    work = (
        Deliverable.objects.filter(expert__in=mine)
        .select_related(
            "expert__user", "agreement__application__company", "agreement__application__sub_program"
        )
        .order_by("-pk")
    )
    total, work = work.count(), work[:SHOWN]
    rows = [{"at": found, "tone": found.tone} for found in delivery_queries.statuses_of(list(work))]
    return render(
        request,
        "applications/delivery/expert_list.html",
        {"pools": pools, "rows": rows, "total": total},
    )


def _latest(mine: list[Expert], pool: str) -> Expert | None:
    return next((row for row in reversed(mine) if row.pool == pool), None)


@signed_in
@require_http_methods(["GET", "POST"])
def expert_apply(request: SignedInRequest, round: str, pool: str) -> HttpResponse:
    """Apply to a pool of experts."""
    at = now()
    found = get_object_or_404(ProgramRound.objects.filter(announced=True), code=round)
    row = next((one for one in found.pools if one["code"] == pool), None)
    if row is None:
        raise Http404
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ExpertForm(*data, pool=row)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            experts.apply(found, pool=pool, **form.data_to_save(), by=request.user, now=at)
        except PortalError as refused:
            refuse(form, refused, fields=EXPERT_FIELDS)
            status = refused.status
        else:
            messages.success(request, "전문가 등록을 신청했습니다. 담당자가 증빙을 확인합니다.")
            return redirect("expert_desk")
    context = {"form": form, "pool": row, "round": found}
    return render(request, "applications/delivery/expert_apply.html", context, status=status)


EXPERT_FIELDS = {
    "fields": "fields_of",
    "institution": "institution",
    "business_number": "institution_number",
    **dict.fromkeys(
        (
            "file_empty",
            "file_too_large",
            "file_type",
            "file_mismatch",
            "file_unsafe",
            "file_damaged",
        ),
        "evidence",
    ),
}
