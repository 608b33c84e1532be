"""Staff screens of objects that a background job works on."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse

from portal.jobs import queue
from portal.models import Job, JobState
from portal.staff.acts import WorkflowAdmin

ENDED = {JobState.DONE, JobState.PARKED}


class JobProgressAdmin(WorkflowAdmin):
    """A screen of objects with a `job`; its progress is served as JSON."""

    ordering = ["-pk"]

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_job"
        page = self.admin_site.admin_view(self.job_view)
        return [path("<int:pk>/job/", page, name=name), *super().get_urls()]

    def job_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = self.get_or_404(request, pk).job
        if job is None:
            raise Http404
        return JsonResponse(queue.status(job))

    def job_context(self, thing: Any) -> dict[str, Any]:
        """Return what a page needs to show the object's job."""
        job: Job | None = thing.job
        if job is None:
            return {}
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_job"
        return {
            "job": job,
            "job_url": reverse(name, args=[thing.pk]),
            "job_ended": job.state in ENDED,
        }
