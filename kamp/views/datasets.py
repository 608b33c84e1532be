"""Pages of a data set: creation, uploads, products with their labels, training, retention."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from kamp.forms.clips import UploadForm
from kamp.forms.datasets import DatasetForm, RetentionForm
from kamp.models import Clip, Dataset
from kamp.queries.clips import open_duplicates
from kamp.queries.labelling import agreement, truths
from kamp.queries.training import manifest_counts
from kamp.services import clips, datasets, synthesis, training
from kamp.states import ClipState, DataKind
from kamp.views.clips import CLIP_TONES, clips_in
from kamp.visibility import datasets_of, workspaces_of
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.models import Job, JobState

PER_PAGE = 50


@signed_in
@require_http_methods(["GET", "POST"])
def dataset_new(request: SignedInRequest, workspace: int) -> HttpResponse:
    firm = get_object_or_404(workspaces_of(request.user), pk=workspace)
    form = DatasetForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            created = datasets.create(firm, data=form.cleaned_data, by=request.user, now=now())
        except PortalError as refused:
            refuse(form, refused, fields={"dataset_taken": "name", "retention": "retain_until"})
        else:
            return redirect("kamp_dataset", pk=created.pk)
    context = {"workspace": firm, "form": form}
    return render(request, "kamp/datasets/new.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def dataset(request: SignedInRequest, pk: int) -> HttpResponse:
    rows = datasets_of(request.user).select_related("workspace", "recipe")
    one = get_object_or_404(rows, pk=pk)
    images = one.modality == DataKind.IMAGE
    upload = UploadForm(images=images)
    until = RetentionForm(initial={"retain_until": one.retain_until}, prefix="until")
    status = 200
    if request.method == "POST":
        act = request.POST.get("act", "")
        if act == "upload":
            upload = UploadForm(request.POST, request.FILES, images=images)
            answer = upload_clips(request, one, upload)
        elif act == "retain":
            until = RetentionForm(request.POST, prefix="until")
            answer = change_retention(request, one, until)
        else:
            answer = dataset_act(request, one, act)
        if answer is not None:
            return answer
        status = 400
    context = {**dataset_context(request, one), "upload": upload, "until": until}
    return render(request, "kamp/datasets/detail.html", context, status=status)


def upload_clips(request: SignedInRequest, one: Dataset, form: UploadForm) -> HttpResponse | None:
    """Store the clips of the form; return None when the form has errors."""
    if not form.is_valid():
        return None
    data = form.cleaned_data
    try:
        stored = clips.upload(
            one, uploads=data["files"], serial=data["serial"], by=request.user, now=now()
        )
    except PortalError as refused:
        refuse(form, refused)
        return None
    messages.success(request, f"{len(stored)}개를 받았습니다. 이미지를 추출하고 있습니다.")
    return redirect("kamp_dataset", pk=one.pk)


def change_retention(
    request: SignedInRequest, one: Dataset, form: RetentionForm
) -> HttpResponse | None:
    """Set the day of the form; return None when the form has errors."""
    if not form.is_valid():
        return None
    day = form.cleaned_data["retain_until"]
    try:
        datasets.change_retention(one, until=day, by=request.user, now=now())
    except PortalError as refused:
        refuse(form, refused, fields={"retention": "retain_until"})
        return None
    messages.success(request, "보관 기한을 바꿨습니다.")
    return redirect("kamp_dataset", pk=one.pk)


def dataset_act(request: SignedInRequest, one: Dataset, act: str) -> HttpResponse:
    if act == "train":
        model = training.request(one, by=request.user, now=now())
        return redirect("kamp_model", pk=model.pk)
    if act != "leave_out":
        raise Http404
    rows = Clip.objects.filter(product__dataset=one)
    clip = get_object_or_404(rows, pk=row_number(request.POST.get("clip")))
    clips.leave_out(clip, by=request.user, now=now())
    messages.success(request, f"‘{clip.name}’ 영상을 학습에서 뺐습니다.")
    return redirect("kamp_dataset", pk=one.pk)


def dataset_context(request: SignedInRequest, one: Dataset) -> dict[str, Any]:
    page = Paginator(clips_in(one), PER_PAGE).get_page(request.GET.get("page"))
    labels = truths(one.products.all())
    return {
        "dataset": one,
        "workspace": one.workspace,
        "page": page,
        "rows": [
            {
                "clip": clip,
                "tone": CLIP_TONES[ClipState(clip.state)],
                "truth": labels.get(clip.product_id),
            }
            for clip in page
        ],
        "labelled": len(labels),
        "products": one.products.count(),
        "counts": manifest_counts(one),
        "agreement": agreement(one),
        "duplicates": list(open_duplicates(one)),
        "obstacles": training.obstacles(one),
        "models": one.models.order_by("-version"),
        "jobs": unfinished_jobs(one),
    }


def unfinished_jobs(one: Dataset) -> list[Job]:
    rows = Job.objects.filter(kind__in=[clips.EXTRACT, synthesis.JOB], args__dataset=one.pk)
    return list(rows.exclude(state=JobState.DONE).order_by("-pk")[:3])
