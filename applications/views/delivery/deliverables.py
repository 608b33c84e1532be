"""Pages of the deliverables of an agreement, for the firm, its suppliers and its experts."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from applications.forms.delivery import AnswerForm, EntryForm, LevelForm
from applications.models import Deliverable, DeliveryEntry, DeliveryFile
from applications.queries import delivery as delivery_queries
from applications.queries.delivery import EXPERT, FIRM
from applications.services.delivery import deliverables
from applications.states import DeliverableState
from applications.visibility import agreements_of, deliverables_of, delivery_files_of
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.uploads import files


@signed_in
@require_safe
def delivery_list(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show everything an application's agreement delivers, and how far each is."""
    agreement = get_object_or_404(
        agreements_of(request.user).select_related("application__sub_program"), application=pk
    )
    rows = agreement.deliverables.select_related("expert__user").order_by("order")
    context = {
        "application": agreement.application,
        "agreement": agreement,
        "rows": [
            {"at": found, "tone": found.tone} for found in delivery_queries.statuses_of(list(rows))
        ],
    }
    return render(request, "applications/delivery/list.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def delivery_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """One deliverable with its records: write one, hand in, confirm, send back."""
    deliverable = _deliverable(request, pk)
    sides = delivery_queries.sides_of(request.user, deliverable)
    forms = _forms(request, deliverable)
    status = 200
    if request.method == "POST":
        act = ACTS.get(request.POST.get("act", ""))
        if act is None:
            raise Http404
        form = forms[act[0]]
        status = 400
        if form.is_valid():
            try:
                message = act[1](request, deliverable, form.cleaned_data)
            except PortalError as refused:
                if refused.status == 404:
                    raise
                refuse(form, refused, fields=FIELDS)
                status = refused.status
            else:
                messages.success(request, message)
                return redirect("delivery_detail", pk=pk)
    return render(
        request,
        "applications/delivery/detail.html",
        {
            **_page(deliverable, sides, forms),
            "sent_entry": row_number(request.POST.get("entry")) if status != 200 else None,
        },
        status=status,
    )


FIELDS = {
    "note_required": "note",
    "entry_day": "on",
    "entry_empty": "title",
    "level": "level",
    "result_missing": "level",
    "file_missing": "files",
}


def _deliverable(request: SignedInRequest, pk: int) -> Deliverable:
    seen = deliverables_of(request.user).select_related(
        "agreement__application__sub_program__round",
        "agreement__application__company",
        "expert__user",
    )
    return get_object_or_404(seen, pk=pk)


def _forms(request: SignedInRequest, deliverable: Deliverable) -> dict[str, Any]:
    act = request.POST.get("act", "")
    sent = ACTS[act][0] if act in ACTS else ""
    data = {name: (request.POST, request.FILES) if name == sent else () for name in
            ("entry", "answer", "level")}  # fmt: skip
    levels = delivery_queries.level_choices(deliverable) if deliverable.spec.get("result") else []
    return {
        "entry": EntryForm(
            *data["entry"],
            labels=deliverable.spec["entry"],
            needs_files=bool(deliverable.spec.get("files")),
            initial={"on": None},
        ),
        "answer": AnswerForm(*data["answer"][:1]),
        "level": LevelForm(*data["level"][:1], levels=levels)
        if levels
        else AnswerForm(*data["level"][:1]),
    }


def _page(deliverable: Deliverable, sides: frozenset[str], forms: dict[str, Any]) -> dict[str, Any]:
    spec, state = deliverable.spec, deliverable.state
    acting = sides if delivery_queries.goes_on(deliverable) else frozenset()
    does, judges = spec["by"] in acting, delivery_queries.confirming_side(deliverable) in acting
    found = delivery_queries.status_of(deliverable)
    writable = state == DeliverableState.UNDER_WAY or (
        state == DeliverableState.PLANNED
        and not found.blocked_on
        and not (spec["by"] == EXPERT and deliverable.expert_id is None)
    )
    return {
        "deliverable": deliverable,
        "application": deliverable.agreement.application,
        "at": found,
        "tone": found.tone,
        "entries": deliverable.entries.select_related("written_by", "answered_by").prefetch_related(
            "files"
        ),
        "words": spec["entry"],
        "forms": forms,
        "writes": does and writable,
        "hands_in": does and state == DeliverableState.UNDER_WAY,
        "judges": judges and state == DeliverableState.HANDED_IN,
        "confirms": FIRM in acting
        and spec.get("confirmed")
        and state == DeliverableState.UNDER_WAY,
        "levels": bool(spec.get("result")),
        "from_desk": EXPERT in sides,
        "history": deliverable.moves.select_related("by").order_by("-pk"),
    }


def _write(request: SignedInRequest, deliverable: Deliverable, data: dict[str, Any]) -> str:
    uploads = data.pop("files") or []
    deliverables.add_entry(deliverable, **data, uploads=uploads, by=request.user, now=now())
    return "기록을 남겼습니다."


def _confirm(request: SignedInRequest, deliverable: Deliverable, data: dict[str, Any]) -> str:
    return _answer(request, deliverable, data, agree=True)


def _disagree(request: SignedInRequest, deliverable: Deliverable, data: dict[str, Any]) -> str:
    return _answer(request, deliverable, data, agree=False)


def _answer(
    request: SignedInRequest, deliverable: Deliverable, data: dict[str, Any], *, agree: bool
) -> str:
    number = row_number(request.POST.get("entry"))
    entry: DeliveryEntry = get_object_or_404(deliverable.entries, pk=number)
    deliverables.answer_entry(entry, agree=agree, by=request.user, now=now(), note=data["note"])
    return "기록을 확인했습니다." if agree else "의견을 보냈습니다."


def _hand_in(request: SignedInRequest, deliverable: Deliverable, data: dict[str, Any]) -> str:
    level = data.get("level", "")
    deliverables.submit(deliverable, level=level, by=request.user, now=now())
    return f"제출했습니다. {delivery_queries.SIDES[delivery_queries.confirming_side(deliverable)]}의 확인을 기다립니다."


def _accept(request: SignedInRequest, deliverable: Deliverable, data: dict[str, Any]) -> str:
    deliverables.accept(deliverable, by=request.user, now=now(), note=data["note"])
    return "완료로 확인했습니다."


def _give_back(request: SignedInRequest, deliverable: Deliverable, data: dict[str, Any]) -> str:
    deliverables.send_back(deliverable, note=data["note"], by=request.user, now=now())
    return "되돌려 보냈습니다."


# What each button sends: which form it is read with, and what it does.
ACTS: dict[str, tuple[str, Any]] = {
    "entry": ("entry", _write),
    "confirm": ("answer", _confirm),
    "disagree": ("answer", _disagree),
    "hand_in": ("level", _hand_in),
    "accept": ("answer", _accept),
    "give_back": ("answer", _give_back),
}


@signed_in
@require_safe
def delivery_file(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Send a file that proves a record to those who may see it."""
    file: DeliveryFile = get_object_or_404(delivery_files_of(request.user), pk=pk)
    return files.serve(
        file.file, filename=file.name, content_type=file.content_type, reader=request.user
    )
