"""Pages of a model: its card, approval, verdicts, the look at how good it is, reports."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kamp import queries
from kamp.forms.base import refuse
from kamp.forms.lab import HIGHEST, LOWEST, CostForm, DecisionForm, note_sent
from kamp.models import Clip, Inspection, InspectionModel
from kamp.rules.operating import Costs
from kamp.services import drift, judging, reports, training
from kamp.states import ModelState, Verdict
from kamp.views.lab import picture
from kamp.visibility import inspections_of, models_of, owns, reports_of
from portal.access.decorators import signed_in
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.models import Job, JobState
from portal.staff.acts import history
from portal.uploads import files

PER_PAGE = 50
VERDICT_TONES = {
    Verdict.NORMAL: "success",
    Verdict.DEFECT: "danger",
    Verdict.UNKNOWN: "warning",
    Verdict.HOLD: "info",
}
COSTS = {"miss": 1_000_000, "check": 5_000, "share": 5, "threshold": 0}


@signed_in
@require_safe
def model(request: HttpRequest, pk: int) -> HttpResponse:
    """The model card: data, parts, seed, versions, thresholds, measures with intervals, limits."""
    one = get_object_or_404(whole(request), pk=pk)
    page = Paginator(
        one.inspections.select_related("clip__product").order_by("-pk"), PER_PAGE
    ).get_page(request.GET.get("page"))
    decided = queries.latest_decisions(row.pk for row in page)
    waiting = judging.judgeable(one) if one.state == ModelState.APPROVED else []
    context = {
        **frame_of(request, one),
        "look": seen(one) if one.measures else None,
        "counts": (one.facts or {}).get("counts", {}),
        "libraries": (one.facts or {}).get("libraries", {}),
        "page": page,
        "rows": [
            {
                "row": row,
                "tone": VERDICT_TONES[Verdict(row.verdict)],
                "decision": decided.get(row.pk),
            }
            for row in page
        ],
        "tally": queries.tally(one),
        "waiting": len(waiting),
        "jobs": latest_jobs(one),
        "drift": one.drifts.order_by("-pk").first(),
        "reports": one.reports.order_by("-pk")[:5],
        "moves": history(one),
        "may_approve": one.state == ModelState.DRAFT and one.trained_by_id != request.user.pk,
        "own_work": one.state == ModelState.DRAFT and one.trained_by_id == request.user.pk,
    }
    return render(request, "kamp/lab/model.html", context)


def whole(request: HttpRequest) -> Any:
    """Models of one's firms with what their pages name."""
    return models_of(request.user).select_related(
        "dataset__workspace", "recipe", "parent__dataset", "trained_by", "approved_by", "job"
    )


def frame_of(request: HttpRequest, one: InspectionModel) -> dict[str, Any]:
    """What the pages of a model share."""
    return {
        "model": one,
        "dataset": one.dataset,
        "workspace": one.dataset.workspace,
        "owner": owns(request.user, one.dataset.workspace),
    }


def seen(one: InspectionModel) -> dict[str, Any]:
    """The figures of the card in words, misses and false rejects first."""
    found = queries.look(one, costs=Costs(1_000_000, 5_000, 0.05))
    counts = found.own.counts
    return {
        "miss": queries.spread(counts.miss),
        "false_reject": queries.spread(counts.false_reject),
        "accuracy": queries.spread(counts.accuracy),
        "auroc": one.measures["roc"]["auroc"] if one.measures.get("roc") else None,
        "kinds": [(label, queries.spread(rate), trained) for label, rate, trained in found.kinds],
        "n": counts.n,
    }


def latest_jobs(one: InspectionModel) -> list[Job]:
    """Background work on the model that goes on or needs a word."""
    kinds = [training.JOB, training.RECALIBRATE, judging.JOB, drift.JOB]
    rows = Job.objects.filter(kind__in=kinds, args__model=one.pk)
    return list(rows.exclude(state=JobState.DONE).order_by("-pk")[:3])


