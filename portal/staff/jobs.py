"""Staff screens of things whose work a background job does."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse

from portal.jobs import queue
from portal.models import Job, JobState
from portal.staff.acts import WorkflowAdmin

ENDED = {JobState.DONE, JobState.PARKED}


class FollowedAdmin(WorkflowAdmin):
    """A thing whose work is done by a job, with the job's progress as JSON."""

    ordering = ["-pk"]

    def get_urls(self) -> list[URLPattern]:
        """Add the job's progress."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_job"
        page = self.admin_site.admin_view(self.job_view)
        return [path("<int:pk>/job/", page, name=name), *super().get_urls()]

    def job_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How far the job is."""
        job = self.own(request, pk).job
        if job is None:
            raise Http404
        return JsonResponse(queue.status(job))

    def followed(self, thing: Any) -> dict[str, Any]:
        """What the page says about the job."""
        job: Job | None = thing.job
        if job is None:
            return {}
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_job"
        return {
            "job": job,
            "job_url": reverse(name, args=[thing.pk]),
            "job_ended": job.state in ENDED,
        }
