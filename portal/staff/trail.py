"""What the address of a staff page keeps: its tab, the paper beside it, the filters of its list."""

import re
from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest
from django.utils.http import urlencode

TAB, PAPER, PAGE = "tab", "paper", "page"
FILTERS = "_changelist_filters"  # the name that Django's admin gives them
LONGEST = 1_000
_FORMS = {
    TAB: re.compile(r"[a-z]{1,20}"),
    PAPER: re.compile(r"[0-9]{1,18}"),
    PAGE: re.compile(r"[0-9]{1,4}"),
}


def named(request: HttpRequest, name: str) -> str:
    """Return what an address names as tab, paper or page, "" for nothing."""
    value = request.GET.get(name, "")
    return value if _FORMS[name].fullmatch(value) else ""


def filters(request: HttpRequest) -> str:
    """Return the query of the list that a page was opened from, "" for none; the list judges it."""
    return request.GET.get(FILTERS, "")[:LONGEST]


def onto(url: str, request: HttpRequest, **other: str) -> str:
    """Return an address of the same site with what this page's address keeps; `other` replaces it."""
    kept = {name: named(request, name) for name in _FORMS}
    query = {**kept, FILTERS: filters(request), **other}
    written = urlencode({name: value for name, value in query.items() if value})
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=written)) if written else url
