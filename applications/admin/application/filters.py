"""Filters of the list: each an indexed condition, without a join or a count over a growing table."""

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from applications.models import Application, BonusClaim
from applications.states import ApplicationState, BonusState, SupplementState
from portal.access.requests import person
from portal.core.clock import KST, now
from portal.core.validators import row_number
from programs.models import Track
from programs.states import CompanySize, Region
from programs.visibility import sub_programs_of

Choices = list[tuple[Any, str]]
Rows = QuerySet[Application]


class ListedFilter(admin.SimpleListFilter):
    """Filter one column by an offered value; any other value matches nothing."""

    column = ""

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        value = self.value()
        if value is None:
            return queryset
        if value not in {str(choice) for choice, _ in self.lookup_choices}:
            return queryset.none()
        return queryset.filter(**{self.column: value})


class SubProgramFilter(ListedFilter):
    title = "내역사업"
    column = "sub_program"
    parameter_name = "program"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        rows = sub_programs_of(person(request)).order_by("round", "order")
        found = list(rows.values_list("pk", "name", "round__name"))
        if len({round for _, _, round in found}) < 2:
            return [(pk, name) for pk, name, _ in found]
        return [(pk, f"{name} ({round})") for pk, name, round in found]


class StateFilter(ListedFilter):
    title = "상태"
    column = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        return [row for row in ApplicationState.choices if row[0] != ApplicationState.DRAFT]


class TrackFilter(ListedFilter):
    """Tracks of the chosen sub-programme; without one there would be too many."""

    title = "지원유형"
    column = "track"
    parameter_name = "track"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        chosen = row_number(request.GET.get(SubProgramFilter.parameter_name, ""))
        if chosen is None:
            return []
        program = sub_programs_of(person(request)).filter(pk=chosen)
        rows = Track.objects.filter(sub_program__in=program.values("pk")).order_by("order")
        return list(rows.values_list("pk", "name"))


class RegionFilter(ListedFilter):
    title = "지역"
    column = "region"
    parameter_name = "region"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        return list(Region.choices)


class SizeFilter(ListedFilter):
    title = "기업 규모"
    column = "size"
    parameter_name = "size"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        return list(CompanySize.choices)


class ReceivedFilter(admin.SimpleListFilter):
    """Day of filing, in Korean time."""

    title = "접수일"
    parameter_name = "received"
    DAYS = {"today": 0, "3": 2, "7": 6, "30": 29}

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        return [("today", "오늘"), ("3", "최근 3일"), ("7", "최근 7일"), ("30", "최근 30일")]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        days = self.DAYS.get(self.value() or "")
        if days is None:
            return queryset
        first = now().astimezone(KST).date() - timedelta(days=days)
        return queryset.filter(submitted_at__gte=datetime.combine(first, time(), tzinfo=KST))


class BonusFilter(admin.SimpleListFilter):
    title = "가점 신청"
    parameter_name = "bonus"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        return list(BonusState.choices)

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        if self.value() not in BonusState.values:
            return queryset
        claims = BonusClaim.objects.filter(state=self.value())
        return queryset.filter(pk__in=claims.values("application"))


class SupplementFilter(ListedFilter):
    """Supplements that need attention; its index covers applications in screening only."""

    title = "보완"
    column = "supplement_state"
    parameter_name = "supplement"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        return [
            (SupplementState.EXPIRED, "기한 경과"),
            (SupplementState.ANSWERED, "답변 도착"),
            (SupplementState.OPEN, "답변 대기"),
        ]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        narrowed = super().queryset(request, queryset)
        if self.value() is None:
            return narrowed
        return narrowed.filter(state=ApplicationState.SCREENING).exclude(supplement_state="")
