"""The page where a ticket is redeemed: by itself from the page that gave it, or pasted."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from applications.models import Application
from applications.services.intake import tickets as tickets_services
from applications.views.intake.filing import tell_of_filing
from applications.visibility import answerable_by
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core import tickets
from portal.core.clock import now
from portal.core.errors import PortalError


@signed_in
@require_safe
def application_ticket(request: SignedInRequest, pk: int) -> HttpResponse:
    """Redeem the ticket in the address, else ask for one.

    A GET, since a page sends it again without scripts: it does only what the person pressed before,
    and nobody else can make a ticket of theirs.
    """
    own = answerable_by(request.user).select_related("sub_program__round")
    application = get_object_or_404(own, pk=pk)
    given = request.GET.get("ticket", "")
    if not given:
        return _page(request, application)
    try:
        filed = tickets_services.redeem(
            application,
            tickets.read(given),
            path=reverse("application_submit", args=[pk]),
            by=request.user,
            now=now(),
        )
    except PortalError as error:
        return _page(request, application, error=error)
    tell_of_filing(request, filed)
    return redirect("application_detail", pk=pk)


def _page(
    request: SignedInRequest, application: Application, *, error: PortalError | None = None
) -> HttpResponse:
    context = {"application": application, "error": error}
    status = error.status if error else 200
    return render(request, "applications/intake/ticket.html", context, status=status)
