"""Companies, found by searching; nothing is listed before a search."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from applications.models import Company, OwnerNomination
from applications.queries import registries, search
from applications.rules import search as search_rules
from applications.services import company as company_services
from applications.states import NominationState
from applications.visibility import staff_applications
from portal.access.requests import person
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form, text
from portal.staff.list_pages import wants_every_row
from portal.staff.sorting import Sort
from portal.templatetags.dates import kst
from portal.templatetags.values import business_number
from programs.queries import industries
from programs.roles import MANAGER, OFFICER, STAFF_READERS
from programs.states import CompanyKind, CompanySize, Region

SIZES, REGIONS, KINDS = dict(CompanySize.choices), dict(Region.choices), dict(CompanyKind.choices)


def told_too_short(request: HttpRequest, text: str) -> bool:
    """Say that a search needs more letters; return whether it does."""
    if not search_rules.read(text).too_short:
        return False
    messages.warning(
        request, f"{search_rules.SHORTEST}글자 이상 적어 주세요.", extra_tags="search_short"
    )
    return True


class NominationForm(forms.Form):
    email = forms.EmailField(
        label="새 대표 담당자의 이메일", help_text="포털에 가입한 이메일입니다."
    )
    reason = text("사유와 확인한 근거")


def name_owner(
    request: HttpRequest, company: Company, data: dict[str, Any], at: datetime
) -> OwnerNomination:
    return company_services.nominate_owner(company, by=person(request), now=at, **data)


@admin.register(Company)
class CompanyAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["name", "number", "kind_label", "size_label", "region_label"]
    fields = [
        "name",
        "number",
        "kind_label",
        "size_label",
        "region_label",
        "industry_label",
        "founded_on",
        "employees",
        "representative",
        "address",
        "phone",
        "registry_facts",
    ]
    search_fields = ["name"]
    search_help_text = (
        "기업명·대표자·사업장의 일부(두 글자부터), 사업자등록번호, 전화번호, 이메일, 접수번호"
    )
    ordering = ["-pk"]
    acts = [
        Act(
            "name-owner",
            "대표 담당자 지정",
            name_owner,
            done="지정안을 만들었습니다. 다른 결정권자가 ‘대표 담당자 지정’에서 승인합니다.",
            roles=[OFFICER, MANAGER],
            form=NominationForm,
            show=lambda request, company: (
                not company.nominations.filter(state=NominationState.PROPOSED).exists()
            ),
            intro="대표 담당자가 떠났거나 잠긴 기업에 새 대표 담당자를 정합니다. 재직과 위임을 확인한 근거를"
            " 남기고, 다른 결정권자가 승인하면 바로 바뀌며 기업의 모든 구성원에게 알립니다.",
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Company]:
        visible = staff_applications(person(request)).order_by().values("company")
        return super().get_queryset(request).filter(pk__in=visible)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Company], search_term: str
    ) -> tuple[QuerySet[Company], bool]:
        if not search_term or told_too_short(request, search_term):
            return queryset.none(), False
        if wants_every_row(request):
            return search.companies(queryset, search_term), False
        found = search.first_companies(queryset, search_term)
        return self.show_found(request, queryset, found.ids, more=found.more), False

    @admin.display(description="사업자등록번호")
    def number(self, company: Company) -> str:
        return business_number(company.business_number)

    @admin.display(description="구분")
    def kind_label(self, company: Company) -> str:
        return KINDS.get(company.kind, company.kind)

    @admin.display(description="업종", empty_value="모름")
    def industry_label(self, company: Company) -> str | None:
        return industries.described(company.industry) or None

    @admin.display(description="기관 조회")
    def registry_facts(self, company: Company) -> SafeString:
        return render_to_string(
            "admin/applications/registries/facts.html", registries.summary(company)
        )

    @admin.display(description="기업 규모")
    def size_label(self, company: Company) -> str:
        return SIZES.get(company.size, company.size)

    @admin.display(description="지역")
    def region_label(self, company: Company) -> str:
        return REGIONS.get(company.region, company.region)


def approve_nomination(
    request: HttpRequest, nomination: OwnerNomination, data: dict[str, Any], at: datetime
) -> None:
    company_services.approve_nomination(nomination, by=person(request), now=at)


def refuse_nomination(
    request: HttpRequest, nomination: OwnerNomination, data: dict[str, Any], at: datetime
) -> None:
    company_services.refuse_nomination(nomination, by=person(request), now=at, **data)


def decidable(request: HttpRequest, nomination: OwnerNomination) -> bool:
    waiting = nomination.state == NominationState.PROPOSED
    return waiting and nomination.proposed_by_id != request.user.pk


@admin.register(OwnerNomination)
class OwnerNominationAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["company", "user", "state", "proposed_by", "proposed"]
    list_filter = ["state"]
    list_select_related = ["company", "user", "proposed_by"]
    ordering = ["-pk"]
    sorts = [Sort("proposed")]
    fields = [
        "company", "user", "reason", "state", "proposed_by", "proposed", "decided_by", "decided",
        "note",
    ]  # fmt: skip
    readonly_fields = ["proposed", "decided"]
    acts = [
        Act(
            "approve",
            "지정 승인",
            approve_nomination,
            done="대표 담당자를 지정하고 구성원에게 알렸습니다.",
            roles=[MANAGER],
            show=decidable,
            intro="승인하면 이 사람이 바로 대표 담당자가 되어 제출·취하·서명·구성원 관리를 할 수 있습니다.",
        ),
        Act(
            "refuse",
            "지정하지 않기",
            refuse_nomination,
            done="지정하지 않았습니다.",
            roles=[MANAGER],
            form=note_form(max_length=300),
            show=decidable,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OwnerNomination]:
        visible = staff_applications(person(request)).order_by().values("company")
        return OwnerNomination.objects.filter(company__in=visible)

    @admin.display(description="제안 시각")
    def proposed(self, nomination: OwnerNomination) -> str:
        return kst(nomination.proposed_at)

    @admin.display(description="결정 시각")
    def decided(self, nomination: OwnerNomination) -> str:
        return kst(nomination.decided_at)
