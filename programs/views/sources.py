"""Page of the sources that figures and rules rest on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access.decorators import public, same_for_strangers
from programs.queries.sources import sources as read_sources


@public
@same_for_strangers()
@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    # `원문 12행` on other pages links to `#S12` here.
    return render(request, "programs/sources/sources.html", read_sources())
