"""Context of every page."""

from django.conf import settings
from django.http import HttpRequest

from portal.access.roles import roles_of


def site(request: HttpRequest) -> dict[str, object]:
    user = getattr(request, "user", None)
    return {
        "DEMO": settings.DEMO,
        "ORIGIN": settings.ORIGIN,
        "roles": roles_of(user) if user is not None else frozenset(),
    }
