"""Good cases."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.staff.acts import Act, WorkflowAdmin
from vouchers.admin.reports import StaffNoteForm
from vouchers.models import GoodCase
from vouchers.roles import AGENCY, MINISTRY, MODERATOR, PANEL_OPERATOR
from vouchers.services import good_cases
from vouchers.states import GoodCaseMoves


def promote(request: HttpRequest, case: GoodCase, data: Any, at: datetime) -> str:
    """Decide."""
    good_cases.promote(case, by=request.user, now=at)
    return "우수 사례로 확정했습니다. 누리집 첫 화면에 나옵니다."


def decline(request: HttpRequest, case: GoodCase, data: Any, at: datetime) -> str:
    """Turn it down."""
    good_cases.decline(case, by=request.user, now=at, **data)
    return "추천을 반려했습니다."


def end(request: HttpRequest, case: GoodCase, data: Any, at: datetime) -> str:
    """Show it no more."""
    good_cases.end(case, by=request.user, now=at, **data)
    return "홍보를 마쳤습니다."


def second_person(request: HttpRequest, case: GoodCase) -> bool:
    """Not whoever proposed it."""
    return case.proposed_by_id != request.user.pk


@admin.register(GoodCase)
class GoodCaseAdmin(WorkflowAdmin):
    """Good cases: proposed by one person, decided by another."""

    read_roles = [MINISTRY, AGENCY, PANEL_OPERATOR, MODERATOR]
    list_display = ["service", "headline", "state", "proposed_by", "proposed_at", "decided_by"]
    list_filter = ["state"]
    list_select_related = ["service", "proposed_by", "decided_by"]
    fields = ["service", "report", "headline", "reason", "state"]
    fields += ["proposed_by", "proposed_at", "decided_by", "decided_at"]
    ordering = ["-pk"]
    acts = [
        Act("promote", "우수 사례로 확정", promote, move=GoodCaseMoves.PROMOTE, show=second_person),
        Act(
            "decline",
            "추천 반려",
            decline,
            move=GoodCaseMoves.DECLINE,
            form=StaffNoteForm,
            show=second_person,
            danger=True,
        ),
        Act("end", "홍보 종료", end, move=GoodCaseMoves.END, form=StaffNoteForm, danger=True),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[GoodCase]:
        """All, with what an act reads."""
        return (
            super()
            .get_queryset(request)
            .select_related("service", "report__assignment__monitor", "report__assignment__service")
        )
