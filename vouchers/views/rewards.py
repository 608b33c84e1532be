"""Rewards."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal.access.decorators import signed_in
from portal.access.requests import person
from portal.uploads import files
from vouchers.models import Monitor
from vouchers.queries.rewards import activity
from vouchers.rules.rewards import activity as rules
from vouchers.visibility import (
    awards_of,
    certificates_of,
    fees_of,
    memberships_of,
)


@signed_in
@require_safe
def panel_activity(request: HttpRequest) -> HttpResponse:
    """Show what a member's work has come to: score with its lines, fees, awards."""
    rows = [
        _earned(request, member)
        for member in memberships_of(person(request)).select_related("round__plan")
    ]
    return render(request, "vouchers/rewards/activity.html", {"rows": rows})


@signed_in
@require_safe
def panel_certificate(request: HttpRequest, token: str) -> HttpResponse:
    """Hand out a certificate."""
    paper = get_object_or_404(
        certificates_of(person(request)), token=token, issued_at__isnull=False
    )
    return files.serve(paper.file, filename=f"{paper.number}.pdf", content_type="application/pdf")


def _earned(request: HttpRequest, member: Monitor) -> dict[str, Any]:
    own = fees_of(person(request)).filter(report__assignment__monitor=member)
    award = (
        awards_of(person(request))
        .filter(monitor=member)
        .select_related("award_round", "certificate")
        .first()
    )
    plan = getattr(member.round, "plan", None)  # a round may be announced before its rules
    return {
        "member": member,
        "score": activity.scores(member.round, member)[member] if plan else None,
        "rules": rules.words(rules.parse(plan.formula)) if plan else [],
        "fees": own.select_related("report__assignment__service", "settlement").order_by("pk"),
        "award": award,
    }
