"""Pages of the ground: health, own notices, API tokens, the demo's mailbox."""

from django.conf import settings
from django.contrib import messages
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from portal.access import public, signed_in
from portal.api import issue_token
from portal.clock import now
from portal.forms import TokenForm
from portal.models import ApiToken, Job, JobState, Notice, NoticeState

SKEW_SECONDS = 1.0
LATE_SECONDS = 60.0


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
        oldest = Job.objects.filter(state=JobState.QUEUED).order_by("created_at").first()
        late = (at - oldest.created_at).total_seconds() if oldest else 0.0
    except DatabaseError:
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
    rows = Notice.objects.filter(user=request.user).order_by("-pk")[:100]
    return render(request, "portal/notices.html", {"notices": rows})


@signed_in
def tokens(request: HttpRequest) -> HttpResponse:
    """Show my API tokens and make a new one; its text is shown this once."""
    form = TokenForm(request.POST or None)
    made = ""
    if request.method == "POST" and form.is_valid():
        _, made = issue_token(request.user, **form.cleaned_data)
        form = TokenForm()
    living = ApiToken.objects.filter(user=request.user, revoked_at=None).order_by("-pk")
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


@public
@require_safe
def demo_mailbox(request: HttpRequest) -> HttpResponse:
    """Show every mail of the demo, since none leaves the machine. Exists in the demo only."""
    if not settings.DEMO:
        raise Http404
    rows = Notice.objects.order_by("-pk")[:50]
    return render(request, "portal/demo_mailbox.html", {"notices": rows})


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Hide what is not yours: a refusal looks like an absence."""
    return render(request, "404.html", status=404)
