"""The applications before and after one, in the list that its page was opened from."""

import copy
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from applications.models import Application
from portal.staff import trail
from portal.staff.lists import FOUND, StaffList

QUIET = "rows_without_a_page"


class Quiet(StaffList):
    """The list's rows in its order, without reading a page of them or counting."""

    def get_results(self, request: HttpRequest) -> None:
        self.result_count, self.result_list = 0, []


def page_of(pk: int, request: HttpRequest) -> str:
    """Return the address of an application's page that keeps the list, and nothing else."""
    page = reverse("admin:applications_application_change", args=[pk])
    found = trail.filters(request)
    return f"{page}?{urlencode({trail.FILTERS: found})}" if found else page


def pages(
    admin: "ModelAdmin[Application]", request: HttpRequest, application: Application
) -> dict[str, str]:
    """Return the addresses of the `previous` and the `next` one; none without a list.

    Each is found by the index of the list's order, in one query.
    """
    if not trail.filters(request):
        return {}
    rows = _rows(admin, request)
    if rows is None:
        return {}
    rows = _comparable(rows, application)
    found = {"previous": _first(rows.reverse(), application), "next": _first(rows, application)}
    return {name: page_of(pk, request) for name, pk in found.items() if pk}


def _rows(admin: "ModelAdmin[Application]", request: HttpRequest) -> QuerySet[Application] | None:
    asked: Any = copy.copy(request)
    asked.GET = QueryDict(trail.filters(request))
    asked.__dict__.pop(FOUND, None)
    asked.__dict__[QUIET] = True
    try:
        return admin.get_changelist_instance(asked).queryset
    except (IncorrectLookupParameters, SuspiciousOperation, OverflowError):
        return None


def _first(rows: QuerySet[Application], application: Application) -> int | None:
    """Return the key of the first row behind an application in the order of the rows."""
    behind, same = Q(pk__in=[]), Q()
    for name in _order(rows):
        column = name.lstrip("-")
        value = getattr(application, column)
        behind |= same & Q(**{f"{column}__{'lt' if name.startswith('-') else 'gt'}": value})
        same &= Q(**{column: value})
    found: int | None = rows.filter(behind).values_list("pk", flat=True).first()
    return found


def _order(rows: QuerySet[Application]) -> list[str]:
    names = [str(name) for name in rows.query.order_by]
    if rows.query.standard_ordering:
        return names
    return [name[1:] if name.startswith("-") else f"-{name}" for name in names]


def _comparable(rows: QuerySet[Application], application: Application) -> QuerySet[Application]:
    """Return the rows in their order, or by number where that compares more than own columns."""
    columns = [str(name).lstrip("-") for name in rows.query.order_by]
    known = columns and all(getattr(application, name, None) is not None for name in columns)
    return rows if known else rows.order_by("-pk")
