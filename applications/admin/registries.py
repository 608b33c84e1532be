"""Facts that agencies answered: changes since they were first asked, and checks of a sub-programme."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from applications.models import RegistryChange, RegistryCheck
from applications.queries import registries as queries
from applications.services import registries as services
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.models import Failure
from portal.registries.declared import connected, registries
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.filters import by_condition
from portal.staff.forms import text
from portal.staff.jobs import JobProgressAdmin
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from portal.templatetags.values import business_number
from programs.forms.catalogue import StartForm
from programs.roles import MANAGER, OFFICER, STAFF_READERS
from programs.visibility import sub_programs_of


class ReviewForm(forms.Form):
    note = text("확인한 내용")


def review(request: HttpRequest, answer: RegistryChange, data: dict[str, Any], at: datetime) -> Any:
    return services.review(answer, by=person(request), now=at, **data)


ReviewedFilter = by_condition(
    "확인",
    "reviewed",
    {"no": ("확인 전", Q(review=None)), "yes": ("확인함", Q(review__isnull=False))},
)


@admin.register(RegistryChange)
class RegistryChangeAdmin(WorkflowAdmin):
    """Answers that differ from the one before; they decide nothing by themselves."""

    read_roles = STAFF_READERS
    page_template = "admin/applications/registries/change.html"
    list_display = ["firm", "asked", "before", "after", "answered", "reviewed"]
    list_select_related = ["previous", "review__by"]
    list_filter = [ReviewedFilter]
    ordering = ["-pk"]
    acts = [
        Act(
            "review",
            "확인",
            review,
            done="확인한 내용을 남겼습니다.",
            roles=[OFFICER, MANAGER],
            form=ReviewForm,
            show=lambda request, answer: not hasattr(answer, "review"),
            intro="기관의 답이 바뀐 까닭을 확인하고 그 내용을 남깁니다. 이것만으로 바뀌는 결정은 없습니다.",
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegistryChange]:
        return queries.changes_for(person(request)).select_related("previous", "review__by")

    def page(self, request: HttpRequest, thing: RegistryChange) -> dict[str, Any]:
        return {
            "company": queries.company_of(thing),
            "registry": registries()[thing.registry],
            "before": queries.reading_of(thing.previous),
            "after": queries.reading_of(thing),
            "applications": queries.applications_about(thing, person(request)),
        }

    @admin.display(description="기업")
    def firm(self, answer: RegistryChange) -> str:
        return f"{getattr(answer, 'company_name', '')} ({business_number(answer.subject)})"

    @admin.display(description="조회")
    def asked(self, answer: RegistryChange) -> str:
        registry = registries()[answer.registry]
        return f"{registry.agency} {registry.label}"

    @admin.display(description="이전")
    def before(self, answer: RegistryChange) -> str:
        reading = queries.reading_of(answer.previous)
        return reading.words if reading else ""

    @admin.display(description="바뀐 답")
    def after(self, answer: RegistryChange) -> str:
        reading = queries.reading_of(answer)
        return reading.words if reading else ""

    @admin.display(description="답을 받은 시각")
    def answered(self, answer: RegistryChange) -> str:
        return kst(answer.answered_at)

    @admin.display(description="확인")
    def reviewed(self, answer: RegistryChange) -> SafeString:
        if hasattr(answer, "review"):
            return badge(f"{answer.review.by} 확인", tone="success")
        return badge("확인 전", tone="warning")


def stop(request: HttpRequest, check: RegistryCheck, data: dict[str, Any], at: datetime) -> None:
    services.stop_check(check, by=person(request), now=at)


@admin.register(RegistryCheck)
class RegistryCheckAdmin(JobProgressAdmin):
    read_roles = STAFF_READERS
    change_list_template = "admin/applications/registries/check_list.html"
    page_template = "admin/applications/registries/check.html"
    list_display = ["sub_program", "requested", "requested_by", "state"]
    list_select_related = ["sub_program", "requested_by", "job"]
    acts = [
        Act(
            "stop",
            "여기까지로 끝내기",
            stop,
            done="답을 받은 데까지로 재조회를 끝냈습니다.",
            roles=[OFFICER, MANAGER],
            show=lambda request, check: (
                check.finished_at is None
                and check.job is not None
                and check.job.state in services.STOPPED
            ),
            intro="답을 받지 못한 기업은 ‘조회하지 못함’으로 남습니다.",
        )
    ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.start_view)
        return [path("start/", page, name="applications_registrycheck_start"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegistryCheck]:
        mine = RegistryCheck.objects.filter(sub_program__in=sub_programs_of(person(request)))
        return mine.select_related("sub_program__round", "job", "requested_by")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = bool(roles_of(request.user) & services.STAFF) and bool(connected())
        return super().changelist_view(request, {"may_start": may, **(extra_context or {})})

    def page(self, request: HttpRequest, thing: RegistryCheck) -> dict[str, Any]:
        rows = [
            (registries()[code], row, [(Failure(why).label, n) for why, n in row["failed"].items()])
            for code, row in thing.results.items()
        ]
        return {"rows": rows, **self.job_context(thing)}

    def start_view(self, request: HttpRequest) -> HttpResponse:
        if not roles_of(request.user) & services.STAFF:
            raise Http404
        return self.start_page(
            request,
            StartForm(request),
            lambda data, at: services.start_check(data["sub_program"], by=person(request), now=at),
            template="admin/applications/registries/check_start.html",
            title="기관 재조회 시작",
            done="재조회를 시작했습니다.",
        )

    @admin.display(description="요청 시각")
    def requested(self, check: RegistryCheck) -> str:
        return kst(check.requested_at)

    @admin.display(description="상태")
    def state(self, check: RegistryCheck) -> SafeString:
        if check.finished_at:
            return badge("완료", tone="success")
        if check.job and check.job.state in services.STOPPED:
            return badge("중단(확인 필요)", tone="danger")
        return badge("조회 중", tone="info")
