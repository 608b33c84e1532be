"""Context of every page."""

from django.conf import settings
from django.http import HttpRequest

from portal.access.roles import roles_of

IDLE_WARNING_SECONDS = 5 * 60
"""How long before staff who are away are signed out their page says so (assumption)."""


def site(request: HttpRequest) -> dict[str, object]:
    user = getattr(request, "user", None)
    return {
        "SITE_NOTICE": settings.SITE_NOTICE,
        "ORIGIN": settings.ORIGIN,
        "IDLE": {"seconds": settings.STAFF_IDLE_SECONDS, "warning": IDLE_WARNING_SECONDS},
        "roles": roles_of(user) if user is not None else frozenset(),
    }
