"""Page of a model's performance at any threshold, in the costs of the reader's factory."""

from collections.abc import Mapping

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from kamp.forms.evaluation import HIGHEST, LOWEST, CostForm
from kamp.queries.evaluation import evaluation, percent, rate_text
from kamp.rules.evaluation import Costs, Point
from kamp.views.training import model_context, models_with_related
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest

COSTS = {"miss": 1_000_000, "check": 5_000, "share": 5, "threshold": 0}


@signed_in
@require_safe
def look(request: SignedInRequest, pk: int) -> HttpResponse:
    """Evaluate a model by the form in the query; wrong values are shown, COSTS are used instead."""
    one = get_object_or_404(models_with_related(request), pk=pk)
    if not one.measures:
        raise Http404
    values: Mapping[str, str | int] = {
        name: request.GET.get(name) or value for name, value in COSTS.items()
    }
    shown = form = CostForm(values)
    if not form.is_valid():
        values, form = COSTS, CostForm(COSTS)
        form.is_valid()
    data = form.cleaned_data
    costs = Costs(data["miss"], data["check"], float(data["share"]) / 100)
    result = evaluation(one, costs=costs, threshold=float(data["threshold"]))
    cheapest = max(LOWEST, min(HIGHEST, result.cheapest.threshold))
    context = {
        **model_context(request, one),
        "form": shown,
        "evaluation": result,
        "points": [
            point_row("지금 기준", result.chosen),
            point_row("모델의 기준", result.own),
            point_row("비용이 가장 적은 기준", result.cheapest),
        ],
        "cheapest_query": urlencode({**values, "threshold": f"{cheapest:.1f}"}),
        "kinds": [(label, rate_text(rate), trained) for label, rate, trained in result.kinds],
    }
    return render(request, "kamp/evaluation/detail.html", context)


def point_row(label: str, point: Point) -> dict[str, str]:
    return {
        "label": label,
        "threshold": f"{point.threshold:.1f}σ",
        "miss": rate_text(point.counts.miss),
        "false_reject": rate_text(point.counts.false_reject),
        "accuracy": rate_text(point.counts.accuracy),
        "won": "값 없음" if point.won is None else f"{round(point.won):,}원",
        "positive": percent(point.positive),
        "negative": percent(point.negative),
    }
