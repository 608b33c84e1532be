"""Pages of the portal itself: health, own notices, API tokens, jobs and the API documentation."""

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import defaults
from django.views.decorators.http import require_POST, require_safe

from portal.access.decorators import public, signed_in
from portal.access.requests import person
from portal.api import docs
from portal.api.authentication import issue_token
from portal.api.forms import TokenForm
from portal.core.clock import now
from portal.core.errors import BadInput, NotFound
from portal.jobs import queue
from portal.models import ApiToken, Job, JobState, Notice, NoticeState
from portal.web.errors import error_response

SKEW_SECONDS = 1.0
LATE_SECONDS = 60.0
BROKEN = "일시적인 오류가 발생했습니다. 잠시 뒤 다시 시도해 주세요."


@public
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@public
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Tell whether requests can be served: database reachable, clocks agree, jobs not late."""
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
    rows = Notice.objects.filter(user=person(request)).order_by("-pk")[:100]
    return render(request, "portal/notices.html", {"notices": rows})


@signed_in
def tokens(request: HttpRequest) -> HttpResponse:
    form = TokenForm(request.POST or None)
    made = ""
    if request.method == "POST" and form.is_valid():
        _, made = issue_token(person(request), **form.cleaned_data)
        form = TokenForm()
    active = ApiToken.objects.filter(user=person(request), revoked_at=None).order_by("-pk")
    return render(request, "portal/tokens.html", {"form": form, "tokens": active, "made": made})


@signed_in
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk, user=request.user, revoked_at=None)
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    messages.success(request, "토큰을 폐기했습니다.")
    return redirect("tokens")


@signed_in
@require_safe
def own_job(request: HttpRequest, pk: int) -> JsonResponse:
    return JsonResponse(queue.status(get_object_or_404(Job, pk=pk, requested_by=request.user)))


@signed_in
@require_POST
def cancel_own_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a job of one's own, then go back to the page that showed it (`next`)."""
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
    return HttpResponse(docs.as_json(), content_type="application/json; charset=utf-8")


@public
@require_safe
def api_page(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/api_docs.html", {"contract": docs.contract()})


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    # A refusal looks like an absence, so that nobody learns what exists.
    return not_found(request)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, NotFound())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if request.path.startswith("/api/"):
        return error_response(request, BadInput())
    return defaults.bad_request(request, exception or SuspiciousOperation())


def server_error(request: HttpRequest) -> HttpResponse:
    # Touches nothing that may be broken, such as the database.
    if request.path.startswith("/api/"):
        return JsonResponse({"code": "server_error", "message": BROKEN, "findings": []}, status=500)
    return defaults.server_error(request)
