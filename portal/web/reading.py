"""Middleware of a replica: which requests read from it, and what a browser carries after a write."""

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import MiddlewareNotUsed
from django.db import InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from portal.access.decorators import reads_replica
from portal.postgresql import replica
from portal.web.connections import Shelf

READING = frozenset({"GET", "HEAD"})
WRITTEN_SECONDS = 600
"""How long a browser carries the position of its last write; beyond READ_LAG_SECONDS it is not needed."""
SALT = "portal.written"


class Written:
    """Gives a browser the position behind its last write. Outside of what answers a form twice."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.READ_URL:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        replica.begin()
        response = self.get_response(request)
        if request.method not in READING or replica.wrote():
            response.set_cookie(
                settings.WRITTEN_COOKIE_NAME,
                signing.Signer(salt=SALT).sign(str(replica.written())),
                max_age=WRITTEN_SECONDS,
                secure=settings.SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


class ReadReplica:
    """Lets a view that allows it read from the replica. Innermost: it calls the view itself.

    Whatever goes wrong there, the view runs again on the primary, which then says so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.READ_URL:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.shelf = Shelf(replica.ALIAS)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        allowed = request.method in READING and reads_replica(view)
        if not allowed or "Authorization" in request.headers:  # a token is read by the view
            return None
        self.shelf.take()
        response = self._read(request, view, args, kwargs)
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = Parts(iter(response), self.shelf.put_back)
        else:
            self.shelf.put_back()
        return response

    def _read(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if not replica.watch.may_serve(position_of(request)):
            return None
        try:
            with replica.reading():
                response = view(request, *args, **kwargs)
                if isinstance(response, HttpResponse) and hasattr(response, "render"):
                    response = response.render()
        except (OperationalError, InterfaceError):
            replica.watch.failed()
            return None
        except Exception:  # noqa: BLE001 - the primary says what is wrong, or has what is lacking
            return None
        return response


class Parts:
    """The parts of an answer, read from the replica while they are sent."""

    def __init__(self, parts: Iterator[bytes], done: Callable[[], None]) -> None:
        self._parts, self._done = parts, done

    def __iter__(self) -> "Parts":
        return self

    def __next__(self) -> bytes:
        with replica.reading():
            return next(self._parts)

    def close(self) -> None:
        """Called by Django at the end of every answer, also of one that was not read."""
        done, self._done = self._done, lambda: None
        done()


def position_of(request: HttpRequest) -> int:
    """Return the position that this browser has to see; 0 for one that wrote nothing lately."""
    try:
        text = signing.Signer(salt=SALT).unsign(request.COOKIES[settings.WRITTEN_COOKIE_NAME])
        return int(text)
    except (KeyError, ValueError, signing.BadSignature):
        return 0


def state() -> dict[str, object]:
    """Return what `/readyz/` tells of the replica: whether it is read from, and its lag in seconds."""
    replica.watch.ask()
    serves, lag = replica.watch.may_serve(0), replica.watch.lag()
    connections[replica.ALIAS].close()
    return {"read": serves, "lag_seconds": None if lag is None else round(lag, 1)}
