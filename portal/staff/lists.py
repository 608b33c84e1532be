"""Staff screens that list and show rows and never save."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import label_for_field, unquote
from django.contrib.admin.views.main import (
    ERROR_FLAG,
    SEARCH_VAR,
    ChangeList,
    ChangeListSearchForm,
)
from django.core.paginator import Page, Paginator
from django.db.models import Field, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.access.roles import roles_of
from portal.core.validators import row_number, search_term
from portal.forms.people import PersonField
from portal.models import User
from portal.paper import workbooks
from portal.staff import rows as staff_rows
from portal.staff import saved, sorting
from portal.staff.list_pages import OWN, ListPages
from portal.staff.sorting import Sort

FOUND = "found_by_search"


class QuickPaginator(Paginator):
    """Pages over the first MOST rows, so that a page costs no count of the table.

    `total` says how many rows there are, exactly up to MOST; None beyond.
    """

    MOST = 10_000

    @cached_property
    def total(self) -> int | None:
        rows: Any = self.object_list
        found: int = rows.order_by().values("pk")[: self.MOST + 1].count()
        return found if found <= self.MOST else None

    @cached_property
    def count(self) -> int:
        return self.MOST if self.total is None else self.total


@dataclass(frozen=True)
class Found:
    """What a search that looks for a limited number found among `rows`: keys in the list's order.

    `more` when it stopped before it had looked at everything.
    """

    rows: QuerySet[Any]
    ids: Sequence[int]
    more: bool


class FoundPaginator(QuickPaginator):
    """Pages over what a search found; a query names the keys of one page alone."""

    def __init__(self, found: Found, per_page: int) -> None:
        super().__init__(found.rows, per_page)
        self.ids, self.MOST = found.ids, len(found.ids)
        self.total = None if found.more else len(found.ids)

    def page(self, number: Any) -> "Page[Any]":
        last = self.validate_number(number) * self.per_page
        shown = self.ids[last - self.per_page : last]
        rows: Any = self.object_list
        return Page(rows.filter(pk__in=shown), number, self)


class SearchField(forms.CharField):
    """What is searched for, as it is stored."""

    def to_python(self, value: Any) -> str:
        return search_term(str(super().to_python(value) or ""))


class SearchForm(ChangeListSearchForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {SEARCH_VAR: SearchField(required=False)}


@dataclass(frozen=True)
class Chip:
    """One condition in force: what it says, the parameters that say it, the list without it."""

    words: str
    names: Sequence[str]
    without: str


class StaffList(ChangeList):
    search_form_class = SearchForm
    model_admin: "StaffAdmin"
    sort: Sort | None = None
    asked: Sort | None = None

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request = request
        super().__init__(request, *args, **kwargs)

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in OWN}

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        sorts = self.model_admin.sorts
        self.asked = sorting.chosen(sorts, request.GET.get(sorting.SORT, ""))
        usual = super().get_ordering(request, queryset)
        self.sort = self.asked or sorting.own(sorts, usual)
        return self.asked.ordering() if self.asked else usual

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        rows = super().get_queryset(request, exclude_parameters)
        if self.asked and self.asked.among is not None:
            rows = rows.filter(self.asked.among)
        found = request.__dict__.get(FOUND)
        if found is None:
            return rows
        # Now in the list's order and with what it shows of each row.
        ids = found.ids
        if self.asked:
            ids = list(rows.filter(pk__in=ids).values_list("pk", flat=True))
        request.__dict__[FOUND] = replace(found, rows=rows, ids=ids)
        return rows.filter(pk__in=ids)

    def table(self) -> SafeString:
        return staff_rows.table(self)

    def chips(self) -> list[Chip]:
        """Return the conditions in force, each with the address of the list without it."""
        chips = []
        if self.query:
            without = self.get_query_string({SEARCH_VAR: None})
            chips.append(Chip(f"검색어: {self.query}", [SEARCH_VAR], without))
        for spec in self.filter_specs:
            every, *choices = spec.choices(self)
            picked = [str(choice["display"]) for choice in choices if choice["selected"]]
            if picked:
                names = [name for name in spec.expected_parameters() if name]
                words = f"{spec.title}: {', '.join(picked)}"
                chips.append(Chip(words, names, str(every["query_string"])))
        return chips

    def sort_words(self) -> str:
        """Return how the list is sorted, where it is not in its own order."""
        if self.asked is None:
            return ""
        label = label_for_field(self.asked.column, self.model, self.model_admin)
        return f"정렬: {label} {'내림차순' if self.asked.down else '오름차순'}"

    def unsorted(self) -> str:
        return self.get_query_string({sorting.SORT: None})

    def views(self) -> list[tuple[Any, str, bool]]:
        """Return the saved views of the reader: each with its address and whether it is open."""
        screen, opened = self.model_admin, str(self.params.get(saved.VIEW, ""))
        return [
            (row, screen.list_url("view", row.pk), str(row.pk) == opened) for row in self.kept.views
        ]

    @property
    def kept(self) -> saved.Saved:
        return saved.of_list(self.request, self.opts.label_lower)

    def page_url(self, page: str) -> str:
        """Return the address of a page beside the list, with what the list shows."""
        return f"{self.model_admin.list_url(page)}{self.get_query_string()}"

    def columns_url(self) -> str:
        return self.page_url("columns")

    def views_url(self) -> str:
        return self.page_url("views")

    def csv_url(self) -> str:
        return self.page_url("export")

    def xlsx_url(self) -> str:
        query = self.get_query_string({workbooks.KIND: "xlsx"})
        return f"{self.model_admin.list_url('export')}{query}"

    def amount(self) -> str:
        """Return how many rows the list has, in words."""
        pages: Any = self.paginator
        most = getattr(pages, "MOST", None)
        if most is not None and pages.total is None:
            return f"{most:,}건 이상"
        return f"{pages.count:,}건"


class StaffAdmin(ListPages):
    """Restricts list filters to those that a screen offers; searches in any spelling.

    Django alone accepts any column in the address (`?password__startswith=`), so that a reader of a list
    could find out, character by character, what it does not show.
    """

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StaffList

    def action_checkbox(self, obj: Model) -> SafeString:
        # As Django draws it, without a template for each row.
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            format_html(_("Select this object for an action - {}"), str(obj)),
        )

    sortable_by = ()  # a sort without its index reads the whole table; `sorts` have one
    show_facets = admin.ShowFacets.NEVER  # they count every filter

    field_kinds: ClassVar[Mapping[str, type[forms.Field]]] = {}
    """Which form field reads a column, where its spelling counts."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if kind := self.field_kinds.get(db_field.name):
            kwargs["form_class"] = kind
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        if db_field.related_model is User:
            kwargs.setdefault("form_class", PersonField)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        offered = [row[0] if isinstance(row, tuple) else row for row in self.list_filter]
        if lookup in {getattr(row, "parameter_name", "") for row in offered}:
            return True
        named = any(
            isinstance(row, str) and f"{lookup}__".startswith(f"{row}__") for row in offered
        )
        return named and super().lookup_allowed(lookup, value, request)


