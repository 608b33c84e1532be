"""Requests whose user is known to be signed in."""

from typing import cast

from django.http import HttpRequest

from portal.models import User


class SignedInRequest(HttpRequest):
    """A request behind `signed_in` or `roles`: its user is an account."""

    user: User


def person(request: HttpRequest) -> User:
    """Return the account of a signed-in request where a framework dictates plain HttpRequest."""
    return cast(User, request.user)
