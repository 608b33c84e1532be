"""The floor of the web parts: a Django project whose only views insert one row or read one value.

The least that a view which stores something can cost. Gunicorn serves it with the portal's own
arguments; it shares nothing with the portal but the database server.
"""

import os

import environ
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

APPLICATION = "bench.parts.bare:serve()"
TABLE = "CREATE TABLE bare (id bigserial PRIMARY KEY, at timestamptz NOT NULL, body jsonb NOT NULL)"


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bare (at, body) VALUES (clock_timestamp(), %s::jsonb) RETURNING id",
            ['{"confirmed": "on"}'],
        )
        return HttpResponse(str(cursor.fetchone()[0]), content_type="text/plain")


@require_safe
def read(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return HttpResponse(str(cursor.fetchone()[0]), content_type="text/plain")


urlpatterns = [path("add/", add), path("read/", read)]


def serve() -> WSGIHandler:
    """Return the WSGI application, for gunicorn: `bench.parts.bare:serve()`."""
    database = environ.Env.db_url_config(os.environ["DATABASE_URL"])
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={"default": {**database, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}},
        ROOT_URLCONF=__name__,
        SECRET_KEY=os.environ["PORTAL_SECRET_KEY"],
        USE_TZ=True,
    )
    return get_wsgi_application()
