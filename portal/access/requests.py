"""Requests whose user is known to be signed in."""

import time
from datetime import datetime
from typing import cast

from django.http import HttpRequest

from portal.core import clock
from portal.models import User


class SignedInRequest(HttpRequest):
    """A request behind `signed_in` or `roles`: its user is an account."""

    user: User


def person(request: HttpRequest) -> User:
    """Return the account of a signed-in request where a framework dictates plain HttpRequest."""
    return cast(User, request.user)


def arrived_at(request: HttpRequest) -> datetime:
    """Return the instant at which the request came, by the database's clock.

    Its wait for a place in the process (`portal.web.overload`) makes nobody late.
    """
    return clock.at_moment(getattr(request, "arrived", time.monotonic()))
