"""Staff screens that list and show rows and never save."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.paginator import Paginator
from django.db.models import Field, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal.access.roles import roles_of
from portal.core.validators import row_number


class QuickPaginator(Paginator):
    """Pages without counting the table: exact up to `LIMIT` rows, "more" beyond."""

    LIMIT = 1_000

    @cached_property
    def count(self) -> int:
        """Count, but no further than the limit, so that a million rows cost the same."""
        rows: Any = self.object_list
        return len(rows.order_by().values_list("pk")[: self.LIMIT + 1])


class StaffAdmin(admin.ModelAdmin):
    """What every screen keeps to: a list is narrowed by the filters that it offers, by no other.

    Django alone takes any column of the table in the address (`?password__startswith=`), so that
    whoever may read a list could ask out, letter by letter, what it does not show.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow what Django allows of the fields and the filters named in `list_filter`."""
        offered = [row[0] if isinstance(row, tuple) else row for row in self.list_filter]
        if lookup in {getattr(row, "parameter_name", "") for row in offered}:
            return True
        named = any(
            isinstance(row, str) and f"{lookup}__".startswith(f"{row}__") for row in offered
        )
        return named and super().lookup_allowed(lookup, value, request)


class ReadOnlyAdmin(StaffAdmin):
    """A screen that shows and never saves; people with `read_roles` may look."""

    paginator = QuickPaginator
    show_full_result_count = False
    change_form_template = "admin/workflow_change_form.html"
    show_facets = admin.ShowFacets.NEVER  # they count every filter
    sortable_by = ()  # a sort without its index reads the whole table
    list_per_page = 50
    read_roles: ClassVar[Sequence[str]] = ()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Ask the roles, not Django's permission rows."""
        return request.user.is_superuser or bool(roles_of(request.user) & set(self.read_roles))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the app where at least this screen may be read."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows change by services."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is deleted here."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list; a filter by a number that no table holds is one that Django does not know."""
        try:
            return super().changelist_view(request, extra_context)
        except OverflowError:
            return redirect(f"{request.path}?{ERROR_FLAG}=1")

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *where: Any, **named: Any
    ) -> HttpResponse | None:
        """Do what was chosen for the rows that were ticked; a box that is no row's ticks nothing."""
        if any(row_number(pk) is None for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            messages.error(
                request, "고른 항목을 알 수 없습니다. 목록에서 다시 고르세요.", extra_tags="rows"
            )
            return None
        return super().response_action(request, queryset, *where, **named)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Name people and things that the reader may not open, without a link to nowhere."""
        whole = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return whole  # what is filled in stays a field
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

    def own(self, request: HttpRequest, pk: str | int) -> Any:
        """Fetch a thing for a page of its own; what is not yours does not exist."""
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
        """Show one thing; Django alone would send a stranger to the front page with a hint."""
        self.own(request, unquote(object_id))
        return super().change_view(request, object_id, form_url, extra_context)


def _named(field: "Field[Any, Any] | None", name: Any) -> Any:
    """What stands for a field of a read-only page: itself, or a thing's name alone."""
    if field is None:
        return name

    def shown(thing: Model) -> str:
        return str(getattr(thing, field.name) or "-")

    shown.__name__ = field.name
    return admin.display(shown, description=field.verbose_name)
