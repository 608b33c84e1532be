"""Public statistics: the figures of a round as charts, each with its table."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from applications.queries.open_data.publication import publication
from applications.queries.statistics import charts, figures
from portal.access.decorators import may_be_older, public, same_for_strangers
from portal.core.clock import now
from programs.queries.kept import current_round
from programs.visibility import public_rounds


@public
@same_for_strangers("round")
@may_be_older
@require_safe
def statistics_page(request: HttpRequest) -> HttpResponse:
    at = now()
    rounds = list(public_rounds().order_by("-opens_at"))
    code = request.GET.get("round", "")
    round = next((row for row in rounds if row.code == code), current_round(at))
    context = {
        "now": at,
        "rounds": rounds,
        "round": round,
        "goals": figures.goals(),
        "drawn": charts.drawn(figures.figures(round, public=True)) if round else [],
        "rule": publication().rule,
        "goals_chart": charts.goals(figures.goals()),
    }
    return render(request, "applications/statistics/statistics.html", context)
