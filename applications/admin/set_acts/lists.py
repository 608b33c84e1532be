"""What a list offers for acts on many applications: a link for all that it selects, and for ticks."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from portal.access.roles import roles_of
from portal.staff.acts import WorkflowAdmin
from programs.roles import MANAGER, OFFICER

ACTING_ROLES = {OFFICER, MANAGER}
LIST, PICKED = "_list", "_picked"
"""Names of the parameters that say which list was filtered and which of its rows were ticked."""
START = "admin:applications_setact_start"


class SetListAdmin(WorkflowAdmin):
    """A list whose rows can be acted on together; `set_list` is its name for the start page."""

    set_list = ""
    actions = ["act_together"]

    def has_together_permission(self, request: HttpRequest) -> bool:
        return bool(roles_of(request.user) & ACTING_ROLES)

    @admin.action(description="함께 처리", permissions=["together"])
    def act_together(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseRedirect:
        """Lead to the page where the act is chosen, for the ticked rows or for all."""
        query = request.GET.copy()
        query[LIST] = self.set_list
        if request.POST.get("select_across") != "1":
            ids = rows.order_by("pk").values_list("pk", flat=True)
            query[PICKED] = ",".join(map(str, ids))
        return redirect(f"{reverse(START)}?{query.urlencode()}")

    def changelist_view(
        self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        may = {"together": self.set_list if self.has_together_permission(request) else ""}
        return super().changelist_view(request, {**may, **(extra_context or {})})
