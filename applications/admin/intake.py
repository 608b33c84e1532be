"""Late filing: proposed by one manager, approved by another, cancelled by any."""

from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.models import Company, LateGrant, Site
from applications.services.intake import late_filing
from applications.visibility import late_grants_of
from applications.worklists import OPEN_LATE_GRANT
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.forms.fields import BusinessNumberField, NameField
from portal.forms.ranges import within
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.filters import waiting
from portal.templatetags.dates import kst, until
from programs.models import SubProgram
from programs.roles import MANAGER, STAFF_READERS
from programs.visibility import sub_programs_of


class GrantForm(forms.Form):
    sub_program = forms.ModelChoiceField(
        label="내역사업", queryset=SubProgram.objects.none(), empty_label="고르세요"
    )
    number = BusinessNumberField()
    site = NameField(
        label="사업장 이름",
        max_length=100,
        required=False,
        help_text="비워 두면 그 기업의 어느 사업장이든 한 번 쓸 수 있습니다.",
    )
    until = forms.DateTimeField(
        label="허용 기한(한국 시각)",
        widget=forms.DateTimeInput({"type": "datetime-local", "step": 1}),
        validators=[within("late_until")],
    )
    reason = forms.CharField(
        label="사유",
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text="승인하면 공개됩니다. 기업과 사람의 이름을 적지 마세요.",
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None)
        rows = sub_programs_of(person(request)).select_related("round").order_by("round", "order")
        field = cast(forms.ModelChoiceField, self.fields["sub_program"])
        field.queryset = rows

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        company = Company.objects.filter(business_number=data.get("number", ""))
        data["company"] = company.first()
        if data["company"] is None:
            if "number" in data:
                self.add_error("number", "등록된 기업이 없습니다.")
            return data
        name = data.get("site", "")
        data["place"] = Site.objects.filter(company=data["company"], name=name).first()
        if name and data["place"] is None:
            self.add_error("site", "그 기업에 이런 이름의 사업장이 없습니다.")
        return data


def approve(request: HttpRequest, row: LateGrant, data: dict[str, Any], at: datetime) -> None:
    late_filing.approve(row, by=person(request), now=at)


def approval_intro(row: LateGrant) -> str:
    return "\n".join(
        [
            f"{row.company} · {row.site or '모든 사업장'} · {row.sub_program}",
            f"접수 기한: {kst(row.sub_program.round.closes_at)} → {until(row.until)}",
            f"제안: {row.granted_by}. 사유: {row.reason}",
            "승인하면 이 기업이 한 번 제출할 수 있고, 기업과 사람의 이름을 뺀 내용이 공개됩니다.",
        ]
    )


def is_open(row: LateGrant) -> bool:
    return row.used_at is None and row.cancelled_at is None


def cancel(request: HttpRequest, late_grant: LateGrant, data: dict[str, Any], at: datetime) -> None:
    late_filing.cancel(late_grant, by=person(request), now=at)


@admin.register(LateGrant)
class LateGrantAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    change_list_template = "admin/applications/intake/late_filing_list.html"
    list_display = [
        *("company", "sub_program", "ends", "granted_by", "approved", "used", "cancelled")
    ]
    list_filter = [waiting(OPEN_LATE_GRANT)]
    list_select_related = ["company", "sub_program", "granted_by", "approved_by"]
    ordering = ["-pk"]
    fields = [
        "sub_program", "company", "site", "reason", "ends", "granted_by", "granted",
        "approved", "used", "used_for", "cancelled",
    ]  # fmt: skip
    readonly_fields = ["ends", "granted", "approved", "used", "used_for", "cancelled"]
    acts = [
        Act(
            "approve",
            "허용 승인",
            approve,
            done="허용을 승인했습니다. 이 기업은 기한까지 한 번 제출할 수 있습니다.",
            roles=[MANAGER],
            show=lambda request, row: (
                is_open(row) and row.approved_at is None and row.granted_by_id != person(request).pk
            ),
            intro=approval_intro,
        ),
        Act(
            "cancel",
            "허용 취소",
            cancel,
            done="허용을 취소했습니다.",
            roles=[MANAGER],
            show=lambda request, late_grant: is_open(late_grant),
            danger=True,
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.grant_view)
        return [path("grant/", page, name="applications_lategrant_grant"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LateGrant]:
        return late_grants_of(person(request))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = MANAGER in roles_of(person(request))
        return super().changelist_view(request, {"may_grant": may, **(extra_context or {})})

    def grant_view(self, request: HttpRequest) -> HttpResponse:
        if MANAGER not in roles_of(person(request)):
            raise Http404

        def grant(data: dict[str, Any], at: datetime) -> LateGrant:
            return late_filing.grant(
                data["sub_program"],
                company=data["company"],
                site=data["place"],
                until=data["until"],
                reason=data["reason"],
                by=person(request),
                now=at,
            )

        return self.start_page(
            request,
            GrantForm(request),
            grant,
            template="admin/applications/intake/late_filing_grant.html",
            title="기한 뒤 접수 허용",
            done="허용을 제안했습니다. 다른 결정권자가 승인하면 쓸 수 있습니다.",
        )

    @admin.display(description="허용 기한")
    def ends(self, late_grant: LateGrant) -> str:
        return until(late_grant.until)

    @admin.display(description="승인")
    def approved(self, late_grant: LateGrant) -> str:
        if late_grant.approved_at is None:
            return "승인 대기" if is_open(late_grant) else "—"
        return f"{late_grant.approved_by} · {kst(late_grant.approved_at)}"

    @admin.display(description="제안 시각")
    def granted(self, late_grant: LateGrant) -> str:
        return kst(late_grant.granted_at)

    @admin.display(description="사용 시각")
    def used(self, late_grant: LateGrant) -> str:
        return kst(late_grant.used_at) or "쓰지 않음"

    @admin.display(description="접수한 신청")
    def used_for(self, late_grant: LateGrant) -> SafeString | str:
        if late_grant.application is None:
            return "—"
        address = reverse("admin:applications_application_change", args=[late_grant.application.pk])
        return format_html('<a href="{}">{}</a>', address, late_grant.application.number)

    @admin.display(description="취소 시각")
    def cancelled(self, late_grant: LateGrant) -> str:
        return kst(late_grant.cancelled_at) or "—"
