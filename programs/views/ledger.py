"""Page of the budget."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access.decorators import public, same_for_strangers
from portal.core.clock import now
from programs.queries import ledger as ledger_queries
from programs.visibility import public_pots

ENTRIES = 20


@public
@same_for_strangers()
@require_safe
def budget(request: HttpRequest) -> HttpResponse:
    statements = ledger_queries.statements(public_pots())
    shown = [row for row in statements if row.in_total]
    context = {
        "now": now(),
        "statements": shown,
        "others": [row for row in statements if not row.in_total],
        "total": ledger_queries.total(row.stored for row in shown),
        "recomputed": ledger_queries.total(row.recomputed for row in shown),
        "agrees": all(row.agrees for row in statements),
        "entries": ledger_queries.latest_entries(ENTRIES),
    }
    return render(request, "programs/ledger/budget.html", context)
