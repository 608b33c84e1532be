"""Pages of the ground: health, own notices, API tokens and its contract, the demo's mailbox."""

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from django.views.defaults import bad_request, server_error

from portal.access.decorators import public, signed_in
from portal.access.requests import person
from portal.api import docs
from portal.api.authentication import issue_token
from portal.api.forms import TokenForm
from portal.core.clock import now
from portal.core.errors import BadInput, NotFound
from portal.jobs import queue
from portal.models import ApiToken, Job, JobState, Notice, NoticeState
from portal.web.errors import readable

SKEW_SECONDS = 1.0
LATE_SECONDS = 60.0
BROKEN = "일시적인 오류가 발생했습니다. 잠시 뒤 다시 시도해 주세요."


@public
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Say that this process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@public
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Say whether requests can be served: database reached, clocks agree, work not late."""
    try:
        skew = abs((now() - timezone.now()).total_seconds())
        at = now()
        oldest = Job.objects.filter(queue.ready(at)).order_by("created_at").first()
        late = (at - oldest.created_at).total_seconds() if oldest else 0.0
    except Error:
        return JsonResponse({"ready": False, "reason": "database"}, status=503)
    body = {
        "ready": skew <= SKEW_SECONDS,
        "database": connection.vendor,
        "clock_skew_seconds": round(skew, 3),
        "oldest_job_seconds": round(late, 1),
        "jobs_late": late > LATE_SECONDS,
        "parked_jobs": Job.objects.filter(state=JobState.PARKED).count(),
        "failed_notices": Notice.objects.filter(state=NoticeState.FAILED).count(),
    }
    return JsonResponse(body, status=200 if body["ready"] else 503)


@signed_in
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """List what the portal wrote to me."""
    rows = Notice.objects.filter(user=person(request)).order_by("-pk")[:100]
    return render(request, "portal/notices.html", {"notices": rows})


@signed_in
def tokens(request: HttpRequest) -> HttpResponse:
    """Show my API tokens and make a new one; its text is shown this once."""
    form = TokenForm(request.POST or None)
    made = ""
    if request.method == "POST" and form.is_valid():
        _, made = issue_token(person(request), **form.cleaned_data)
        form = TokenForm()
    living = ApiToken.objects.filter(user=person(request), revoked_at=None).order_by("-pk")
    return render(request, "portal/tokens.html", {"form": form, "tokens": living, "made": made})


@signed_in
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a token out of use."""
    token = get_object_or_404(ApiToken, pk=pk, user=request.user, revoked_at=None)
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    messages.success(request, "토큰을 폐기했습니다.")
    return redirect("tokens")


@signed_in
@require_safe
def own_job(request: HttpRequest, pk: int) -> JsonResponse:
    """Say how far a job is that I asked for."""
    return JsonResponse(queue.status(get_object_or_404(Job, pk=pk, requested_by=request.user)))


@signed_in
@require_POST
def cancel_own_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a job of mine to stop, then go back to the page that showed it (`next`)."""
    job = get_object_or_404(Job, pk=pk, requested_by=request.user)
    if queue.cancel(job, now=now()):
        messages.success(request, "작업을 취소했습니다.")
    else:
        messages.info(request, "이미 끝난 작업입니다.")
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if safe else "notices")


@public
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Give the OpenAPI document; JSON is YAML as well."""
    return HttpResponse(docs.as_json(), content_type="application/json; charset=utf-8")


@public
@require_safe
def api_page(request: HttpRequest) -> HttpResponse:
    """Show the OpenAPI document to people."""
    return render(request, "portal/api_docs.html", {"contract": docs.contract()})


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Hide what is not yours: a refusal looks like an absence."""
    return absent(request)


def absent(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that there is nothing here, to a program in the API's shape."""
    return readable(request, NotFound())


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Refuse a request that Django itself finds suspicious."""
    if request.path.startswith("/api/"):
        return readable(request, BadInput())
    return bad_request(request, exception or SuspiciousOperation())


def broken(request: HttpRequest) -> HttpResponse:
    """Admit a fault of ours, without touching anything that may be broken."""
    if request.path.startswith("/api/"):
        return JsonResponse({"code": "server_error", "message": BROKEN, "findings": []}, status=500)
    return server_error(request)
