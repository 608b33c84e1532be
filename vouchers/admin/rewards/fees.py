"""Fees."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from portal.core.money import won
from portal.staff.acts import Act, WorkflowAdmin
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from vouchers.admin.dashboard import READERS, ReasonForm
from vouchers.models import ReportFee
from vouchers.roles import PANEL_OPERATOR
from vouchers.services.rewards import fees
from vouchers.states import FeeOutcome


def pay(request: HttpRequest, fee: ReportFee, data: Any, at: datetime) -> str:
    """Pay one."""
    fees.pay(fee, by=request.user, now=at)
    return f"{won(fee.amount_won)}을 지급했습니다."


def withhold(request: HttpRequest, fee: ReportFee, data: Any, at: datetime) -> str:
    """Do not pay one."""
    fees.withhold(fee, by=request.user, now=at, **data)
    return "지급하지 않기로 하고 예산에 되돌렸습니다."


def unsettled(request: HttpRequest, fee: ReportFee) -> bool:
    """Neither paid nor withheld."""
    return not hasattr(fee, "settlement")


class Settled(admin.SimpleListFilter):
    """Fees by what became of them."""

    title = "처리"
    parameter_name = "settled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Open, paid, withheld."""
        return [("open", "처리 전"), *FeeOutcome.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ReportFee]) -> QuerySet[ReportFee]:
        """Filter."""
        if self.value() == "open":
            return queryset.filter(settlement=None)
        return queryset.filter(settlement__outcome=self.value()) if self.value() else queryset


@admin.register(ReportFee)
class ReportFeeAdmin(WorkflowAdmin):
    """Fees of accepted reports."""

    read_roles = READERS
    list_display = ["service", "member", "name", "amount", "earned", "status"]
    list_filter = [Settled, "report__assignment__round"]
    fields = ["report", "amount_won", "earned_at"]
    ordering = ["-pk"]
    acts = [
        Act("pay", "원고료 지급", pay, roles=[PANEL_OPERATOR], show=unsettled),
        Act(
            "withhold",
            "지급하지 않음",
            withhold,
            roles=[PANEL_OPERATOR],
            form=ReasonForm,
            show=unsettled,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportFee]:
        """All, with what the list shows."""
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
        """For which report."""
        return fee.report.assignment.service.name

    @admin.display(description="단원")
    def member(self, fee: ReportFee) -> str:
        """Whose."""
        return str(fee.report.assignment.monitor)

    @admin.display(description="이름")
    def name(self, fee: ReportFee) -> str:
        """By name: whoever pays must know."""
        return fee.report.assignment.monitor.user.name

    @admin.display(description="금액")
    def amount(self, fee: ReportFee) -> str:
        """How much."""
        return won(fee.amount_won)

    @admin.display(description="발생")
    def earned(self, fee: ReportFee) -> str:
        """Since when."""
        return kst(fee.earned_at)

    @admin.display(description="상태")
    def status(self, fee: ReportFee) -> SafeString:
        """What became of it."""
        settled = getattr(fee, "settlement", None)
        if settled is None:
            return badge("지급 예정", tone="info")
        tone = "success" if settled.outcome == FeeOutcome.PAID else "neutral"
        return badge(settled.get_outcome_display(), tone=tone)
