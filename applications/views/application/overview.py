"""The applicant's desk: what there is, what comes next, and beginning something new."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from applications.models import Application, Supplement
from applications.queries.agreement import StepSummary, steps_due_from_firms
from applications.queries.intake import partners
from applications.states import ApplicationState, SupplementState
from applications.visibility import agreements_of, own_applications, shared_applications
from portal.access.decorators import signed_in
from portal.core.clock import now
from portal.core.validators import row_number

PAGE = 25


TONES = {
    ApplicationState.DRAFT: "warning",
    ApplicationState.RELEASED: "success",
    ApplicationState.INELIGIBLE: "danger",
    ApplicationState.WITHDRAWN: "neutral",
}


def with_parts(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Fetch along what a page says about each application, in constant queries."""
    waiting = Supplement.objects.filter(state=SupplementState.OPEN)
    return applications.select_related(
        "sub_program__round", "sub_program__pot", "company", "site", "track"
    ).prefetch_related(Prefetch("supplements", queryset=waiting, to_attr="open_supplements"))


@signed_in
@require_safe
def application_list(request: HttpRequest) -> HttpResponse:
    """List own and shared applications, newest first, with what to do next."""
    at = now()
    user = request.user
    rows = with_parts(own_applications(user)).order_by("-pk")
    before = row_number(request.GET.get("before"))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows[: PAGE + 1])
    following = f"?before={page[PAGE - 1].pk}" if len(page) > PAGE else ""
    shared = (
        []
        if before is not None
        else list(with_parts(shared_applications(user)).order_by("-pk")[:PAGE])
    )
    waits = steps_due_from_firms(agreements_of(user), [row.pk for row in page[:PAGE]], now=at)
    asked = partners.open_for(user.email, now=at).select_related("application__company")
    context = {
        "now": at,
        "rows": [describe(row, waits.get(row.pk)) for row in page[:PAGE]],
        "shared": [describe(row) for row in shared],
        "following": following,
        "paged": before is not None,
        "companies": user.memberships.count(),
        "asked": list(asked.order_by("pk")[:PAGE]),
    }
    return render(request, "applications/application/list.html", context)


def describe(application: Application, waits: StepSummary | None = None) -> dict[str, Any]:
    """Say where an application stands and what its people do next; `waits` is for the agreement."""
    state = ApplicationState(application.state)
    asked = application.open_supplements[0] if application.open_supplements else None
    link = reverse("application_detail", args=[application.pk])
    act, url = "진행 상황 보기", link
    if state == ApplicationState.DRAFT:
        act, url = "이어서 작성", reverse("application_review", args=[application.pk])
    elif asked:
        act, url = "보완 자료 내기", reverse("application_supplement", args=[application.pk])
    elif waits:
        act, url = waits.label, reverse("agreement_detail", args=[application.pk])
    elif state == ApplicationState.RELEASED:
        act, url = "결과 보기", reverse("application_result", args=[application.pk])
    deadline = application.sub_program.window().closes_at
    return {
        "application": application,
        "tone": TONES.get(state, "info"),
        "draft": state == ApplicationState.DRAFT,
        "deadline": deadline if state == ApplicationState.DRAFT else None,
        "asked": asked,
        "waits": waits,
        "act": act,
        "url": url,
        "link": link,
    }
