"""A member's score, fees, awards and certificates."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.uploads import files
from vouchers.models import Monitor
from vouchers.queries.rewards import activity
from vouchers.rules.rewards import activity as activity_rules
from vouchers.visibility import awards_of, certificates_of, fees_of, memberships_of


@signed_in
@require_safe
def panel_activity(request: SignedInRequest) -> HttpResponse:
    rows = [
        _earned(request, member)
        for member in memberships_of(request.user).select_related("round__plan")
    ]
    return render(request, "vouchers/rewards/activity.html", {"rows": rows})


@signed_in
@require_safe
def panel_certificate(request: SignedInRequest, token: str) -> HttpResponseBase:
    certificate = get_object_or_404(
        certificates_of(request.user), token=token, issued_at__isnull=False
    )
    return files.serve(
        certificate.file,
        filename=f"{certificate.number}.pdf",
        content_type="application/pdf",
    )


def _earned(request: SignedInRequest, member: Monitor) -> dict[str, Any]:
    own = fees_of(request.user).filter(report__assignment__monitor=member)
    award = (
        awards_of(request.user)
        .filter(monitor=member)
        .select_related("award_round", "certificate")
        .first()
    )
    plan = getattr(
        member.round, "plan", None
    )  # a round may be announced before its report rules are loaded
    return {
        "member": member,
        "score": activity.scores(member.round, member)[member] if plan else None,
        "rules": activity_rules.describe(activity_rules.parse(plan.formula)) if plan else [],
        "fees": own.select_related("report__assignment__service", "settlement").order_by("pk"),
        "award": award,
    }
