"""Page of what changed after the announcement: rules, dates, money."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access.decorators import public, same_for_strangers
from programs.queries import rule_changes


@public
@same_for_strangers()
@require_safe
def decision_list(request: HttpRequest) -> HttpResponse:
    """Show to everybody every approved change of rules, dates and pots, without names of people."""
    return render(request, "programs/rules/decisions.html", {"rows": rule_changes.decisions()})
