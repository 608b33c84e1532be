"""Public pages of showcases, and the pages on which a firm writes its own."""

import secrets
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kamp import queries
from kamp.forms.reasons import note_sent, refuse
from kamp.forms.showcases import Editor, FilterForm, PictureForm
from kamp.models import Showcase, ShowcasePaper
from kamp.services.showcases import editing, paper
from kamp.states import SHOWCASE_FIRM_LABELS, ShowcaseState
from kamp.visibility import (
    own_showcases,
    papers_of,
    pictures_of,
    public_showcases,
    workspaces_of,
)
from portal.access.decorators import public, signed_in
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.models import Job
from portal.uploads import files

SHOWN = 24


@public
@require_safe
def showcase_list(request: HttpRequest) -> HttpResponse:
    """List the published cases, narrowed by process, equipment, purpose and kind of data."""
    facets = queries.facets()
    form = FilterForm(request.GET or None, facets=facets)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows = list(queries.filtered(wanted).prefetch_related("metrics")[: SHOWN + 1])
    context = {
        "form": form,
        "filtered": any(wanted.values()),
        "cards": [
            {"case": case, "figures": [queries.comparison(row) for row in case.metrics.all()]}
            for case in rows[:SHOWN]
        ],
        "more": len(rows) > SHOWN,
    }
    return render(request, "kamp/showcases/list.html", context)


@public
@require_safe
def showcase_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell one case: problem, data, steps, figures with definition and origin, words, pictures."""
    case = get_object_or_404(queries.with_rows(public_showcases()), slug=slug)
    return render(request, "kamp/showcases/detail.html", {**told(case), "public": True})


def told(case: Showcase) -> dict[str, Any]:
    """What the page of a case shows."""
    return {"case": case, "figures": [queries.comparison(row) for row in case.metrics.all()]}


@public
@require_http_methods(["GET", "HEAD", "POST"])
def showcase_paper(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the one-page PDF (`?download=1`) or show how far its job is; a POST asks for it."""
    case = get_object_or_404(public_showcases(), slug=slug)
    if request.method == "POST":
        paper.request(case, now=now())
        return redirect("kamp_showcase_paper", slug=slug)
    made = papers_of(request.user).filter(showcase=case, edition=case.edition).first()
    if made and made.issued_at and request.GET.get("download"):
        return files.serve(
            made.file, filename=f"KAMP_사례_{case.title}.pdf", content_type="application/pdf"
        )
    context = {"case": case, "paper": made, "job": job_of(made)}
    return render(request, "kamp/showcases/paper.html", context)


def job_of(made: ShowcasePaper | None) -> Job | None:
    """The job that makes a paper."""
    return Job.objects.filter(key=paper.job_key(made)).first() if made else None


@public
@require_safe
def showcase_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a picture of a case that the reader may open."""
    picture = get_object_or_404(pictures_of(request.user), pk=pk)
    return files.serve(picture.file, filename=f"kamp_{pk}.png", content_type="image/png")


@signed_in
@require_safe
def own_cases(request: HttpRequest) -> HttpResponse:
    """List the cases of one's firms."""
    rows = own_showcases(request.user).select_related("workspace").order_by("-pk")
    context = {
        "rows": [(case, SHOWCASE_FIRM_LABELS[ShowcaseState(case.state)]) for case in rows],
        "workspaces": workspaces_of(request.user).order_by("name"),
    }
    return render(request, "kamp/showcases/own.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def case_new(request: HttpRequest, workspace: int) -> HttpResponse:
    """Begin a firm's own case."""
    firm = get_object_or_404(workspaces_of(request.user), pk=workspace)
    editor = Editor(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if request.method == "GET":
        editor.form.initial = {"company": firm.name}
    elif editor.is_valid():
        try:
            made = editing.create(
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
            return redirect("kamp_case", pk=made.pk)
    context = {"editor": editor, "workspace": firm}
    return render(request, "kamp/showcases/edit.html", context, status=status)


@signed_in
@require_safe
def case_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a firm's case as readers would see it, where it stands and what it lacks."""
    case = get_object_or_404(queries.with_rows(own_showcases(request.user)), pk=pk)
    context = {
        **told(case),
        "label": SHOWCASE_FIRM_LABELS[ShowcaseState(case.state)],
        "draft": case.state == ShowcaseState.DRAFT,
        "missing": editing.missing(case),
        "returned": case.moves.filter(move__in=["give_back", "withdraw"]).last(),
        "picture_form": PictureForm(),
    }
    return render(request, "kamp/showcases/case.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def case_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a firm's draft anew."""
    case = get_object_or_404(own_showcases(request.user), pk=pk, state=ShowcaseState.DRAFT)
    editor = Editor(request.POST or None, showcase=case)
    status = 200 if request.method == "GET" else 400
    if request.method == "POST" and editor.is_valid():
        editing.edit(
            case,
            data=editor.form.cleaned_data,
            parts=editor.parts(),
            by=request.user,
            now=now(),
        )
        messages.success(request, "사례를 저장했습니다.")
        return redirect("kamp_case", pk=pk)
    context = {"editor": editor, "case": case, "workspace": case.workspace}
    return render(request, "kamp/showcases/edit.html", context, status=status)


@signed_in
@require_POST
def case_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do one thing with a firm's case: ask for its review, withdraw it, add or drop a picture."""
    case = get_object_or_404(own_showcases(request.user), pk=pk)
    act, at = request.POST.get("act", ""), now()
    if act == "submit":
        editing.submit(case, by=request.user, now=at)
        messages.success(request, "검토를 요청했습니다. 편집자 두 사람이 확인한 뒤 공개합니다.")
    elif act == "withdraw":
        editing.withdraw(case, note=note_sent(request.POST), by=request.user, now=at)
        messages.success(request, "공개를 거두었습니다.")
    elif act == "picture":
        picture(request, case)
    elif act == "drop":
        dropped = get_object_or_404(case.images, pk=row_number(request.POST.get("picture")))
        editing.remove_picture(dropped, by=request.user, now=at)
        messages.success(request, "그림을 뺐습니다.")
    else:
        raise Http404
    return redirect("kamp_case", pk=pk)


def picture(request: HttpRequest, case: Showcase) -> None:
    """Add a picture from a form, or say what is wrong with it."""
    form = PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        for rows in form.errors.values():
            messages.error(request, " ".join(str(row) for row in rows))
        return
    editing.add_picture(
        case,
        upload=form.cleaned_data["picture"],
        alt=form.cleaned_data["alt"],
        by=request.user,
        now=now(),
    )
    messages.success(request, "그림을 더했습니다.")
