"""Filing an objection to a result, and reading its outcome."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from applications.forms.objection import ObjectionForm
from applications.queries.objection import clock, current, exclusion_of, shown
from applications.services import objection as objection_services
from applications.states import MemberRole
from applications.views.application.overview import one_of
from applications.visibility import (
    WRITERS,
    objection_papers_of,
    own_applications,
    role_in,
)
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import NotFound, PortalError
from portal.forms.errors import refuse
from portal.uploads import files


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def application_objection(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the deadline and take the objection, or show its status."""
    at = now()
    application = one_of(own_applications(request.user), pk)
    running = clock(application, at)
    objection = shown(application) if running is None else current(application)
    role = role_in(request.user, application.company_id)
    writes = role is not None and MemberRole(role) in WRITERS
    if (objection is None and running is None) or (request.method == "POST" and not writes):
        raise NotFound
    form = ObjectionForm(request.POST or None, request.FILES or None)
    status = 400 if request.method == "POST" else 200
    if form.is_valid():
        try:
            objection_services.file(
                application,
                text=form.cleaned_data["text"],
                uploads=form.cleaned_data["files"],
                by=request.user,
                now=at,
            )
        except PortalError as refused:
            refuse(form, refused, fields={"objection_text": "text"})
            status = refused.status
        else:
            messages.success(request, "이의신청을 접수했습니다.")
            return redirect("application_objection", pk=pk)
    context = {
        "application": application,
        "objection": objection,
        "papers": list(objection.papers.order_by("pk")) if objection else [],
        "clock": running,
        "exclusion": exclusion_of(application),
        "now": at,
        "form": form,
        "writes": writes,
    }
    return render(request, "applications/objection/objection.html", context, status=status)


@signed_in
@require_safe
def objection_paper(request: SignedInRequest, pk: int) -> HttpResponseBase:
    paper = get_object_or_404(objection_papers_of(request.user), pk=pk)
    return files.serve(
        paper.file, filename=paper.name, content_type=paper.content_type, reader=request.user
    )
