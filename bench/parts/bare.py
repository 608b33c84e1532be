"""The floors of the web parts: a Django project whose only view inserts one row.

`add/` is the least that a view which stores something can cost. `add/` of the signed-in project is
the least for a form of somebody signed in: session, account and CSRF token by Django's own
middleware, then the same INSERT. Gunicorn serves both with the portal's arguments; they share
nothing with the portal but the database server.
"""

import json
import os
import secrets
import sys
from collections.abc import Sequence
from importlib import import_module
from urllib.parse import urlencode

import environ
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.urls import path
from django.views.decorators.http import require_POST

from bench.load import message
from bench.parts import csrf

PLAIN = "bench.parts.bare:serve()"
SIGNED_IN = "bench.parts.bare:serve(signed_in=True)"
TABLE = "CREATE TABLE bare (id bigserial PRIMARY KEY, at timestamptz NOT NULL, body jsonb NOT NULL)"
APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    if settings.MIDDLEWARE and not request.user.is_authenticated:
        return HttpResponseForbidden()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bare (at, body) VALUES (clock_timestamp(), %s::jsonb) RETURNING id",
            ['{"confirmed": "on"}'],
        )
        return HttpResponse(str(cursor.fetchone()[0]), content_type="text/plain")


urlpatterns = [path("add/", add)]


def serve(*, signed_in: bool = False) -> WSGIHandler:
    """Return the WSGI application, for gunicorn."""
    database = environ.Env.db_url_config(os.environ["DATABASE_URL"])
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={"default": {**database, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}},
        INSTALLED_APPS=APPS if signed_in else [],
        MIDDLEWARE=MIDDLEWARE if signed_in else [],
        ROOT_URLCONF=__name__,
        SECRET_KEY=os.environ["PORTAL_SECRET_KEY"],
        USE_TZ=True,
    )
    return get_wsgi_application()


def main(arguments: Sequence[str]) -> None:
    """Make the tables and as many signed-in people; print the request of each as a JSON list."""
    serve(signed_in=True)
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    json.dump([_request(number) for number in range(int(arguments[0]))], sys.stdout)


def _request(number: int) -> str:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    login(request, get_user_model().objects.create_user(f"person{number}"))
    request.session.save()
    secret = secrets.token_hex(16)
    cookies = (
        f"{settings.SESSION_COOKIE_NAME}={request.session.session_key};"
        f" {settings.CSRF_COOKIE_NAME}={secret}"
    )
    body = urlencode({csrf.FIELD: csrf.token_of(secret), "confirmed": "on"})
    return message("POST", "/add/", {"Cookie": cookies}, body)


if __name__ == "__main__":
    main(sys.argv[1:])
