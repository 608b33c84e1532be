"""What waits for a supplier of vouchers: corrections, comments on reports, suspensions of sale."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from portal.models import User
from portal.todos.declared import Kind, Party, Standing, Table, Turn
from vouchers.models import ConsumerReport, Correction, SaleSuspension, SupplierMember
from vouchers.states import CorrectionState, ReportState, SuspensionState
from vouchers.visibility import suppliers_of


def _of_suppliers(suppliers: Collection[int]) -> Mapping[int, list[User]]:
    found: dict[int, list[User]] = {}
    rows = SupplierMember.objects.filter(supplier__in=suppliers, user__is_active=True)
    for row in rows.select_related("user").order_by("pk"):
        found.setdefault(row.supplier_id, []).append(row.user)
    return found


SUPPLIERS = Party("suppliers", _of_suppliers)


def standing(person: User) -> Standing:
    own = list(suppliers_of(person).values_list("pk", flat=True))
    return Standing({SUPPLIERS: own}, {kind.code for kind in KINDS} if own else ())


def corrections(now: datetime) -> QuerySet[Correction]:
    rows = Correction.objects.filter(state__in=[CorrectionState.ASKED, CorrectionState.SUSPENDED])
    return rows.select_related("service")


def reports(now: datetime) -> QuerySet[ConsumerReport]:
    rows = ConsumerReport.objects.filter(
        state=ReportState.COMMENTING, comment=None, comment_until__gt=now
    )
    return rows.select_related("assignment__service")


def suspensions(now: datetime) -> QuerySet[SaleSuspension]:
    running = Q(objection_until=None) | Q(objection_until__gt=now)
    rows = SaleSuspension.objects.filter(running, state=SuspensionState.IN_FORCE, objected_at=None)
    return rows.select_related("service")


def _page(name: str) -> Any:
    def address(row: Any) -> str:
        return reverse(name, args=[row.pk])

    return address


# fmt: off
KINDS = (
    Kind("correction", SUPPLIERS, "service__supplier", Turn.MINE, corrections, "시정 결과 제출",
         lambda case: case.service.name, _page("supplier_correction"),
         lambda case: case.due_at, "due_at"),
    Kind("comment", SUPPLIERS, "assignment__service__supplier", Turn.RIGHT, reports,
         "소비자 보고서에 의견 내기", lambda report: report.assignment.service.name,
         _page("supplier_report"), lambda report: report.comment_until, "comment_until",
         lapses=True),
    Kind("suspension", SUPPLIERS, "service__supplier", Turn.RIGHT, suspensions,
         "판매 중지에 대한 이의신청", lambda row: row.service.name, _page("supplier_suspension"),
         lambda row: row.objection_until, "objection_until", lapses=True, days=(1,)),
)
# fmt: on


def _named(rows: Any) -> None:
    """Do nothing: each row was read with its service."""


TODOS = Table(KINDS, standing, _named)
