"""The desk's filters: each an indexed condition, none a join that grows or a count."""

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from applications.models import Application, BonusClaim
from applications.states import ApplicationState, BonusState, SupplementState
from portal.core.clock import KST, now
from portal.core.validators import row_number
from programs.models import Track
from programs.states import CompanySize, Region
from programs.visibility import sub_programs_of

Choices = list[tuple[Any, str]]
Rows = QuerySet[Application]


class ListedFilter(admin.SimpleListFilter):
    """Narrows one column to a value that is on offer; anything else shows nothing."""

    column = ""

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Narrow to one."""
        wanted = self.value()
        if wanted is None:
            return queryset
        if wanted not in {str(value) for value, _ in self.lookup_choices}:
            return queryset.none()
        return queryset.filter(**{self.column: wanted})


class SubProgramFilter(ListedFilter):
    """Own sub-programmes only."""

    title = "내역사업"
    column = "sub_program"
    parameter_name = "program"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        """Name those on this person's desk."""
        found = sub_programs_of(request.user).select_related("round").order_by("round", "order")
        rows = list(found)
        if len({row.round_id for row in rows}) < 2:
            return [(row.pk, row.name) for row in rows]
        return [(row.pk, f"{row.name} ({row.round.name})") for row in rows]


class StateFilter(ListedFilter):
    """States that staff see; drafts are not theirs."""

    title = "상태"
    column = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        """All but the draft."""
        return [row for row in ApplicationState.choices if row[0] != ApplicationState.DRAFT]


class TrackFilter(ListedFilter):
    """Tracks of the chosen sub-programme; before one is chosen there would be too many."""

    title = "지원유형"
    column = "track"
    parameter_name = "track"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        """Name the tracks."""
        chosen = request.GET.get(SubProgramFilter.parameter_name, "")
        mine = sub_programs_of(request.user).filter(pk=row_number(chosen))
        rows = Track.objects.filter(sub_program__in=mine.values("pk")).order_by("order")
        return list(rows.values_list("pk", "name"))


class RegionFilter(ListedFilter):
    """The site's region as filed."""

    title = "지역"
    column = "region"
    parameter_name = "region"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        """The seventeen."""
        return list(Region.choices)


class SizeFilter(ListedFilter):
    """The firm's size as filed."""

    title = "기업 규모"
    column = "size"
    parameter_name = "size"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        """The classes of the law."""
        return list(CompanySize.choices)


class ReceivedFilter(admin.SimpleListFilter):
    """When it was filed, in days of Korean time."""

    title = "접수일"
    parameter_name = "received"
    DAYS = {"today": 0, "3": 2, "7": 6, "30": 29}

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        """Spans that end today."""
        return [("today", "오늘"), ("3", "최근 3일"), ("7", "최근 7일"), ("30", "최근 30일")]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Narrow to the span."""
        if self.value() not in self.DAYS:
            return queryset
        first = now().astimezone(KST).date() - timedelta(days=self.DAYS[self.value()])
        return queryset.filter(submitted_at__gte=datetime.combine(first, time(), tzinfo=KST))


class BonusFilter(admin.SimpleListFilter):
    """Claimed bonuses by what staff made of them."""

    title = "가점 신청"
    parameter_name = "bonus"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        """The marks of a claim."""
        return list(BonusState.choices)

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Narrow to applications with such a claim."""
        if self.value() not in BonusState.values:
            return queryset
        claims = BonusClaim.objects.filter(state=self.value())
        return queryset.filter(pk__in=claims.values("application"))


class SupplementFilter(ListedFilter):
    """Requests for more that need somebody's attention; only while screening goes on."""

    title = "보완"
    column = "supplement_state"
    parameter_name = "supplement"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        """Overdue, answered, waiting."""
        return [
            (SupplementState.EXPIRED, "기한 경과"),
            (SupplementState.ANSWERED, "답변 도착"),
            (SupplementState.OPEN, "답변 대기"),
        ]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Narrow to applications in screening; the index holds no others."""
        narrowed = super().queryset(request, queryset)
        if self.value() is None:
            return narrowed
        return narrowed.filter(state=ApplicationState.SCREENING).exclude(supplement_state="")
