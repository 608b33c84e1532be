"""Staff screen of fees."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from portal.access.requests import person
from portal.core.money import won
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from vouchers.models import ReportFee
from vouchers.roles import PANEL_OPERATOR
from vouchers.services.rewards import fees
from vouchers.states import FeeOutcome
from vouchers.visibility import DESK


def pay(request: HttpRequest, fee: ReportFee, data: dict[str, Any], at: datetime) -> int:
    return fees.pay(fee, by=person(request), now=at).fee.amount_won


def withhold(request: HttpRequest, fee: ReportFee, data: dict[str, Any], at: datetime) -> None:
    fees.withhold(fee, by=person(request), now=at, **data)


def unsettled(request: HttpRequest, fee: ReportFee) -> bool:
    return not hasattr(fee, "settlement")


class Settled(admin.SimpleListFilter):
    title = "처리"
    parameter_name = "settled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "처리 전"), *FeeOutcome.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ReportFee]) -> QuerySet[ReportFee]:
        if self.value() == "open":
            return queryset.filter(settlement=None)
        return queryset.filter(settlement__outcome=self.value()) if self.value() else queryset


@admin.register(ReportFee)
class ReportFeeAdmin(WorkflowAdmin):
    read_roles = sorted(DESK)
    list_display = ["service", "member", "name", "amount", "earned", "status"]
    list_filter = [Settled, "report__assignment__round"]
    fields = ["report", "amount_won", "earned_at"]
    ordering = ["-pk"]
    sorts = [Sort("earned")]
    acts = [
        Act(
            "pay",
            "원고료 지급",
            pay,
            done=lambda amount: f"{won(amount)}을 지급했습니다.",
            roles=[PANEL_OPERATOR],
            show=unsettled,
        ),
        Act(
            "withhold",
            "지급하지 않음",
            withhold,
            done="지급하지 않기로 하고 예산에 되돌렸습니다.",
            roles=[PANEL_OPERATOR],
            form=note_form(max_length=300),
            show=unsettled,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportFee]:
        return (
            super()
            .get_queryset(request)
            .select_related(
                "settlement",
                "report__assignment__service",
                "report__assignment__monitor__user",
                "report__assignment__round__fee_pot",
            )
        )

    @admin.display(description="서비스")
    def service(self, fee: ReportFee) -> str:
        return fee.report.assignment.service.name

    @admin.display(description="단원")
    def member(self, fee: ReportFee) -> str:
        return str(fee.report.assignment.monitor)

    @admin.display(description="이름")
    def name(self, fee: ReportFee) -> str:
        return fee.report.assignment.monitor.user.name

    @admin.display(description="금액")
    def amount(self, fee: ReportFee) -> str:
        return won(fee.amount_won)

    @admin.display(description="발생")
    def earned(self, fee: ReportFee) -> str:
        return kst(fee.earned_at)

    @admin.display(description="상태")
    def status(self, fee: ReportFee) -> SafeString:
        settled = getattr(fee, "settlement", None)
        if settled is None:
            return badge("지급 예정", tone="info")
        tone = "success" if settled.outcome == FeeOutcome.PAID else "neutral"
        return badge(settled.get_outcome_display(), tone=tone)
