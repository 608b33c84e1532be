"""Pages of the demo."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access.decorators import public
from portal.models import Notice


@public
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """Show the latest e-mails, since none leaves the machine."""
    rows = Notice.objects.order_by("-pk")[:50]
    return render(request, "demo/mailbox.html", {"notices": rows})