@signed_in
@require_POST
def model_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, retire, judge, check for drift, recalibrate or report."""
    one = get_object_or_404(whole(request), pk=pk)
    act, at, by = request.POST.get("act"), now(), request.user
    if act == "approve":
        training.approve(one, by=by, now=at)
        messages.success(request, "모델을 승인했습니다. 이제 판정에 쓸 수 있고 바꿀 수 없습니다.")
    elif act == "retire":
        training.retire(one, note=note_sent(request.POST), by=by, now=at)
        messages.success(request, "모델을 폐기했습니다.")
    elif act == "judge":
        clips = Clip.objects.filter(pk__in=judging.judgeable(one)).select_related("product")
        judging.ask(one, list(clips), by=by, now=at)
        messages.success(request, "판정을 시작했습니다.")
    elif act == "drift":
        drift.ask(one, by=by, now=at)
        messages.success(request, "촬영 조건을 확인하고 있습니다.")
    elif act == "recalibrate":
        made = training.recalibrate(one, by=by, now=at)
        messages.success(request, "재보정을 시작했습니다. 끝나면 다른 구성원이 승인하세요.")
        return redirect("kamp_model", pk=made.pk)
    elif act == "report":
        made_report = reports.request(one, by=by, now=at)
        return redirect("kamp_report", pk=made_report.pk)
    else:
        raise Http404
    return redirect("kamp_model", pk=pk)


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
    return render(request, "kamp/lab/look.html", context)


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


@signed_in
@require_http_methods(["GET", "POST"])
def inspection(request: HttpRequest, pk: int) -> HttpResponse:
    """One verdict: scores, heatmaps over the film, times, and the inspector's own word beside it."""
    rows = inspections_of(request.user).select_related("model__dataset__workspace", "clip__product")
    one = get_object_or_404(rows, pk=pk)
    form = DecisionForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            judging.decide(one, **form.cleaned_data, by=request.user, now=now())
        except PortalError as refused:
            refuse(form, refused)
        else:
            messages.success(request, "검사원 판정을 남겼습니다.")
            return redirect("kamp_inspection", pk=pk)
    mark = "[합성] " if one.model.is_synthetic else ""
    context = {
        **frame_of(request, one.model),
        "inspection": one,
        "product": one.clip.product,
        "tone": VERDICT_TONES[Verdict(one.verdict)],
        "form": form,
        "decisions": one.decisions.select_related("by").order_by("-pk"),
        "over_time": queries.timeline(
            f"{mark}{one.clip.product.serial} 프레임별 점수", one.frame_scores
        )
        if one.frame_scores
        else None,
        "total_ms": round(sum(one.times.values()), 1) if one.times else None,
        "stages": [(queries.STAGES.get(name, name), value) for name, value in one.times.items()],
        "heats": heats(one),
    }
    return render(request, "kamp/lab/inspection.html", context, status=status)


def heats(one: Inspection) -> list[tuple[int, float | None]]:
    """The frames that are shown, each with its score."""
    scores = one.frame_scores
    return [(number, scores[number] if number < len(scores) else None) for number in one.shown]


@signed_in
@require_safe
def heat(request: HttpRequest, pk: int, kind: str, number: int) -> HttpResponse:
    """Send one heatmap of a verdict: of a frame, or of the panorama (number 0)."""
    one = get_object_or_404(inspections_of(request.user), pk=pk)
    if kind not in ("heat", "panorama"):
        raise Http404
    return picture(one.pictures, "panorama" if kind == "panorama" else f"heat-{number}")


@signed_in
@require_safe
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a report (`?download=1`) or show how far its job is."""
    rows = reports_of(request.user).select_related("model__dataset__workspace", "job")
    made = get_object_or_404(rows, pk=pk)
    if made.issued_at and request.GET.get("download"):
        mark = "합성_" if made.model.is_synthetic else ""
        name = f"{mark}검사보고서_{made.model.dataset.name}_{made.model.version}판.pdf"
        return files.serve(made.file, filename=name, content_type="application/pdf")
    context = {**frame_of(request, made.model), "report": made, "job": made.job}
    return render(request, "kamp/lab/report.html", context)
