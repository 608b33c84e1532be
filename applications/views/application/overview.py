"""The applicant's list of applications, with what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from applications.models import Agreement, Application, Partner, PartnerTerms, Supplement
from applications.queries.agreement import StepSummary, steps_due_from_firms
from applications.queries.intake import partners
from applications.states import ANNOUNCED, ApplicationState, SupplementState
from applications.visibility import (
    Firms,
    firms_of,
    own_applications,
    partnerships_of,
    shared_applications,
)
from portal.access.accounts import verified_addresses
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.validators import row_number
from programs.queries import kept

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
    supplements, steps = open_supplements([*page, *shared]), steps_of(page, now=at)
    context = {
        "now": at,
        "rows": [summary(row, supplements.get(row.pk), steps.get(row.pk)) for row in page],
        "shared": [summary(row, supplements.get(row.pk)) for row in shared],
        "following": following,
        "paged": before is not None,
        "companies": len(firms.roles),
        "terms": list(unconfirmed(firms)[:PAGE_SIZE]) if shared or before is not None else [],
        # With `select_related` it would plan two joins for the few who are invited.
        "invitations": list(
            partners.open_for(verified_addresses(request.user), now=at)
            .prefetch_related("application__company")
            .order_by("pk")[:PAGE_SIZE]
        ),
    }
    return render(request, "applications/application/list.html", context)


def with_parts(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Fetch what a list shows of each application, but for the catalogue (`kept.put_on`)."""
    return applications.select_related("company", "site")


def one_of(applications: QuerySet[Application], pk: int) -> Application:
    """Return one of these applications with company, site and catalogue. Raises Http404."""
    application = get_object_or_404(with_parts(applications), pk=pk)
    kept.put_on([application])
    return application


def open_supplements(applications: Sequence[Application]) -> dict[int, Supplement]:
    """Return the unanswered supplement requests by application."""
    asked = [row.pk for row in applications if row.state == ApplicationState.SCREENING]
    rows = Supplement.objects.filter(application__in=asked, state=SupplementState.OPEN)
    return {row.application_id: row for row in rows}


def steps_of(own: Sequence[Application], *, now: datetime) -> dict[int, StepSummary]:
    """Return the firm's most urgent step by application, for applications of one's own."""
    announced = [row.pk for row in own if row.state in ANNOUNCED]
    if not announced:
        return {}
    agreements = Agreement.objects.filter(application__in=announced)
    return steps_due_from_firms(agreements, announced, now=now)


def unconfirmed(firms: Firms) -> QuerySet[Partner]:
    """Return the partners of drafts whose terms one of the firms has still to answer."""
    waiting = PartnerTerms.objects.filter(confirmed=None)
    drafts = Application.objects.filter(state=ApplicationState.DRAFT)
    return (
        partnerships_of(firms)
        .filter(terms__in=waiting, application__in=drafts)
        .prefetch_related("application__company")
        .order_by("pk")
    )


def summary(
    application: Application,
    supplement: Supplement | None = None,
    agreement_step: StepSummary | None = None,
) -> Summary:
    """Summarize an application with its open supplement and the pending step of its agreement."""
    state = ApplicationState(application.state)
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
