"""Papers of an application beside its checks: one at a time, in a frame that nothing leaves."""

from base64 import b64encode
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from applications.admin.application import content
from applications.models import Application, Attachment
from portal.access.requests import person
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.staff import trail
from portal.uploads import viewing
from portal.uploads.filetypes.budget import MOST_PAGES, PAGES_AT_ONCE
from portal.uploads.judge import Shown

TEMPLATE = "admin/applications/application/paper.html"

# Nothing but its own pictures: no script, no form, no address of the portal's origin.
POLICY = "default-src 'none'; img-src data:; style-src 'self'; frame-ancestors 'self'; sandbox"


def context(request: HttpRequest, application: Application) -> dict[str, Any]:
    """Return the papers, and the one that stands in the frame: the one named, or the first."""
    rows = content.attachments(application.submission, person(request))
    named = row_number(trail.named(request, trail.PAPER))
    shown = next((row for row in rows if row["pk"] == named), rows[0] if rows else None)
    for row in rows:
        row["url"] = trail.onto("", request, paper=str(row["pk"]), page="")
    return {
        "attachments": rows,
        "told": content.told(application.submission),
        "paper": shown and _framed(request, application, shown),
    }


def response(request: HttpRequest, paper: Attachment) -> HttpResponse:
    """Return the page of the frame: pictures or text of a paper, or why there are none."""
    first = row_number(request.GET.get(trail.PAGE, "")) or 1
    try:
        shown = viewing.show(paper.file, filename=paper.name, sha256=paper.sha256, first=first)
    except PortalError as error:
        found: dict[str, Any] = {"refusal": error.message}
        status = error.status
    else:
        found, status = _found(shown, first), 200
    answer = HttpResponse(render_to_string(TEMPLATE, found), status=status)
    answer["Content-Security-Policy"] = POLICY
    answer["X-Frame-Options"] = "SAMEORIGIN"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


def _found(shown: Shown, first: int) -> dict[str, Any]:
    pictures = [
        (f"data:{row.kind};base64,{b64encode(row.data).decode('ascii')}", row.width, row.height)
        for row in shown.pictures
    ]
    return {
        "shown": shown,
        "pictures": pictures,
        "first": first,
        "last": first - 1 + len(pictures),
    }


def _framed(request: HttpRequest, application: Application, row: dict[str, Any]) -> dict[str, Any]:
    page = row_number(trail.named(request, trail.PAGE)) or 1
    frame = reverse("admin:applications_application_paper", args=[application.pk, row["pk"]])
    paged = row["name"].lower().endswith(".pdf")
    before, after = page - PAGES_AT_ONCE, page + PAGES_AT_ONCE
    return {
        **row,
        "frame": f"{frame}?{trail.PAGE}={page}" if page > 1 else frame,
        "before": trail.onto("", request, page=str(max(1, before))) if page > 1 else "",
        "after": trail.onto("", request, page=str(after)) if paged and after <= MOST_PAGES else "",
        "step": PAGES_AT_ONCE,
    }
