"""Pages of the portal itself: health, own notices, API tokens, jobs and the API documentation."""

import json
import logging
import sys
from typing import Any
from urllib.parse import urlsplit

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.core.cache import caches
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import names
from portal.access.decorators import public, same_for_strangers, signed_in
from portal.access.requests import person
from portal.api import docs
from portal.api.authentication import issue_token, living_tokens
from portal.api.forms import TokenForm
from portal.core import metrics
from portal.core.clock import now
from portal.core.errors import BadInput, NotFound, PortalError
from portal.core.site import site
from portal.forms.errors import refuse
from portal.forms.fields import NameField, PlainForm
from portal.jobs import queue
from portal.models import ApiToken, Job, JobState, Notice, NoticeState
from portal.records import grants, guard_sync, limits
from portal.recovery import receipts
from portal.uploads import clamd, files, scanning
from portal.web import host_clock, outage, reading, resending
from portal.web.errors import error_response, unavailable

logger = logging.getLogger(__name__)
cache = caches["limits"]

CSP_REPORTS_A_MINUTE = 20
"""Reports each web process logs (assumption): a page that everybody opens sends one each time."""
CSP_REPORT_BYTES = 8_192
CSP_REPORT_KEYS = ("effective-directive", "violated-directive", "blocked-uri", "document-uri")
SKEW_SECONDS = 1.0
LATE_SECONDS = 60.0
BROKEN = "일시적인 오류가 발생했습니다. 잠시 뒤 다시 시도해 주세요."


@public
@same_for_strangers()
@require_safe
def site_page(request: HttpRequest, code: str) -> HttpResponse:
    context = {"page": site().page(code), "contact": site().contact}
    return render(request, "portal/site_page.html", context)


@public
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@public
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Tell whether requests can be served: database reachable, clocks agree, jobs not late.

    For the operators inside: through the proxies the page does not exist.
    """
    if settings.TRUSTED_PROXIES and "X-Forwarded-For" in request.headers:
        raise NotFound()
    try:
        at = now()
        skew = abs((at - timezone.now()).total_seconds())
        oldest = Job.objects.filter(queue.ready(at)).order_by("created_at").first()
        late = (at - oldest.created_at).total_seconds() if oldest else 0.0
        guarded, limited = guard_sync.in_force(), limits.in_force()
        least = grants.is_least()
        followed = reading.state() if settings.READ_URL else None
    except Error:
        body = {"ready": False, "reason": "database", "tickets": host_clock.gives_tickets()}
        return JsonResponse(body, status=503)
    scanner = clamd.answers() if clamd.configured() else None
    body = {
        "ready": skew <= SKEW_SECONDS and guarded and limited,
        "database": connection.vendor,
        "guards": guarded,
        "session_limits": limited,
        "least_rights": least,
        "clock_skew_seconds": round(skew, 3),
        "tickets": host_clock.gives_tickets(),
        "files": files.kept_in().answers(),
        "scanner": scanner,
        "replica": followed,
        "files_late": scanning.late(at),
        "oldest_job_seconds": round(late, 1),
        "jobs_late": late > LATE_SECONDS,
        "parked_jobs": Job.objects.filter(state=JobState.PARKED).count(),
        "restored": receipts.state(at),
        "failed_notices": Notice.objects.filter(state=NoticeState.FAILED).count(),
    }
    return JsonResponse(body, status=200 if body["ready"] else 503)


@public
@require_safe
def may_upload(request: HttpRequest) -> HttpResponse:
    """Tell nginx, before it takes a large body, whether somebody is signed in: 204 or 401."""
    return HttpResponse(status=204 if request.user.is_authenticated else 401)


@public
@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log what a browser refused by the content policy: directive, route and host, no address."""
    metrics.POLICY_REPORTS.inc()
    if cache.add("csp", 0, 60) or cache.incr("csp") < CSP_REPORTS_A_MINUTE:
        try:
            report = json.loads(request.read(CSP_REPORT_BYTES))["csp-report"]
            shown = [_place(str(report.get(key, ""))) for key in CSP_REPORT_KEYS]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return HttpResponse(status=400)
        logger.warning(
            "Refused by the content policy: %s",
            " ".join(repr(text[:200]) for text in shown),
        )
    return HttpResponse(status=204)


def _place(text: str) -> str:
    # An address of ours by its route, one of others by its host: a path may open something.
    parts = urlsplit(text)
    if not parts.netloc:
        return text
    if parts.netloc != urlsplit(settings.ORIGIN).netloc:
        return f"{parts.scheme}://{parts.netloc}"
    try:
        return resolve(parts.path).view_name
    except Resolver404:
        return "none"


@signed_in
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    rows = Notice.objects.filter(user=person(request)).order_by("-pk")[:100]
    return render(request, "portal/notices.html", {"notices": rows})


class NameForm(PlainForm):
    name = NameField(label="새 이름", max_length=names.LONGEST)
    again = NameField(
        label="새 이름 확인",
        max_length=names.LONGEST,
        help_text="서명할 때 다시 칠 수 있도록 한 번 더 적어 주세요.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "name" in data and "again" in data and data["name"] != data["again"]:
            self.add_error("again", ValidationError("두 이름이 다릅니다.", code="again"))
        return data


@signed_in
@reauthentication_required
def own_name(request: HttpRequest) -> HttpResponse:
    """Change one's own name, after confirming who one is and typing it twice."""
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            names.change(person(request), name=form.cleaned_data["name"], now=now())
        except PortalError as error:
            refuse(form, error)
        else:
            messages.success(request, "이름을 바꾸었습니다. 서명할 때 새 이름을 적어 주세요.")
            return redirect("own_name")
    return render(request, "portal/own_name.html", {"form": form})


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def resend(request: HttpRequest) -> HttpResponse:
    """Offer the form that was sent after the session ended; a POST drops it."""
    found = resending.kept(request)
    if found is None:
        return redirect(settings.LOGIN_REDIRECT_URL)
    if request.method == "POST":
        del request.session[resending.SENT_FORM]
        return redirect(found["path"])
    return resending.offer(
        request,
        found["fields"],
        path=found["path"],
        whole=found["whole"],
        why="로그인이 끝난 뒤에 보내신 내용입니다. 아직 저장하지 않았습니다.",
    )


@signed_in
@reauthentication_required
def tokens(request: HttpRequest) -> HttpResponse:
    form = TokenForm(request.POST or None)
    made = ""
    if request.method == "POST" and form.is_valid():
        try:
            _, made = issue_token(person(request), **form.cleaned_data)
        except PortalError as error:
            refuse(form, error)
        else:
            form = TokenForm()
    active = living_tokens(person(request), now=now()).order_by("-pk")
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
@same_for_strangers()
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    return HttpResponse(docs.as_json(), content_type="application/json; charset=utf-8")


@public
@same_for_strangers()
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
    # Touches nothing that may be broken, such as the database. Called while the error is handled.
    error = sys.exception()
    if outage.cannot_serve(error):
        answer = unavailable(request, away=True)
        answer.database_failed = outage.ended_session(error)  # type: ignore[attr-defined]
        return answer
    if request.path.startswith("/api/"):
        return JsonResponse({"code": "server_error", "message": BROKEN, "findings": []}, status=500)
    return defaults.server_error(request)
