"""Pages of the workshop: a firm's room, its data sets, uploads, clips and background jobs."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from kamp import queries
from kamp.forms.clips import UploadForm
from kamp.forms.datasets import DatasetForm, RetentionForm
from kamp.forms.reasons import refuse
from kamp.models import Clip, Dataset
from kamp.services import clips as clips_services
from kamp.services import datasets, synthesis, training
from kamp.states import ClipState, DataKind
from kamp.views.clips import CLIP_TONES, clips_in
from kamp.visibility import datasets_of, workspaces_of
from portal.access.decorators import signed_in
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.models import Job, JobState

PER_PAGE = 50


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
    return render(request, "kamp/datasets/new.html", context, status=status)


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
    return render(request, "kamp/datasets/detail.html", context, status=status)


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
            clips = clips_services.upload(
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
            datasets.extend(one, until=day, by=request.user, now=at)
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
        clips_services.leave_out(clip, by=request.user, now=at)
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


def latest_jobs(one: Dataset) -> list[Job]:
    """Background work on the set that goes on or needs a word."""
    rows = Job.objects.filter(
        kind__in=[clips_services.EXTRACT, synthesis.JOB], args__dataset=one.pk
    )
    return list(rows.exclude(state=JobState.DONE).order_by("-pk")[:3])
