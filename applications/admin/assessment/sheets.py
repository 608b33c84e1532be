"""Score sheets for oversight: staff see them all, take unfinished ones back, withdraw tied ones.

Assessors fill theirs at their own desk (`views.assessor`), never here.
"""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.admin.application.status import NoteForm
from applications.models import ScoreSheet
from applications.services.assessment import rubrics, sheets
from applications.states import ApplicationState
from applications.visibility import sheets_of
from portal.staff.acts import Act, WorkflowAdmin
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from programs.roles import MANAGER, OFFICER, STAFF_READERS


def unassign(request: HttpRequest, sheet: ScoreSheet, data: dict[str, Any], at: datetime) -> str:
    """Take an unfinished sheet back."""
    sheets.unassign(sheet, by=request.user, now=at, **data)
    return f"배정을 취소했습니다: {sheet.assessor}"


def challenge(request: HttpRequest, sheet: ScoreSheet, data: dict[str, Any], at: datetime) -> str:
    """Take a sheet out of the sum because a party objected to its assessor."""
    sheets.challenge(sheet, by=request.user, now=at, **data)
    return f"기피 신청을 받아들여 평가표를 합산에서 뺐습니다: {sheet.assessor}"


def still_open(request: HttpRequest, sheet: ScoreSheet) -> bool:
    """Not finished, and the application still under assessment."""
    return (
        sheet.locked_at is None
        and not sheet.ended
        and sheet.application.state == ApplicationState.ASSESSING
    )


@admin.register(ScoreSheet)
class ScoreSheetAdmin(WorkflowAdmin):
    """The sheets of the own sub-programmes, those that ended included."""

    read_roles = STAFF_READERS
    page_template = "admin/applications/assessment/sheets_page.html"
    list_display = ["subject", "company", "program", "assessor", "assigned", "status"]
    search_fields = ["application__number"]
    search_help_text = "접수번호(전체)"
    ordering = ["-pk"]
    acts = [
        Act(
            "unassign",
            "배정 취소",
            unassign,
            roles=[OFFICER, MANAGER],
            form=NoteForm,
            show=still_open,
            danger=True,
        ),
        Act(
            "challenge",
            "기피 인용(합산 제외)",
            challenge,
            roles=[OFFICER, MANAGER],
            form=NoteForm,
            show=lambda request, sheet: not sheet.ended,
            danger=True,
            intro="평가표를 합산에서 뺍니다. 제출한 평가표도 뺄 수 있으며 적은 점수와 의견은 그대로 남습니다. "
            "이미 이 평가표로 점수를 냈으면 다시 산정해야 합니다.",
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScoreSheet]:
        """Those of the desk."""
        return sheets_of(request.user).select_related(
            "assessor", "rubric", "application__company", "application__sub_program__round"
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ScoreSheet], search_term: str
    ) -> tuple[QuerySet[ScoreSheet], bool]:
        """By the application's whole number."""
        term = search_term.strip()
        return (queryset.filter(application__number=term) if term else queryset), False

    def back_url(self, thing: Any) -> str:
        """The application's page."""
        return reverse("admin:applications_application_change", args=[thing.application_id])

    def page(self, request: HttpRequest, thing: ScoreSheet) -> dict[str, Any]:
        """The sheet as it stands, and what its assessor said of conflicts."""
        said = thing.application.conflict_statements.filter(assessor=thing.assessor_id)
        return {
            "title": f"평가표 {thing.application.number}",
            "rows": [
                {
                    "row": row,
                    "mark": thing.marks.get(row.code),
                    "skipped": row.code in thing.marks and thing.marks[row.code] is None,
                    "reason": thing.reasons.get(row.code, ""),
                }
                for row in rubrics.of_sheet(thing).criteria
            ],
            "statements": list(said.order_by("pk")),
            "status": self.status(thing),
        }

    @admin.display(description="접수번호")
    def subject(self, sheet: ScoreSheet) -> str:
        """The application's number."""
        return sheet.application.number or ""

    @admin.display(description="신청기업")
    def company(self, sheet: ScoreSheet) -> str:
        """Who applied."""
        return sheet.application.company.name

    @admin.display(description="내역사업")
    def program(self, sheet: ScoreSheet) -> str:
        """For what."""
        return sheet.application.sub_program.short

    @admin.display(description="배정 시각")
    def assigned(self, sheet: ScoreSheet) -> str:
        """Since when."""
        return kst(sheet.assigned_at)

    @admin.display(description="상태")
    def status(self, sheet: ScoreSheet) -> SafeString:
        """Where it stands."""
        if sheet.withdrawn_at:
            return format_html("{} {}", badge("제외", tone="danger"), kst(sheet.withdrawn_at))
        if sheet.abstained_at:
            return format_html("{} {}", badge("회피", tone="neutral"), kst(sheet.abstained_at))
        if sheet.locked_at:
            return format_html("{} {}", badge("제출", tone="success"), kst(sheet.locked_at))
        if sheet.declared_at is None:
            return badge("이해관계 확인 전", tone="warning")
        return badge("작성 중" if sheet.marks else "작성 전", tone="warning")
