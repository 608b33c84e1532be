"""Pages that show every stranger the same, kept as text by each process.

The body of such a page is rendered without the request, so that nothing of a person, a session or a
message can be in it. It is kept under a key of all that it shows. What changes from second to second
is left out of it and filled in each time. The page around the body is kept for strangers only.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import cache, cached_property
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from portal.postgresql.replica import on_primary

Context = Mapping[str, Any]
COOKIES = frozenset({settings.SESSION_COOKIE_NAME, settings.MESSAGES_COOKIE_NAME})


def show(
    request: HttpRequest,
    page: str,
    body: str,
    *,
    key: Hashable,
    context: Callable[[], Context],
    head: Context | None = None,
    fills: Mapping[str, Callable[[], str]] | None = None,
) -> HttpResponse:
    """Render the template `page` around the template `body`, or answer with what is kept of them.

    `key` names all that `body` shows of `context`, which is called only when the body is not kept;
    None keeps nothing. `head` is what `page` itself shows beside its `body`: part of the key as well.
    `fills` are the variables of `body` that are rendered for every request.
    """
    fills = fills or {}
    holes = {hole: mark_safe(_mark(hole)) for hole in fills}  # noqa: S308

    def whole() -> str:
        shown = fragment(body, key=key, context=lambda: {**context(), **holes})
        return render(request, page, {**(head or {}), "body": shown}).content.decode()

    if key is None or not is_stranger(request) or settings.SITE_NOTICE:
        return HttpResponse(_filled(whole(), fills))
    name = (page, request.path, tuple((head or {}).items()), body, key)
    return HttpResponse(_filled(held(name, whole), fills))


def held(key: Hashable, make: Callable[[], Any]) -> Any:
    """Return what this process keeps under a key, a copy of it; what `make` returns when there is none."""
    name = sha256(repr(key).encode()).hexdigest()
    value = caches["pages"].get(name)
    if value is None:
        with on_primary():
            value = make()
        caches["pages"].set(name, value)
    return value


def fragment(template: str, *, key: Hashable, context: Callable[[], Context]) -> SafeString:
    """Return the template rendered without a request, kept under all that it shows; None keeps nothing."""

    def text() -> str:
        return str(render_to_string(template, dict(context())))

    return mark_safe(text() if key is None else held((template, key), text))  # noqa: S308


class Standing:
    """The rows of a query of which only the execution is left: what a fragment shows, as its key.

    The query is put into SQL once for each process; doing so takes longer than all the rest.
    """

    def __init__(self, query: Callable[[], QuerySet[Any, Any]]) -> None:
        self._query = query

    @cached_property
    def _sql(self) -> tuple[str, tuple[Any, ...]]:
        sql, values = self._query().query.sql_with_params()
        return sql, values

    def rows(self) -> tuple[tuple[Any, ...], ...]:
        with connection.cursor() as cursor:
            cursor.execute(*self._sql)
            return tuple(cursor.fetchall())


def is_stranger(request: HttpRequest) -> bool:
    """Return whether a request has neither a session nor a message."""
    return COOKIES.isdisjoint(request.COOKIES)


@cache
def _mark(hole: str) -> str:
    # No text of a page holds it: "<" is escaped there.
    return f"<!--fill {hole}-->"


def _filled(text: str, fills: Mapping[str, Callable[[], str]]) -> str:
    for hole, fill in fills.items():
        mark = _mark(hole)
        if mark in text:
            text = text.replace(mark, fill())
    return text
