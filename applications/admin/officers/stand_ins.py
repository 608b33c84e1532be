"""Who stands in for whom: arranged by the officer or by a manager, ended early by either."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path

from applications.models import StandIn
from applications.services.officers import stand_ins
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.dates import korean_day
from portal.forms.people import PersonField
from portal.forms.ranges import within
from portal.models import User
from portal.staff.acts import Act, WorkflowAdmin
from programs.roles import MANAGER, OFFICER, STAFF_READERS

FIELDS = {"stand_in": "stand_in", "overlap": "first_day", "period": "last_day"}


def stand_in_form(request: HttpRequest) -> forms.Form:
    """Return the form: an officer names who stands in, a manager also for whom."""
    officers = User.objects.filter(is_active=True, groups__name=OFFICER).order_by("name", "pk")
    reader = person(request)
    fields: dict[str, forms.Field] = {
        "officer": PersonField(label="자리를 비우는 사람", queryset=officers),
        "stand_in": PersonField(
            label="대행자",
            queryset=officers,
            help_text="내역사업을 하나 이상 함께 맡은 담당자여야 합니다.",
        ),
        "first_day": _day("첫날"),
        "last_day": _day("마지막 날"),
    }
    if MANAGER not in roles_of(reader):
        del fields["officer"]
        fields["stand_in"] = PersonField(
            label="대행자",
            queryset=officers.filter(sub_programs__in=reader.sub_programs.all())
            .exclude(pk=reader.pk)
            .distinct(),
        )
    return type("StandInForm", (forms.Form,), fields)(request.POST or None)


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput({"type": "date"}),
        validators=[within("stand_in_day")],
    )


def end(request: HttpRequest, row: StandIn, data: dict[str, Any], at: datetime) -> None:
    stand_ins.end(row, by=person(request), now=at)


def may_end(request: HttpRequest, row: StandIn) -> bool:
    own = row.officer_id == person(request).pk
    may = own or MANAGER in roles_of(person(request))
    return may and row.is_open_on(korean_day(now()))


@admin.register(StandIn)
class StandInAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    change_list_template = "admin/applications/officers/stand_ins_list.html"
    list_display = ["officer", "stand_in", "first_day", "last_day", "standing", "arranged_by"]
    list_select_related = ["officer", "stand_in", "arranged_by"]
    fields = [
        "officer", "stand_in", "first_day", "last_day", "standing", "arranged_by", "arranged_at",
        "ended_by", "ended_at",
    ]  # fmt: skip
    readonly_fields = ["standing"]
    ordering = ["-pk"]
    acts = [
        Act(
            "end",
            "대행 끝내기",
            end,
            done="대행을 끝냈습니다.",
            roles=[OFFICER, MANAGER],
            show=may_end,
            intro="이제부터 새로 배분하는 신청과 알림이 다시 본인에게 갑니다. 대행하는 동안 배분된 신청은 대행자가 계속 맡습니다.",
            danger=True,
        )
    ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.start_view)
        return [path("start/", page, name="applications_standin_start"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = bool(roles_of(person(request)) & {OFFICER, MANAGER})
        return super().changelist_view(request, {"may_start": may, **(extra_context or {})})

    def start_view(self, request: HttpRequest) -> HttpResponse:
        if not roles_of(person(request)) & {OFFICER, MANAGER}:
            raise Http404

        def arrange(data: dict[str, Any], at: datetime) -> StandIn:
            officer = data.pop("officer", None) or person(request)
            return stand_ins.arrange(officer, by=person(request), now=at, **data)

        return self.start_page(
            request,
            stand_in_form(request),
            arrange,
            template="admin/applications/officers/stand_ins_start.html",
            title="대행자 정하기",
            done="대행자를 정했습니다.",
            fields=FIELDS,
        )

    @admin.display(description="상태")
    def standing(self, row: StandIn) -> str:
        today = korean_day(now())
        if row.ended_at is not None:
            return "일찍 끝냄"
        if today < row.first_day:
            return "시작 전"
        return "대행 중" if row.runs_on(today) else "끝남"
