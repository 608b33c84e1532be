"""The public page of a panel and the cards that announce panels."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal.access.decorators import public, same_for_strangers
from portal.access.requests import person
from portal.core.clock import now
from programs.rules import calendar
from programs.rules.grants import quota
from vouchers.models import PanelRound
from vouchers.queries import panel
from vouchers.states import PanelApplicationState
from vouchers.visibility import own_panel_applications, public_rounds

LABELS = {calendar.OPEN: "모집 중", calendar.UPCOMING: "모집 예정", calendar.CLOSED: "모집 마감"}
TONES = {calendar.OPEN: "success", calendar.UPCOMING: "info", calendar.CLOSED: "neutral"}


def panel_cards(at: datetime) -> list[dict[str, Any]]:
    """Return what the cards of the announced panels show, the open ones first."""
    cards = [recruitment_status(row, at) for row in public_rounds().order_by("-opens_at")]
    return sorted(cards, key=lambda card: not card["open"])


def recruitment_status(round: PanelRound, at: datetime) -> dict[str, Any]:
    """Return label, tone and days left of a round's intake."""
    state = calendar.state(round.window(), at)
    return {
        "round": round,
        "state": LABELS[state],
        "tone": TONES[state],
        "open": state == calendar.OPEN,
        "upcoming": state == calendar.UPCOMING,
        "days_left": calendar.days_left(round.window(), at),
        "target": quota.label(round.target_count, round.target_kind, "명"),
    }


@public
@same_for_strangers()
@require_safe
def panel_detail(request: HttpRequest, code: str) -> HttpResponse:
    at = now()
    round = get_object_or_404(public_rounds().select_related("award_pot"), code=code)
    mine = None
    if request.user.is_authenticated:
        mine = own_panel_applications(person(request)).filter(round=round).order_by("-pk").first()
    covered = list(panel.covered_services(round)[: panel.SHOWN_COVERED])
    context = {
        "now": at,
        "round": round,
        "status": recruitment_status(round, at),
        "kinds": list(round.kinds.all()),
        "criteria": list(round.criteria.all()),
        "covered": covered,
        "coverage": panel.coverage(round),
        "offer": panel.offer(round),
        "application": mine if mine and mine.state != PanelApplicationState.WITHDRAWN else None,
    }
    return render(request, "vouchers/panel/detail.html", context)