class ReadOnlyAdmin(StaffAdmin):
    """A screen that shows and never saves, for holders of `read_roles`; services do the writing."""

    paginator = QuickPaginator
    show_full_result_count = False
    change_form_template = "admin/workflow_change_form.html"
    list_per_page = 50
    read_roles: ClassVar[Sequence[str]] = ()

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, *where: Any, **named: Any
    ) -> "Paginator[Any]":
        found = request.__dict__.get(FOUND)
        if found is None:
            return super().get_paginator(request, queryset, per_page, *where, **named)
        return FoundPaginator(found, per_page)

    def show_found(
        self, request: HttpRequest, rows: QuerySet[Any], ids: Sequence[int], *, more: bool
    ) -> QuerySet[Any]:
        """Let the list show these of the rows alone; for `get_search_results`."""
        request.__dict__[FOUND] = Found(rows, ids, more)
        return rows

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser or bool(roles_of(request.user) & set(self.read_roles))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # A filter by a number larger than any column is treated like an unknown filter.
        try:
            return super().changelist_view(request, extra_context)
        except OverflowError:
            return redirect(f"{request.path}?{ERROR_FLAG}=1")

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *where: Any, **named: Any
    ) -> HttpResponse | None:
        # Django would apply the action to no row and report success.
        if any(row_number(pk) is None for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            messages.error(
                request, "고른 항목을 알 수 없습니다. 목록에서 다시 고르세요.", extra_tags="rows"
            )
            return None
        return super().response_action(request, queryset, *where, **named)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        # Related objects whose screen the reader may not open are shown without a link.
        whole = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return whole  # an editable field stays a field
        closed = {row.name: row for row in self.opts.fields if self._closed(request, row)}
        return [
            (
                title,
                {**part, "fields": [_named(closed.get(str(row)), row) for row in part["fields"]]},
            )
            for title, part in whole
        ]

    def _closed(self, request: HttpRequest, field: "Field[Any, Any]") -> bool:
        model = field.related_model
        screen = self.admin_site._registry.get(model) if isinstance(model, type) else None
        return screen is not None and not screen.has_view_permission(request)

    def get_or_404(self, request: HttpRequest, pk: str | int) -> Any:
        """Return an object this person may see. Raises Http404 for any other."""
        thing = self.get_object(request, str(pk))
        if thing is None or not self.has_view_permission(request, thing):
            raise Http404
        return thing

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        # Django would redirect to the index with a hint that the object exists.
        self.get_or_404(request, unquote(object_id))
        return super().change_view(request, object_id, form_url, extra_context)


def _named(field: "Field[Any, Any] | None", name: Any) -> Any:
    if field is None:
        return name

    def shown(thing: Model) -> str:
        return str(getattr(thing, field.name) or "-")

    shown.__name__ = field.name
    return admin.display(shown, description=field.verbose_name)
