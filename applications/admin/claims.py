"""Claims to business numbers: the certificate is examined by one person and decided by another."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.models import CompanyClaim
from applications.services import claims
from applications.states import ClaimState
from applications.visibility import claims_of
from portal.access.requests import person
from portal.core.particles import with_particle
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import text
from portal.staff.sorting import Sort
from portal.templatetags.values import business_number
from programs.roles import MANAGER, OFFICER, STAFF_READERS


class ExamineForm(forms.Form):
    uphold = forms.ChoiceField(
        label="검토 결과",
        choices=[("yes", "인정: 이의를 낸 쪽으로 넘김"), ("no", "받아들이지 않음")],
        widget=forms.RadioSelect,
    )
    opinion = text(
        "검토 의견",
        max_length=claims.OPINION_LENGTH,
        help_text="결정되면 양쪽에 전해집니다. 상대방이 누구인지 알 수 있는 내용은 적지 마세요.",
    )


def examine(request: HttpRequest, claim: CompanyClaim, data: dict[str, Any], at: datetime) -> None:
    claims.examine(
        claim,
        uphold=data["uphold"] == "yes",
        opinion=data["opinion"],
        by=person(request),
        now=at,
    )


def decide(
    request: HttpRequest, claim: CompanyClaim, data: dict[str, Any], at: datetime
) -> CompanyClaim:
    return claims.decide(claim, by=person(request), now=at)


def send_back(
    request: HttpRequest, claim: CompanyClaim, data: dict[str, Any], at: datetime
) -> None:
    claims.send_back(claim, by=person(request), now=at)


def second(request: HttpRequest, claim: CompanyClaim) -> bool:
    return claim.state == ClaimState.EXAMINED and claim.examined_by_id != person(request).pk


def consequence(claim: CompanyClaim) -> str:
    """Return what the decision does."""
    if not claim.uphold:
        return f"이의를 받아들이지 않습니다. 검토 의견: {claim.opinion}"
    count = claim.company.members.count()
    return (
        f"{with_particle(claim.company.name, '을/를')} 이의를 낸 {claim.claimant}님에게 넘깁니다. 지금 구성원 {count}명은 더 볼 수 "
        "없고, 작성 중인 신청은 닫혀 그들에게만 보이며, 제출한 신청은 기업과 함께 넘어갑니다. 되돌릴 수 "
        f"없습니다. 검토 의견: {claim.opinion}"
    )


@admin.register(CompanyClaim)
class CompanyClaimAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["number", "company", "firm_name", "state", "filed_at"]
    list_filter = ["state"]
    list_select_related = ["company"]
    search_fields = ["=company__business_number"]
    search_help_text = "사업자등록번호(숫자 10자리)"
    ordering = ["-pk"]
    sorts = [Sort("filed_at")]
    fields = [
        "number", "company", "members", "firm_name", "claimant", "text", "certificate", "filed_at",
        "answer", "answered_by", "answered_at", "state", "uphold", "opinion", "examined_by",
        "examined_at", "decided_by", "decided_at",
    ]  # fmt: skip
    readonly_fields = ["number", "members", "certificate"]
    acts = [
        Act(
            "examine",
            "검토",
            examine,
            done="검토 의견을 남겼습니다. 다른 사람인 결정권자가 결정합니다.",
            roles=[OFFICER, MANAGER],
            form=ExamineForm,
            show=lambda request, claim: claim.state == ClaimState.FILED,
            intro="사업자등록증의 번호·기업명·대표자와 등록한 쪽의 소명을 확인해 주세요.",
        ),
        Act(
            "decide",
            "결정",
            decide,
            done=lambda claim: f"결정하고 양쪽에 알렸습니다: {claim.get_state_display()}",
            roles=[MANAGER],
            show=second,
            danger=True,
            intro=consequence,
        ),
        Act(
            "send-back",
            "다시 검토",
            send_back,
            done="검토로 되돌렸습니다.",
            roles=[MANAGER],
            show=second,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CompanyClaim]:
        return claims_of(person(request))

    @admin.display(description="사업자등록번호")
    def number(self, claim: CompanyClaim) -> str:
        return business_number(claim.company.business_number)

    @admin.display(description="지금 구성원")
    def members(self, claim: CompanyClaim) -> str:
        rows = claim.company.members.select_related("user").order_by("pk")
        return ", ".join(f"{row.user} ({row.get_role_display()})" for row in rows)

    @admin.display(description="사업자등록증")
    def certificate(self, claim: CompanyClaim) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>', reverse("claim_file", args=[claim.pk]), claim.name
        )
