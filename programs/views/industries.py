"""The search of industries for the script of the field; without it the form itself searches."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from portal.access.decorators import public
from programs.queries import industries

LONGEST = 200


@public
@require_safe
def industry_search(request: HttpRequest) -> JsonResponse:
    """Return the industries that fit `q`, best first, and whether there are more."""
    found = industries.find(request.GET.get("q", "")[:LONGEST])
    rows = [{"code": row.written, "label": row.label, "note": row.note} for row in found.rows]
    return JsonResponse({"rows": rows, "more": found.more})
