"""Staff screen of good cases."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.access.requests import person
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form
from portal.staff.sorting import Sort
from vouchers.models import GoodCase
from vouchers.services import good_cases
from vouchers.states import GoodCaseMoves
from vouchers.visibility import STAFF

NOTE = note_form(max_length=1_000, rows=4)


def promote(request: HttpRequest, case: GoodCase, data: dict[str, Any], at: datetime) -> None:
    good_cases.promote(case, by=person(request), now=at)


def decline(request: HttpRequest, case: GoodCase, data: dict[str, Any], at: datetime) -> None:
    good_cases.decline(case, by=person(request), now=at, **data)


def end(request: HttpRequest, case: GoodCase, data: dict[str, Any], at: datetime) -> None:
    good_cases.end(case, by=person(request), now=at, **data)


def is_second_person(request: HttpRequest, case: GoodCase) -> bool:
    return case.proposed_by_id != request.user.pk


@admin.register(GoodCase)
class GoodCaseAdmin(WorkflowAdmin):
    read_roles = sorted(STAFF)
    list_display = ["service", "headline", "state", "proposed_by", "proposed_at", "decided_by"]
    list_filter = ["state"]
    list_select_related = ["service", "proposed_by", "decided_by"]
    fields = ["service", "report", "headline", "reason", "state"]
    fields += ["proposed_by", "proposed_at", "decided_by", "decided_at"]
    ordering = ["-pk"]
    sorts = [Sort("proposed_at")]
    acts = [
        Act(
            "promote",
            "우수 사례로 확정",
            promote,
            done="우수 사례로 확정했습니다. 누리집 첫 화면에 나옵니다.",
            move=GoodCaseMoves.PROMOTE,
            show=is_second_person,
        ),
        Act(
            "decline",
            "추천 반려",
            decline,
            done="추천을 반려했습니다.",
            move=GoodCaseMoves.DECLINE,
            form=NOTE,
            show=is_second_person,
            danger=True,
        ),
        Act(
            "end",
            "홍보 종료",
            end,
            done="홍보를 마쳤습니다.",
            move=GoodCaseMoves.END,
            form=NOTE,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[GoodCase]:
        return (
            super()
            .get_queryset(request)
            .select_related("service", "report__assignment__monitor", "report__assignment__service")
        )
