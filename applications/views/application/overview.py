"""The applicant's list of applications, with what to do next."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from applications.models import Application, Supplement
from applications.queries.agreement import StepSummary, steps_due_from_firms
from applications.queries.application import open_supplement
from applications.queries.intake import partners
from applications.states import ApplicationState
from applications.visibility import agreements_of, own_applications, shared_applications
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.validators import row_number

PAGE_SIZE = 25
TONES = {
    ApplicationState.DRAFT: "warning",
    ApplicationState.RELEASED: "success",
    ApplicationState.INELIGIBLE: "danger",
    ApplicationState.WITHDRAWN: "neutral",
}


@dataclass(frozen=True)
class Summary:
    """An application in a list: its tone, its deadline, and the next action of the applicant."""

    application: Application
    tone: str
    draft: bool
    deadline: datetime | None
    supplement: Supplement | None
    agreement_step: StepSummary | None
    action: str
    url: str
    link: str


@signed_in
@require_safe
def application_list(request: SignedInRequest) -> HttpResponse:
    at = now()
    user = request.user
    rows = with_parts(own_applications(user)).order_by("-pk")
    before = row_number(request.GET.get("before"))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows[: PAGE_SIZE + 1])
    following = f"?before={page[PAGE_SIZE - 1].pk}" if len(page) > PAGE_SIZE else ""
    shared = (
        []
        if before is not None
        else list(with_parts(shared_applications(user)).order_by("-pk")[:PAGE_SIZE])
    )
    steps = steps_due_from_firms(agreements_of(user), [row.pk for row in page[:PAGE_SIZE]], now=at)
    invitations = partners.open_for(user.email, now=at).select_related("application__company")
    context = {
        "now": at,
        "rows": [summary(row, steps.get(row.pk)) for row in page[:PAGE_SIZE]],
        "shared": [summary(row) for row in shared],
        "following": following,
        "paged": before is not None,
        "companies": user.memberships.count(),
        "invitations": list(invitations.order_by("pk")[:PAGE_SIZE]),
    }
    return render(request, "applications/application/list.html", context)


def with_parts(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Fetch what a page shows of each application in a constant number of queries."""
    return applications.select_related(
        "sub_program__round", "sub_program__pot", "company", "site", "track"
    ).prefetch_related("supplements")


def summary(application: Application, agreement_step: StepSummary | None = None) -> Summary:
    """Summarize an application; `agreement_step` is the pending step of its agreement."""
    state = ApplicationState(application.state)
    supplement = open_supplement(application)
    link = reverse("application_detail", args=[application.pk])
    action, url = "진행 상황 보기", link
    if state == ApplicationState.DRAFT:
        action, url = "이어서 작성", reverse("application_review", args=[application.pk])
    elif supplement:
        action, url = "보완 자료 내기", reverse("application_supplement", args=[application.pk])
    elif agreement_step:
        action, url = agreement_step.label, reverse("agreement_detail", args=[application.pk])
    elif state == ApplicationState.RELEASED:
        action, url = "결과 보기", reverse("application_result", args=[application.pk])
    draft = state == ApplicationState.DRAFT
    return Summary(
        application=application,
        tone=TONES.get(state, "info"),
        draft=draft,
        deadline=application.sub_program.window().closes_at if draft else None,
        supplement=supplement,
        agreement_step=agreement_step,
        action=action,
        url=url,
        link=link,
    )
