"""Pages of a clip: its facts and its pictures."""

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kamp.models import Clip, Dataset
from kamp.services.clips import picture_size, read_picture
from kamp.states import ClipState
from kamp.visibility import clips_of
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.errors import NotFound

CLIP_TONES = {
    ClipState.UPLOADED: "info",
    ClipState.READY: "success",
    ClipState.HELD: "warning",
    ClipState.FAILED: "danger",
}


def clips_in(dataset: Dataset) -> QuerySet[Clip]:
    return Clip.objects.filter(product__dataset=dataset).select_related("product").order_by("-pk")


@signed_in
@require_safe
def clip(request: SignedInRequest, pk: int) -> HttpResponse:
    rows = clips_of(request.user).select_related("product__dataset__workspace")
    one = get_object_or_404(rows, pk=pk)
    context = {
        "clip": one,
        "dataset": one.product.dataset,
        "workspace": one.product.dataset.workspace,
        "tone": CLIP_TONES[ClipState(one.state)],
        "panorama": picture_size(one.pictures, "panorama") if one.shown else None,
        "inspections": one.inspections.select_related("model__dataset").order_by("-pk"),
    }
    return render(request, "kamp/clips/detail.html", context)


@signed_in
@require_safe
def frame(request: SignedInRequest, pk: int, kind: str, number: int) -> HttpResponse:
    rows = clips_of(request.user).select_related("product__dataset__workspace")
    one = get_object_or_404(rows, pk=pk)
    if kind not in ("plain", "flat", "panorama"):
        raise Http404
    name = "panorama" if kind == "panorama" else f"{kind}-{number}"
    if "large" in request.GET:
        size = picture_size(one.pictures, name)
        return large_page(request, one, size, back=reverse("kamp_clip", args=[one.pk]))
    return picture_response(one.pictures, name)


def large_page(
    request: SignedInRequest, clip: Clip, size: tuple[int, int] | None, *, back: str
) -> HttpResponse:
    """Show the picture of this address as wide as the window; without a size it does not exist."""
    if size is None:
        raise NotFound
    dataset = clip.product.dataset
    context = {
        "clip": clip,
        "dataset": dataset,
        "workspace": dataset.workspace,
        "size": size,
        "back": back,
    }
    return render(request, "kamp/clips/large.html", context)


def picture_response(archive: str, name: str) -> HttpResponse:
    """Send a picture of an archive; browsers and proxies must not store it."""
    answer = HttpResponse(read_picture(archive, name), content_type="image/png")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer
