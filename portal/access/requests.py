"""Requests whose user is known to be signed in."""

from typing import cast

from django.http import HttpRequest

from portal.models import User


class SignedInRequest(HttpRequest):
    """A request that has passed the sign-in; views behind `signed_in` and `roles` take it."""

    user: User


def person(request: HttpRequest) -> User:
    """Return the account behind a request, where a framework's signature says plain HttpRequest."""
    return cast(User, request.user)
