"""Evaluation."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from kamp import queries
from kamp.forms.evaluation import HIGHEST, LOWEST, CostForm
from kamp.rules.evaluation import Costs
from kamp.views.training import frame_of, whole
from portal.access.decorators import signed_in

COSTS = {"miss": 1_000_000, "check": 5_000, "share": 5, "threshold": 0}


@signed_in
@require_safe
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """How good a model is, at any threshold and in the costs of the reader's factory."""
    one = get_object_or_404(whole(request), pk=pk)
    if not one.measures:
        raise Http404
    asked = {name: request.GET.get(name) or value for name, value in COSTS.items()}
    form = CostForm(asked)
    if not form.is_valid():
        form_shown, asked = form, COSTS
        form = CostForm(COSTS)
        form.is_valid()
    else:
        form_shown = form
    data = form.cleaned_data
    costs = Costs(data["miss"], data["check"], float(data["share"]) / 100)
    found = queries.look(one, costs=costs, threshold=float(data["threshold"]))
    context = {
        **frame_of(request, one),
        "form": form_shown,
        "look": found,
        "points": [
            point_words("지금 기준", found.chosen),
            point_words("모델의 기준", found.own),
            point_words("비용이 가장 적은 기준", found.cheapest),
        ],
        "cheapest_query": urlencode(
            {**asked, "threshold": f"{max(LOWEST, min(HIGHEST, found.cheapest.threshold)):.1f}"}
        ),
        "kinds": [(label, queries.spread(rate), trained) for label, rate, trained in found.kinds],
    }
    return render(request, "kamp/evaluation/detail.html", context)


def point_words(label: str, point: Any) -> dict[str, str]:
    """One threshold in words."""
    return {
        "label": label,
        "threshold": f"{point.threshold:.1f}σ",
        "miss": queries.spread(point.counts.miss),
        "false_reject": queries.spread(point.counts.false_reject),
        "accuracy": queries.spread(point.counts.accuracy),
        "won": "값 없음" if point.won is None else f"{round(point.won):,}원",
        "positive": queries.percent(point.positive),
        "negative": queries.percent(point.negative),
    }
