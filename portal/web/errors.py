"""A PortalError as JSON, as a message on the page it came from, or as a page of its own."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from portal.api.errors import error_body
from portal.core.errors import PortalError
from portal.forms.errors import show_error


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or request.headers.get("Accept", "").startswith(
        "application/json"
    )


def error_response(request: HttpRequest, error: PortalError) -> HttpResponse:
    """Return an error as JSON, as a message on the page the form came from, or as a page."""
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
