"""The account behind a request."""

from typing import cast

from django.http import HttpRequest

from portal.models import User


def person(request: HttpRequest) -> User:
    """The account behind a request that has passed the sign-in."""
    return cast(User, request.user)
