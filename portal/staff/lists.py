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
    """Pages without counting the table: exact up to LIMIT rows, "more" beyond."""

    LIMIT = 1_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows.order_by().values_list("pk")[: self.LIMIT + 1])


class StaffAdmin(admin.ModelAdmin):
    """Restricts list filters to those that a screen offers.

    Django alone accepts any column in the address (`?password__startswith=`), so that a reader of a list
    could find out, character by character, what it does not show.
    """

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
    show_facets = admin.ShowFacets.NEVER  # they count every filter
    sortable_by = ()  # a sort without its index reads the whole table
    list_per_page = 50
    read_roles: ClassVar[Sequence[str]] = ()

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
