"""Progress of background jobs, and stopping or resuming them."""

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from kamp.services import jobs
from kamp.visibility import job_of
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.jobs import queue
from portal.models import Job


@signed_in
@require_safe
def job(request: SignedInRequest, pk: int) -> JsonResponse:
    return JsonResponse(queue.status(job_or_404(request, pk)))


@signed_in
@require_POST
def job_act(request: SignedInRequest, pk: int) -> HttpResponse:
    one = job_or_404(request, pk)
    act = request.POST.get("act")
    if act == "cancel" and queue.cancel(one, now=now()):
        messages.success(request, "작업을 멈춥니다. 여기까지 한 일은 남습니다.")
    elif act == "resume" and jobs.retry(one, by=request.user):
        messages.success(request, "멈춘 곳부터 이어서 합니다.")
    else:
        messages.info(request, "이미 끝난 작업입니다.")
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if safe else "kamp_lab")


def job_or_404(request: SignedInRequest, pk: int) -> Job:
    one = job_of(request.user, pk)
    if one is None:
        raise Http404
    return one
