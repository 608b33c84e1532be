"""Page of a model: its card, approval, verdicts and background work."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from kamp.models import Clip, InspectionModel
from kamp.queries.evaluation import evaluation, rate_text
from kamp.queries.inspections import latest_decisions, verdict_counts
from kamp.rules.evaluation import Costs
from kamp.services import drift, inspections, reports, training
from kamp.states import ModelState, Verdict
from kamp.visibility import models_of, owns
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.forms.fields import read_note
from portal.models import Job, JobState
from portal.staff.acts import history

PER_PAGE = 50
VERDICT_TONES = {
    Verdict.NORMAL: "success",
    Verdict.DEFECT: "danger",
    Verdict.UNKNOWN: "warning",
    Verdict.HOLD: "info",
}


@signed_in
@require_safe
def model(request: SignedInRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(models_with_related(request), pk=pk)
    page = Paginator(
        one.inspections.select_related("clip__product").order_by("-pk"), PER_PAGE
    ).get_page(request.GET.get("page"))
    decided = latest_decisions(row.pk for row in page)
    pending = inspections.judgeable(one) if one.state == ModelState.APPROVED else []
    context = {
        **model_context(request, one),
        "evaluation": card(one) if one.measures else None,
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
        "tally": verdict_counts(one),
        "pending": len(pending),
        "jobs": unfinished_jobs(one),
        "drift": one.drifts.order_by("-pk").first(),
        "reports": one.reports.order_by("-pk")[:5],
        "moves": history(one),
        "may_approve": one.state == ModelState.DRAFT and one.trained_by_id != request.user.pk,
        "own_work": one.state == ModelState.DRAFT and one.trained_by_id == request.user.pk,
    }
    return render(request, "kamp/training/model.html", context)


def models_with_related(request: SignedInRequest) -> QuerySet[InspectionModel]:
    return models_of(request.user).select_related(
        "dataset__workspace", "recipe", "parent__dataset", "trained_by", "approved_by", "job"
    )


def model_context(request: SignedInRequest, one: InspectionModel) -> dict[str, Any]:
    return {
        "model": one,
        "dataset": one.dataset,
        "workspace": one.dataset.workspace,
        "owner": owns(request.user, one.dataset.workspace),
    }


def card(one: InspectionModel) -> dict[str, Any]:
    # The card shows rates only, so any costs will do.
    result = evaluation(one, costs=Costs(1_000_000, 5_000, 0.05))
    counts = result.own.counts
    return {
        "miss": rate_text(counts.miss),
        "false_reject": rate_text(counts.false_reject),
        "accuracy": rate_text(counts.accuracy),
        "auroc": one.measures["roc"]["auroc"] if one.measures.get("roc") else None,
        "kinds": [(label, rate_text(rate), trained) for label, rate, trained in result.kinds],
        "n": counts.n,
    }


def unfinished_jobs(one: InspectionModel) -> list[Job]:
    kinds = [training.JOB, training.RECALIBRATE, inspections.JOB, drift.JOB]
    rows = Job.objects.filter(kind__in=kinds, args__model=one.pk)
    return list(rows.exclude(state=JobState.DONE).order_by("-pk")[:3])


@signed_in
@require_POST
def model_act(request: SignedInRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(models_with_related(request), pk=pk)
    act, at, by = request.POST.get("act"), now(), request.user
    if act == "approve":
        training.approve(one, by=by, now=at)
        messages.success(request, "모델을 승인했습니다. 이제 판정에 쓸 수 있고 바꿀 수 없습니다.")
    elif act == "retire":
        training.retire(one, note=read_note(request.POST), by=by, now=at)
        messages.success(request, "모델을 폐기했습니다.")
    elif act == "judge":
        clips = Clip.objects.filter(pk__in=inspections.judgeable(one)).select_related("product")
        inspections.request(one, list(clips), by=by, now=at)
        messages.success(request, "판정을 시작했습니다.")
    elif act == "drift":
        if drift.request(one, by=by, now=at):
            messages.success(request, "촬영 조건을 확인하고 있습니다.")
        else:
            messages.info(
                request,
                "지난 확인 뒤에 정상으로 표시한 제품이 없어 결과가 그대로입니다. 새 제품을 판정하고 "
                "정상으로 표시한 뒤 다시 확인하세요.",
            )
    elif act == "recalibrate":
        successor = training.recalibrate(one, by=by, now=at)
        messages.success(request, "재보정을 시작했습니다. 끝나면 다른 구성원이 승인하세요.")
        return redirect("kamp_model", pk=successor.pk)
    elif act == "report":
        report = reports.request(one, by=by, now=at)
        return redirect("kamp_report", pk=report.pk)
    else:
        raise Http404
    return redirect("kamp_model", pk=pk)
