"""Public pages of showcases, and the pages on which a firm writes its own."""

import secrets
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kamp.forms.showcases import Editor, FilterForm, PictureForm
from kamp.models import Showcase, ShowcasePdf
from kamp.queries.showcases import comparisons, facets, published, with_related
from kamp.services.showcases import editing, pdf
from kamp.states import SHOWCASE_FIRM_LABELS, ShowcaseState
from kamp.visibility import own_showcases, pdfs_of, pictures_of, public_showcases, workspaces_of
from portal.access.decorators import public, same_for_strangers, signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError, StaleVersion
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.forms.fields import read_note
from portal.models import Job
from portal.uploads import files

SHOWN = 24


@public
@same_for_strangers("process", "purpose", "data_kind")
@require_safe
def showcase_list(request: HttpRequest) -> HttpResponse:
    form = FilterForm(request.GET or None, facets=facets())
    filters = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows = list(published(filters).prefetch_related("metrics")[: SHOWN + 1])
    context = {
        "form": form,
        "filtered": any(filters.values()),
        "cards": [{"case": case, "figures": comparisons(case)} for case in rows[:SHOWN]],
        "more": len(rows) > SHOWN,
    }
    return render(request, "kamp/showcases/list.html", context)


@public
@require_safe
def showcase_detail(request: HttpRequest, slug: str) -> HttpResponse:
    case = get_object_or_404(with_related(public_showcases()), slug=slug)
    context = {**case_context(case), "public": True}
    return render(request, "kamp/showcases/detail.html", context)


def case_context(case: Showcase) -> dict[str, Any]:
    return {"case": case, "figures": comparisons(case)}


@public
@require_http_methods(["GET", "HEAD", "POST"])
def showcase_pdf(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the one-page PDF (`?download=1`) or show the progress of its job; a POST requests it."""
    case = get_object_or_404(public_showcases(), slug=slug)
    if request.method == "POST":
        pdf.request(case, now=now())
        return redirect("kamp_showcase_paper", slug=slug)
    document = pdfs_of(request.user).filter(showcase=case, edition=case.edition).first()
    if document and document.issued_at and request.GET.get("download"):
        return files.serve(
            document.file, filename=f"KAMP_사례_{case.title}.pdf", content_type="application/pdf"
        )
    context = {"case": case, "document": document, "job": pdf_job(document)}
    return render(request, "kamp/showcases/pdf.html", context)


def pdf_job(document: ShowcasePdf | None) -> Job | None:
    return Job.objects.filter(key=pdf.job_key(document)).first() if document else None


@public
@require_safe
def showcase_picture(request: HttpRequest, pk: int) -> HttpResponseBase:
    picture = get_object_or_404(pictures_of(request.user), pk=pk)
    return files.serve(picture.file, filename=f"kamp_{pk}.png", content_type="image/png")


@signed_in
@require_safe
def own_cases(request: SignedInRequest) -> HttpResponse:
    rows = own_showcases(request.user).select_related("workspace").order_by("-pk")
    context = {
        "rows": [(case, SHOWCASE_FIRM_LABELS[ShowcaseState(case.state)]) for case in rows],
        "workspaces": workspaces_of(request.user).order_by("name"),
    }
    return render(request, "kamp/showcases/own.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def case_new(request: SignedInRequest, workspace: int) -> HttpResponse:
    firm = get_object_or_404(workspaces_of(request.user), pk=workspace)
    editor = Editor(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if request.method == "GET":
        editor.form.initial = {"company": firm.name}
    elif editor.is_valid():
        try:
            created = editing.create(
                slug=f"case-{secrets.token_hex(6)}",
                data=editor.form.cleaned_data,
                parts=editor.parts(),
                by=request.user,
                now=now(),
                workspace=firm,
            )
        except PortalError as refused:
            refuse(editor.form, refused)
        else:
            messages.success(request, "사례를 저장했습니다. 그림을 더하고 검토를 요청하세요.")
            return redirect("kamp_case", pk=created.pk)
    context = {"editor": editor, "workspace": firm}
    return render(request, "kamp/showcases/edit.html", context, status=status)


@signed_in
@require_safe
def case_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    return _case_page(request, pk, PictureForm())


def _case_page(
    request: SignedInRequest, pk: int, picture: PictureForm, *, status: int = 200
) -> HttpResponse:
    case = get_object_or_404(with_related(own_showcases(request.user)), pk=pk)
    context = {
        **case_context(case),
        "label": SHOWCASE_FIRM_LABELS[ShowcaseState(case.state)],
        "draft": case.state == ShowcaseState.DRAFT,
        "missing": editing.missing(case),
        "returned": case.moves.filter(move__in=["give_back", "withdraw"]).last(),
        "picture_form": picture,
    }
    return render(request, "kamp/showcases/case.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def case_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    case = get_object_or_404(own_showcases(request.user), pk=pk, state=ShowcaseState.DRAFT)
    editor = Editor(request.POST or None, showcase=case)
    status = 200 if request.method == "GET" else 400
    version = request.POST.get("version", editing.version_of(case))
    if request.method == "POST" and editor.is_valid():
        try:
            editing.edit(
                case,
                data=editor.form.cleaned_data,
                parts=editor.parts(),
                by=request.user,
                now=now(),
                version=version,
            )
        except StaleVersion as refused:  # told of it, who saves again replaces what was saved
            refuse(editor.form, refused)
            case.refresh_from_db()
            version, status = editing.version_of(case), refused.status
        except PortalError as refused:
            refuse(editor.form, refused)
        else:
            messages.success(request, "사례를 저장했습니다.")
            return redirect("kamp_case", pk=pk)
    context = {
        "editor": editor,
        "case": case,
        "workspace": case.workspace,
        "version": version,
    }
    return render(request, "kamp/showcases/edit.html", context, status=status)


@signed_in
@require_POST
def case_act(request: SignedInRequest, pk: int) -> HttpResponse:
    case = get_object_or_404(own_showcases(request.user), pk=pk)
    act, at = request.POST.get("act", ""), now()
    if act == "submit":
        editing.submit(case, by=request.user, now=at)
        messages.success(request, "검토를 요청했습니다. 편집자 두 사람이 확인한 뒤 공개합니다.")
    elif act == "withdraw":
        editing.withdraw(case, note=read_note(request.POST), by=request.user, now=at)
        messages.success(request, "공개를 거두었습니다.")
    elif act == "picture":
        form = add_picture(request, case)
        if form.errors:
            return _case_page(request, pk, form, status=400)
    elif act == "drop":
        picture = get_object_or_404(case.images, pk=row_number(request.POST.get("picture")))
        editing.remove_picture(picture, by=request.user, now=at)
        messages.success(request, "그림을 뺐습니다.")
    else:
        raise Http404
    return redirect("kamp_case", pk=pk)


def add_picture(request: SignedInRequest, case: Showcase) -> PictureForm:
    """Add the picture; a refusal becomes an error of the form."""
    form = PictureForm(request.POST, request.FILES)
    if form.is_valid():
        data = form.cleaned_data
        try:
            editing.add_picture(
                case, upload=data["picture"], alt=data["alt"], by=request.user, now=now()
            )
        except PortalError as refused:
            refuse(form, refused, fields={refused.code: "picture"})
        else:
            messages.success(request, "그림을 더했습니다.")
    return form
