"""A PortalError as JSON, as a message on the page it came from, or as a page of its own."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from portal.api.errors import error_body
from portal.core.errors import PortalError
from portal.forms.errors import show_error


def wants_json(request: HttpRequest) -> bool:
    """Tell a script's call (autosave, API) from a page's."""
    return request.path.startswith("/api/") or request.headers.get("Accept", "").startswith(
        "application/json"
    )


def readable(request: HttpRequest, error: PortalError) -> HttpResponse:
    """Answer with JSON, with the page the form came from, or with a page of the error's own."""
    if wants_json(request):
        return JsonResponse(error_body(error), status=error.status)
    if error.status == 404:
        return render(request, "404.html", status=404)
    origin = request.META.get("HTTP_REFERER", "")
    here = url_has_allowed_host_and_scheme(origin, {request.get_host()})
    if request.method == "POST" and here:
        show_error(request, error)
        return redirect(origin)
    return render(request, "error.html", {"error": error}, status=error.status)
