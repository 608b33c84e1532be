"""A member's own page, and leaving the panel."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from vouchers.services import assignment
from vouchers.states import AssignmentState, MonitorState, PanelApplicationState
from vouchers.views.assignment import assignment_row, may_wish, with_reason
from vouchers.views.recruitment import TONES
from vouchers.visibility import memberships_of, own_assignments, own_panel_applications

LISTED = 50  # applications
MEMBER_TONES = {
    MonitorState.ACTIVE: "success",
    MonitorState.LEFT: "neutral",
    MonitorState.EXCLUDED: "danger",
}


@signed_in
@require_safe
def panel_desk(request: SignedInRequest) -> HttpResponse:
    user = request.user
    at = now()
    memberships = memberships_of(user).select_related("round").order_by("-pk")
    assigned: dict[int, list[Any]] = {}
    for row in (
        own_assignments(user)
        .filter(state=AssignmentState.ACTIVE)
        .select_related("service__supplier", "round", "monitor__user", "report")
        .order_by("service__name", "pk")
    ):
        assigned.setdefault(row.monitor_id, []).append(assignment_row(row, at))
    applications = own_panel_applications(user).select_related("round").order_by("-pk")
    context = {
        "now": at,
        "memberships": [
            {
                "monitor": row,
                "tone": MEMBER_TONES[MonitorState(row.state)],
                "active": row.state == MonitorState.ACTIVE,
                "assignments": assigned.get(row.pk, []),
                "may_wish": may_wish(row, at),
            }
            for row in memberships
        ],
        "applications": [
            {"application": row, "tone": TONES[PanelApplicationState(row.state)]}
            for row in applications[:LISTED]
        ],
    }
    return render(request, "vouchers/members/desk.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_leave(request: SignedInRequest, pk: int) -> HttpResponse:
    monitor = get_object_or_404(memberships_of(request.user).select_related("round"), pk=pk)
    texts = {
        "title": "모니터링단 사퇴",
        "words": "남은 체험은 다른 단원에게 다시 배정합니다. 사퇴는 되돌릴 수 없습니다.",
        "button": "사퇴하기",
    }
    act = partial(assignment.leave, monitor)
    return with_reason(request, act, texts, done="모니터링단에서 사퇴했습니다.")
