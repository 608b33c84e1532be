"""The CSRF token as pages carry it: masked anew on each, so that every press has its own."""

from django.http import HttpRequest
from django.middleware.csrf import get_token

FIELD = "csrfmiddlewaretoken"


def token_of(secret: str) -> str:
    """Return a masked token, 64 letters, for the secret that the cookie holds."""
    request = HttpRequest()
    request.META["CSRF_COOKIE"] = secret
    return get_token(request)
