"""Pending steps."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.models import Turn
from applications.queries import agreement as read
from applications.rules import agreement as rules
from applications.states import (
    WaitsFor,
)
from applications.visibility import turns_of
from portal.core.clock import now
from portal.staff.lists import ReadOnlyAdmin
from portal.templatetags.components import badge
from portal.templatetags.dates import kdate, until
from programs.roles import STAFF_READERS


class LateFilter(admin.SimpleListFilter):
    """Only what is late, or only what is not."""

    title = "기한"
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two halves."""
        return [("yes", "지난 것"), ("no", "지나지 않은 것")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Turn]) -> QuerySet[Turn]:
        """Cut at this instant."""
        if self.value() == "yes":
            return queryset.filter(due_at__lte=now())
        return queryset.filter(due_at__gt=now()) if self.value() == "no" else queryset


class WhoFilter(admin.SimpleListFilter):
    """Who has to act."""

    title = "할 사람"
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The three."""
        return list(WaitsFor.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Turn]) -> QuerySet[Turn]:
        """Of one of them."""
        return queryset.filter(waits_for=self.value()) if self.value() else queryset


class StepFilter(admin.SimpleListFilter):
    """Which step."""

    title = "할 일"
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every step in its order."""
        return [(code, label) for code, (label, _) in rules.STEPS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Turn]) -> QuerySet[Turn]:
        """Of one step."""
        return queryset.filter(step=self.value()) if self.value() else queryset


@admin.register(Turn)
class TurnAdmin(ReadOnlyAdmin):
    """Where time is lost: every step that waits, the longest overdue first."""

    read_roles = STAFF_READERS
    list_display = ["step_label", "late", "agreement_link", "firm", "who", "due", "begun"]
    list_display_links = None
    list_filter = [LateFilter, WhoFilter, StepFilter]
    ordering = ["due_at", "id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Turn]:
        """What is open in the own sub-programmes."""
        rows = turns_of(request.user).filter(done_at=None)
        return rows.select_related("agreement__company")

    @admin.display(description="할 일")
    def step_label(self, turn: Turn) -> str:
        """What."""
        return read.label_of(turn.step)

    @admin.display(description="협약")
    def agreement_link(self, turn: Turn) -> SafeString:
        """Of which agreement."""
        url = reverse("admin:applications_agreement_change", args=[turn.agreement_id])
        return format_html('<a href="{}">{}</a>', url, turn.agreement.number)

    @admin.display(description="기업")
    def firm(self, turn: Turn) -> str:
        """Of which firm."""
        return turn.agreement.company.name

    @admin.display(description="할 사람")
    def who(self, turn: Turn) -> str:
        """Who is next."""
        return turn.get_waits_for_display()

    @admin.display(description="시작")
    def begun(self, turn: Turn) -> str:
        """Since when."""
        return kdate(turn.since)

    @admin.display(description="기한")
    def due(self, turn: Turn) -> str:
        """Until when."""
        return until(turn.due_at)

    @admin.display(description="기한 경과")
    def late(self, turn: Turn) -> SafeString:
        """How late."""
        found = read.told(turn, now=now())
        return badge(found.word, found.tone)
