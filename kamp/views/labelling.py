"""The label page: usable by keyboard alone and without a script."""

from django.contrib import messages
from django.db.models import Count, F, Max, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kamp.forms.labelling import LabelForm
from kamp.models import Dataset, Product
from kamp.services import labelling
from kamp.services.labelling import needs_second_label
from kamp.states import ClipState, Mark
from kamp.visibility import datasets_of, products_of
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.models import User

SEARCHED = 2_000  # products labelled by others among which one for a second label is looked for


@signed_in
@require_safe
def queue(request: SignedInRequest, pk: int) -> HttpResponse:
    dataset = get_object_or_404(datasets_of(request.user), pk=pk)
    product = next_product(dataset, request.user)
    if product is None:
        messages.success(request, "라벨을 붙일 제품이 더 없습니다.")
        return redirect("kamp_dataset", pk=pk)
    return redirect("kamp_label", pk=product.pk)


def next_product(dataset: Dataset, user: User, *, but: int = 0) -> Product | None:
    """Return the next product to label: unlabelled ones first, then those for a second label.

    Of either, the one with the highest anomaly score first.
    """
    rows = dataset.products.filter(clips__state=ClipState.READY).exclude(pk=but)
    valid = Q(labels__undo=None)
    rows = rows.annotate(
        strange=Max("clips__inspections__anomaly_score"),
        given=Count("labels", filter=valid, distinct=True),
        mine=Count("labels", filter=valid & Q(labels__by=user), distinct=True),
        people=Count("labels__by", filter=valid, distinct=True),
    ).order_by(F("strange").desc(nulls_last=True), "pk")
    first = rows.filter(given=0).first()
    if first is not None:
        return first
    second = rows.filter(mine=0, people=1).select_related("dataset")[:SEARCHED]
    return next((row for row in second if needs_second_label(row)), None)


@signed_in
@require_http_methods(["GET", "POST"])
def label(request: SignedInRequest, pk: int) -> HttpResponse:
    rows = products_of(request.user).select_related("dataset__workspace")
    product = get_object_or_404(rows, pk=pk)
    clip = product.clips.filter(state=ClipState.READY).order_by("pk").first()
    number = shown_frame(request, clip.shown if clip else [])
    form = LabelForm(request.POST or None, initial={"frame": number})
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        data = form.cleaned_data
        try:
            labelling.label(
                product,
                mark=data["mark"],
                defect=data["defect"],
                frame=data["frame"],
                box=form.box() if data["mark"] == Mark.DEFECT else None,
                by=request.user,
                now=now(),
            )
        except PortalError as refused:
            refuse(form, refused, fields={"defect_kind": "defect", "box": "x", "frame": "x"})
        else:
            return redirect_to_next(request, product)
    context = {
        "form": form,
        "product": product,
        "dataset": product.dataset,
        "workspace": product.dataset.workspace,
        "clip": clip,
        "number": number,
        "view": "plain" if request.GET.get("view") == "plain" else "flat",
        "labels": product.labels.select_related("by", "undo").order_by("-pk")[:10],
        "last": labelling.last_label(product.dataset, request.user),
        "second": needs_second_label(product),
    }
    return render(request, "kamp/labelling/label.html", context, status=status)


@signed_in
@require_POST
def undo(request: SignedInRequest, pk: int) -> HttpResponse:
    dataset = get_object_or_404(datasets_of(request.user), pk=pk)
    product = labelling.undo(dataset, by=request.user, now=now())
    messages.success(request, f"{product.serial}에 붙인 라벨을 되돌렸습니다.")
    return redirect("kamp_label", pk=product.pk)


def shown_frame(request: SignedInRequest, shown: list[int]) -> int | None:
    """Return the requested frame if it is among those shown, else the middle one."""
    if not shown:
        return None
    requested = row_number(request.POST.get("frame") or request.GET.get("frame"))
    return requested if requested in shown else shown[len(shown) // 2]


def redirect_to_next(request: SignedInRequest, product: Product) -> HttpResponse:
    following = next_product(product.dataset, request.user, but=product.pk)
    if following is None:
        messages.success(request, "라벨을 모두 붙였습니다.")
        return redirect("kamp_dataset", pk=product.dataset_id)
    return redirect("kamp_label", pk=following.pk)
