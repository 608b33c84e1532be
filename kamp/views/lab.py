"""Pages of the workshop: a firm's room, its data sets, uploads, clips and background jobs."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kamp import queries
from kamp.forms.base import refuse
from kamp.forms.lab import DatasetForm, RetentionForm, SyntheticForm, UploadForm
from kamp.models import Clip, Dataset
from kamp.services import albums, datasets, retention, synthesis, training
from kamp.states import ClipState, DataKind, ModelState
from kamp.visibility import clips_of, datasets_of, job_of, workspaces_of
from portal.access.decorators import signed_in
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.jobs import queue
from portal.models import Job, JobState

PER_PAGE = 50
CLIP_TONES = {
    ClipState.UPLOADED: "info",
    ClipState.READY: "success",
    ClipState.HELD: "warning",
    ClipState.FAILED: "danger",
}


@signed_in
@require_http_methods(["GET", "POST"])
def workspace(request: HttpRequest, pk: int) -> HttpResponse:
    """A firm's room: its data sets, models, how full it is; make synthetic products to try."""
    firm = get_object_or_404(workspaces_of(request.user), pk=pk)
    form = SyntheticForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            made, _ = synthesis.ask(firm, **form.cleaned_data, by=request.user, now=now())
        except PortalError as refused:
            refuse(form, refused)
        else:
            messages.success(request, "합성 제품을 만들고 있습니다.")
            return redirect("kamp_dataset", pk=made.pk)
    sets = firm.datasets.annotate(
        products_count=Count("products", distinct=True),
        models_count=Count("models", filter=~Q(models__state=ModelState.RETIRED), distinct=True),
    )
    context = {
        "workspace": firm,
        "datasets": sets.order_by("-pk"),
        "used": datasets.used_bytes(firm),
        "form": form,
    }
    return render(request, "kamp/lab/workspace.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def dataset_new(request: HttpRequest, workspace: int) -> HttpResponse:
    """Open a data set."""
    firm = get_object_or_404(workspaces_of(request.user), pk=workspace)
    form = DatasetForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            made = datasets.create(firm, data=form.cleaned_data, by=request.user, now=now())
        except PortalError as refused:
            refuse(form, refused, fields={"dataset_taken": "name", "retention": "retain_until"})
        else:
            return redirect("kamp_dataset", pk=made.pk)
    context = {"workspace": firm, "form": form}
    return render(request, "kamp/lab/dataset_new.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def dataset(request: HttpRequest, pk: int) -> HttpResponse:
    """A data set: uploads, products with their labels, duplicates, what training still needs."""
    rows = datasets_of(request.user).select_related("workspace", "recipe")
    one = get_object_or_404(rows, pk=pk)
    images = one.modality == DataKind.IMAGE
    upload = UploadForm(images=images)
    until = RetentionForm(initial={"retain_until": one.retain_until}, prefix="until")
    status = 200
    if request.method == "POST":
        if request.POST.get("act") == "upload":
            upload = UploadForm(request.POST, request.FILES, images=images)
        elif request.POST.get("act") == "retain":
            until = RetentionForm(request.POST, prefix="until")
        answer = change(request, one, upload, until)
        if answer is not None:
            return answer
        status = 400
    context = {**told(request, one), "upload": upload, "until": until}
    return render(request, "kamp/lab/dataset.html", context, status=status)


def change(
    request: HttpRequest, one: Dataset, upload: UploadForm, until: RetentionForm
) -> HttpResponse | None:
    """Do one of the page's acts; nothing when a form has errors."""
    act, at = request.POST.get("act"), now()
    if act == "upload":
        if not upload.is_valid():
            return None
        try:
            taken = upload.cleaned_data
            clips = datasets.upload(
                one, uploads=taken["files"], serial=taken["serial"], by=request.user, now=at
            )
        except PortalError as refused:
            refuse(upload, refused)
            return None
        messages.success(request, f"{len(clips)}개를 받았습니다. 이미지를 추출하고 있습니다.")
    elif act == "retain":
        if not until.is_valid():
            return None
        day = until.cleaned_data["retain_until"]
        try:
            retention.extend(one, until=day, by=request.user, now=at)
        except PortalError as refused:
            refuse(until, refused, fields={"retention": "retain_until"})
            return None
        messages.success(request, "보관 기한을 바꿨습니다.")
    elif act == "train":
        model = training.ask(one, by=request.user, now=at)
        return redirect("kamp_model", pk=model.pk)
    elif act == "leave_out":
        clip = get_object_or_404(
            Clip.objects.filter(product__dataset=one), pk=row_number(request.POST.get("clip"))
        )
        datasets.leave_out(clip, by=request.user, now=at)
        messages.success(request, f"‘{clip.name}’ 영상을 학습에서 뺐습니다.")
    else:
        raise Http404
    return redirect("kamp_dataset", pk=one.pk)


def told(request: HttpRequest, one: Dataset) -> dict[str, Any]:
    """What the page of a data set shows."""
    page = Paginator(clips_in(one), PER_PAGE).get_page(request.GET.get("page"))
    known = queries.truths(one.products.all())
    return {
        "dataset": one,
        "workspace": one.workspace,
        "page": page,
        "rows": [
            {
                "clip": clip,
                "tone": CLIP_TONES[ClipState(clip.state)],
                "truth": known.get(clip.product_id),
            }
            for clip in page
        ],
        "labelled": len(known),
        "products": one.products.count(),
        "counts": queries.counts(one),
        "agreement": queries.agreement(one),
        "duplicates": list(queries.open_duplicates(one)),
        "obstacles": training.obstacles(one),
        "models": one.models.order_by("-version"),
        "jobs": latest_jobs(one),
    }


def clips_in(one: Dataset) -> QuerySet[Clip]:
    """The clips of a set, the latest first."""
    return Clip.objects.filter(product__dataset=one).select_related("product").order_by("-pk")


def latest_jobs(one: Dataset) -> list[Job]:
    """Background work on the set that goes on or needs a word."""
    rows = Job.objects.filter(kind__in=[datasets.EXTRACT, synthesis.JOB], args__dataset=one.pk)
    return list(rows.exclude(state=JobState.DONE).order_by("-pk")[:3])


@signed_in
@require_safe
def clip(request: HttpRequest, pk: int) -> HttpResponse:
    """One clip: what it is, how it was taken, its frames as taken and flattened."""
    rows = clips_of(request.user).select_related("product__dataset__workspace")
    one = get_object_or_404(rows, pk=pk)
    context = {
        "clip": one,
        "dataset": one.product.dataset,
        "workspace": one.product.dataset.workspace,
        "tone": CLIP_TONES[ClipState(one.state)],
        "inspections": one.inspections.select_related("model__dataset").order_by("-pk"),
    }
    return render(request, "kamp/lab/clip.html", context)


@signed_in
@require_safe
def frame(request: HttpRequest, pk: int, kind: str, number: int) -> HttpResponse:
    """Send one picture of a clip: plain, flat, or the panorama (number 0)."""
    one = get_object_or_404(clips_of(request.user), pk=pk)
    if kind not in ("plain", "flat", "panorama"):
        raise Http404
    name = "panorama" if kind == "panorama" else f"{kind}-{number}"
    return picture(one.pictures, name)


def picture(kept: str, name: str) -> HttpResponse:
    """Answer with a kept picture that nobody else may keep."""
    answer = HttpResponse(albums.picture(kept, name), content_type="image/png")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer


@signed_in
@require_safe
def job(request: HttpRequest, pk: int) -> JsonResponse:
    """Say how far a job of one's firm is."""
    return JsonResponse(queue.told(own_job(request, pk)))


@signed_in
@require_POST
def job_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a job of one's firm, or let it go on where it stopped."""
    one = own_job(request, pk)
    act = request.POST.get("act")
    if act == "cancel" and queue.cancel(one, now=now()):
        messages.success(request, "작업을 멈춥니다. 여기까지 한 일은 남습니다.")
    elif act == "resume" and queue.retry(one):
        messages.success(request, "멈춘 곳부터 이어서 합니다.")
    else:
        messages.info(request, "이미 끝난 작업입니다.")
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if safe else "kamp_lab")


def own_job(request: HttpRequest, pk: int) -> Job:
    """Find a job of one's firm."""
    one = job_of(request.user, pk)
    if one is None:
        raise Http404
    return one
