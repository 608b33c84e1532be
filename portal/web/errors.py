"""A PortalError as JSON, as a message on the page it came from, or as a page of its own."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template import loader
from django.utils.http import url_has_allowed_host_and_scheme

from portal.api.errors import error_body
from portal.core.errors import PortalError, Unavailable
from portal.forms.errors import show_error
from portal.web import resending

RETRY_SECONDS = 30
BUSY = "지금은 접속이 몰려 처리하지 못했습니다. 잠시 뒤 다시 시도해 주세요."
AWAY = "지금은 자료를 읽고 쓸 수 없어 처리하지 못했습니다. 잠시 뒤 다시 시도해 주세요."


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or request.headers.get("Accept", "").startswith(
        "application/json"
    )


def error_response(request: HttpRequest, error: PortalError) -> HttpResponse:
    """Return an error as JSON, as a message on the page the form came from, or as a page.

    A form in which something was typed is shown with it: the page it came from would be empty.
    """
    if wants_json(request):
        return JsonResponse(error_body(error), status=error.status)
    if error.status == 404:
        return render(request, "404.html", status=404)
    origin = request.META.get("HTTP_REFERER", "")
    here = url_has_allowed_host_and_scheme(origin, {request.get_host()})
    if request.method == "POST" and (page := resending.refused_page(request, error)):
        return page
    if request.method == "POST" and here:
        show_error(request, error)
        return redirect(origin)
    return render(request, "error.html", {"error": error}, status=error.status)


def unavailable(request: HttpRequest, *, away: bool, problem: str = "") -> HttpResponse:
    """Return 503 with Retry-After as JSON or as a page, without asking the database.

    `away` tells whether the database is, else the portal is overloaded; `problem` says more.
    """
    error = Unavailable(AWAY if away else BUSY, code="database_away" if away else "overloaded")
    if wants_json(request):
        answer: HttpResponse = JsonResponse(error_body(error), status=error.status)
    else:
        context = {"error": error, "problem": problem, "sent": request.method == "POST"}
        page = loader.render_to_string("portal/unavailable.html", context)
        answer = HttpResponse(page, status=error.status)
    answer["Retry-After"] = str(RETRY_SECONDS)
    answer["Cache-Control"] = "no-store"
    return answer
