"""Rows that hang on an application, found as applications are: by firm, number, telephone, mail."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from applications.admin.company import told_too_short
from applications.queries import search
from applications.visibility import staff_applications
from portal.access.requests import person
from portal.staff.list_pages import wants_every_row

AGREEMENT = "-협약"  # ends the number of an agreement, after that of its application


class FoundByApplication(admin.ModelAdmin):
    """A list whose search box means what that of applications means."""

    application_path = "application"
    search_fields = ["application__number"]  # shows the box; what is typed is read below
    search_help_text = "기업명·대표자·사업장의 일부(두 글자부터), 접수번호나 그 끝자리, 사업자등록번호, 전화번호, 이메일"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.removesuffix(AGREEMENT)
        if not text:
            return queryset, False
        if told_too_short(request, text):
            return queryset.none(), False
        own = staff_applications(person(request))
        if wants_every_row(request):
            whole = search.applications(own, text).order_by().values("pk")
            return queryset.filter(**{f"{self.application_path}__in": whole}), False
        found = search.first_applications(own, text)
        if found.more:
            messages.warning(
                request,
                f"찾는 신청이 많아 최근 {search.MOST:,}건에 속한 것만 보입니다. 더 자세히 적어 주세요.",
                extra_tags="search_more",
            )
        return queryset.filter(**{f"{self.application_path}__in": found.ids}), False
