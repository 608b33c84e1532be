"""Page of a verdict: scores, heatmaps, times, and the decisions of inspectors."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from kamp.forms.inspections import DecisionForm
from kamp.models import Inspection
from kamp.queries.evaluation import STAGE_LABELS
from kamp.queries.inspections import frame_score_chart
from kamp.services import inspections
from kamp.services.clips import picture_size
from kamp.states import Verdict
from kamp.views.clips import large_page, picture_response
from kamp.views.training import VERDICT_TONES, model_context
from kamp.visibility import inspections_of
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse


@signed_in
@require_http_methods(["GET", "POST"])
def inspection(request: SignedInRequest, pk: int) -> HttpResponse:
    rows = inspections_of(request.user).select_related("model__dataset__workspace", "clip__product")
    one = get_object_or_404(rows, pk=pk)
    form = DecisionForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            inspections.decide(one, **form.cleaned_data, by=request.user, now=now())
        except PortalError as refused:
            refuse(form, refused)
        else:
            messages.success(request, "검사원 판정을 남겼습니다.")
            return redirect("kamp_inspection", pk=pk)
    prefix = "[합성] " if one.model.is_synthetic else ""
    chart_title = f"{prefix}{one.clip.product.serial} 프레임별 점수"
    context = {
        **model_context(request, one.model),
        "inspection": one,
        "product": one.clip.product,
        "tone": VERDICT_TONES[Verdict(one.verdict)],
        "form": form,
        "decisions": one.decisions.select_related("by").order_by("-pk"),
        "over_time": frame_score_chart(chart_title, one.frame_scores) if one.frame_scores else None,
        "total_ms": round(sum(one.times.values()), 1) if one.times else None,
        "stages": [(STAGE_LABELS.get(name, name), value) for name, value in one.times.items()],
        "heats": shown_scores(one),
        "panorama": picture_size(one.pictures, "panorama") if one.shown else None,
    }
    return render(request, "kamp/inspections/detail.html", context, status=status)


def shown_scores(one: Inspection) -> list[tuple[int, float | None]]:
    scores = one.frame_scores
    return [(number, scores[number] if number < len(scores) else None) for number in one.shown]


@signed_in
@require_safe
def heat(request: SignedInRequest, pk: int, kind: str, number: int) -> HttpResponse:
    rows = inspections_of(request.user).select_related("clip__product__dataset__workspace")
    one = get_object_or_404(rows, pk=pk)
    if kind not in ("heat", "panorama"):
        raise Http404
    name = "panorama" if kind == "panorama" else f"heat-{number}"
    if "large" in request.GET:
        size = picture_size(one.pictures, name)
        return large_page(request, one.clip, size, back=reverse("kamp_inspection", args=[pk]))
    return picture_response(one.pictures, name)
