"""The first page after sign-in: what waits for whom until when, and one's own applications."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from applications.models import Application
from applications.queries.selection.decisions import outcomes_of
from applications.states import APPLICANT_OUTCOMES, ApplicationState, Outcome
from applications.visibility import firms_of, own_applications, shared_applications
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.validators import row_number
from portal.todos import declared as todos
from portal.todos.declared import Todo, Turn
from programs.queries import kept

PAGE_SIZE = 25
TONES = {
    ApplicationState.DRAFT: "warning",
    ApplicationState.INELIGIBLE: "danger",
    ApplicationState.WITHDRAWN: "neutral",
    ApplicationState.ENDED: "neutral",
}
OUTCOME_TONES = {Outcome.SELECTED: "success", Outcome.RESERVE: "info"}


@dataclass(frozen=True)
class Summary:
    """An application in a list: its state or result in words, and the next action of its firm."""

    application: Application
    label: str
    tone: str
    draft: bool
    deadline: datetime | None
    todo: Todo | None
    action: str
    url: str
    link: str


@signed_in
@require_safe
def application_list(request: SignedInRequest) -> HttpResponse:
    at = now()
    firms = firms_of(request.user)
    rows = with_parts(own_applications(firms)).order_by("-pk")
    before = row_number(request.GET.get("before"))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows[: PAGE_SIZE + 1])
    following = f"?before={page[PAGE_SIZE - 1].pk}" if len(page) > PAGE_SIZE else ""
    page = page[:PAGE_SIZE]
    shared: list[Application] = []
    if before is None:
        shared = list(with_parts(shared_applications(firms)).order_by("-pk")[:PAGE_SIZE])
    kept.put_on([*page, *shared])
    waiting = todos.todos_of(request.user, at)
    mine = next_todos(waiting)
    outcomes = released_outcomes([*page, *shared])
    context = {
        "now": at,
        "waiting": todos.by_turn(waiting) if before is None else [],
        "rows": [summary(row, outcomes.get(row.pk), mine.get(row.pk)) for row in page],
        "shared": [summary(row, outcomes.get(row.pk)) for row in shared],
        "following": following,
        "paged": before is not None,
        "companies": len(firms.roles),
    }
    return render(request, "applications/application/list.html", context)


def next_todos(waiting: Sequence[Todo]) -> dict[int, Todo]:
    """Return the most urgent thing that the firm has to do, by application."""
    own = [row for row in waiting if row.turn == Turn.MINE and row.subject and row.address]
    return {row.subject: row for row in reversed(own) if row.subject}


def with_parts(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Fetch what a list shows of each application, but for the catalogue (`kept.put_on`)."""
    return applications.select_related("company", "site")


def one_of(applications: QuerySet[Application], pk: int) -> Application:
    """Return one of these applications with company, site and catalogue. Raises Http404."""
    application = get_object_or_404(with_parts(applications), pk=pk)
    kept.put_on([application])
    return application


def released_outcomes(applications: Sequence[Application]) -> dict[int, Outcome]:
    """Return the results in force of those that are released, by application."""
    released = [row.pk for row in applications if row.state == ApplicationState.RELEASED]
    return outcomes_of(released) if released else {}


def summary(
    application: Application, outcome: Outcome | None = None, todo: Todo | None = None
) -> Summary:
    """Summarize an application with its result in force and what its firm has to do next."""
    state = ApplicationState(application.state)
    link = reverse("application_detail", args=[application.pk])
    action, url = "진행 상황 보기", link
    if state == ApplicationState.DRAFT:
        action, url = "이어서 작성", reverse("application_review", args=[application.pk])
    elif todo:
        action, url = todo.label, todo.address
    elif state == ApplicationState.RELEASED:
        action, url = "결과 보기", reverse("application_result", args=[application.pk])
    draft = state == ApplicationState.DRAFT
    label, tone = application.applicant_label, TONES.get(state, "info")
    if outcome is not None and state == ApplicationState.RELEASED:
        label, tone = APPLICANT_OUTCOMES[outcome], OUTCOME_TONES.get(outcome, "neutral")
    return Summary(
        application=application,
        label=label,
        tone=tone,
        draft=draft,
        deadline=application.sub_program.window().closes_at if draft else None,
        todo=todo,
        action=action,
        url=url,
        link=link,
    )
