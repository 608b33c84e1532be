"""Staff list of pending steps: where agreements lose time, the longest overdue first."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.models import PendingStep
from applications.queries import agreement as agreement_queries
from applications.rules.agreement import STEPS
from applications.states import (
    WaitsFor,
)
from applications.visibility import pending_steps_of
from portal.access.requests import person
from portal.core.clock import now
from portal.staff.lists import ReadOnlyAdmin
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import due, kdate
from programs.roles import STAFF_READERS


class LateFilter(admin.SimpleListFilter):
    title = "기한"
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "지난 것"), ("no", "지나지 않은 것")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[PendingStep]
    ) -> QuerySet[PendingStep]:
        if self.value() == "yes":
            return queryset.filter(due_at__lte=now())
        return queryset.filter(due_at__gt=now()) if self.value() == "no" else queryset


class WhoFilter(admin.SimpleListFilter):
    title = "할 사람"
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(WaitsFor.choices)

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[PendingStep]
    ) -> QuerySet[PendingStep]:
        return queryset.filter(waits_for=self.value()) if self.value() else queryset


class StepFilter(admin.SimpleListFilter):
    title = "할 일"
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, label) for code, (label, _) in STEPS.items()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[PendingStep]
    ) -> QuerySet[PendingStep]:
        return queryset.filter(step=self.value()) if self.value() else queryset


@admin.register(PendingStep)
class PendingStepAdmin(ReadOnlyAdmin):
    read_roles = STAFF_READERS
    list_display = ["step_label", "late", "agreement_link", "firm", "who", "due", "begun"]
    list_display_links = None
    list_filter = [LateFilter, WhoFilter, StepFilter]
    ordering = ["due_at", "id"]
    sorts = [Sort("due", ["due_at", "id"])]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PendingStep]:
        rows = pending_steps_of(person(request)).filter(done_at=None)
        return rows.select_related("agreement__company")

    @admin.display(description="할 일")
    def step_label(self, row: PendingStep) -> str:
        return agreement_queries.label_of(row.step)

    @admin.display(description="협약")
    def agreement_link(self, row: PendingStep) -> SafeString:
        url = reverse("admin:applications_agreement_change", args=[row.agreement_id])
        return format_html('<a href="{}">{}</a>', url, row.agreement.number)

    @admin.display(description="기업")
    def firm(self, row: PendingStep) -> str:
        return row.agreement.company.name

    @admin.display(description="할 사람")
    def who(self, row: PendingStep) -> str:
        return row.get_waits_for_display()

    @admin.display(description="시작")
    def begun(self, row: PendingStep) -> str:
        return kdate(row.since)

    @admin.display(description="기한")
    def due(self, row: PendingStep) -> str:
        return due(row.due_at)

    @admin.display(description="기한 경과")
    def late(self, row: PendingStep) -> SafeString:
        summary = agreement_queries.summarize(row, now=now())
        return badge(summary.word, summary.tone)
