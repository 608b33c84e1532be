"""Filters that several staff lists offer."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

PARAMETER = "open"
OPEN = {PARAMETER: "yes"}
"""The query of a list narrowed to what waits."""


def by_condition(
    title: str, parameter: str, choices: Mapping[str, tuple[str, Q]]
) -> type[admin.SimpleListFilter]:
    """Return a filter whose values each have a label and a condition; any other value selects all."""

    class ConditionFilter(admin.SimpleListFilter):
        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(value, label) for value, (label, _) in choices.items()]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            found = choices.get(self.value() or "")
            return queryset.filter(found[1]) if found else queryset

    ConditionFilter.title, ConditionFilter.parameter_name = title, parameter
    return ConditionFilter


def waiting(condition: Q) -> type[admin.SimpleListFilter]:
    """Return a filter between rows that wait for somebody and all others."""
    return by_condition(
        "처리", PARAMETER, {"yes": ("처리할 것", condition), "no": ("끝난 것", ~condition)}
    )
