"""Companies, found by searching; nothing is listed before a search."""

import re

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from applications.models import Company
from applications.visibility import staff_applications
from portal.access.requests import person
from portal.staff.lists import ReadOnlyAdmin
from portal.templatetags.values import business_number
from programs.roles import STAFF_READERS
from programs.states import CompanyKind, CompanySize, Region

SIZES, REGIONS, KINDS = dict(CompanySize.choices), dict(Region.choices), dict(CompanyKind.choices)

SEPARATORS, TEN_DIGITS = re.compile(r"[-\s]"), re.compile(r"[0-9]{10}")


def company_ids(term: str, *, limit: int = 200) -> list[int]:
    """Find companies by whole business number or by the beginning of the name.

    Unordered: at most `limit`, as the index returns them.
    """
    digits = SEPARATORS.sub("", term)
    if TEN_DIGITS.fullmatch(digits):
        rows = Company.objects.filter(business_number=digits)
    else:
        rows = Company.objects.filter(name__startswith=term)
    return list(rows.values_list("pk", flat=True)[:limit])


@admin.register(Company)
class CompanyAdmin(ReadOnlyAdmin):
    read_roles = STAFF_READERS
    list_display = ["name", "number", "kind_label", "size_label", "region_label"]
    fields = [
        "name",
        "number",
        "kind_label",
        "size_label",
        "region_label",
        "industry_code",
        "industry_revision",
        "founded_on",
        "employees",
        "representative",
        "address",
        "phone",
    ]
    search_fields = ["name"]
    search_help_text = "사업자등록번호 10자리 또는 기업명의 앞부분"
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Company]:
        visible = staff_applications(person(request)).order_by().values("company")
        return super().get_queryset(request).filter(pk__in=visible)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Company], search_term: str
    ) -> tuple[QuerySet[Company], bool]:
        if not search_term.strip():
            return queryset.none(), False
        return queryset.filter(pk__in=company_ids(search_term.strip())), False

    @admin.display(description="사업자등록번호")
    def number(self, company: Company) -> str:
        return business_number(company.business_number)

    @admin.display(description="구분")
    def kind_label(self, company: Company) -> str:
        return KINDS.get(company.kind, company.kind)

    @admin.display(description="기업 규모")
    def size_label(self, company: Company) -> str:
        return SIZES.get(company.size, company.size)

    @admin.display(description="지역")
    def region_label(self, company: Company) -> str:
        return REGIONS.get(company.region, company.region)
