"""Score sheets for staff: all are readable, open ones revocable, tied ones excludable.

Assessors fill in theirs on their own pages (`views.assessment`), never here.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.admin.application.status import NoteForm
from applications.admin.search import FoundByApplication
from applications.models import ScoreSheet, SheetDecision
from applications.queries.assessment import committee
from applications.queries.assessment.sheets import late_sheets
from applications.services.assessment import conflicts, exclusions, rubrics, sheets
from applications.states import ApplicationState, SheetDecisionKind
from applications.states import SheetDecisionKind as K
from applications.visibility import sheets_of
from portal.access.requests import person
from portal.core.clock import now
from portal.core.particles import particle
from portal.forms.people import told_apart
from portal.models import User
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from programs.roles import MANAGER, OFFICER, STAFF_READERS

REASON = note_form(max_length=exclusions.REASON_LENGTH)


def unassign(request: HttpRequest, sheet: ScoreSheet, data: dict[str, Any], at: datetime) -> User:
    sheets.unassign(sheet, by=person(request), now=at, **data)
    return sheet.assessor


def propose(kind: SheetDecisionKind) -> Callable[..., SheetDecision]:
    """Return the act that proposes this decision about a sheet."""

    def act(
        request: HttpRequest, sheet: ScoreSheet, data: dict[str, Any], at: datetime
    ) -> SheetDecision:
        return exclusions.propose(sheet, kind=kind, reason=data["note"], by=person(request), now=at)

    return act


def proposed(decision: SheetDecision) -> str:
    label = decision.get_kind_display()
    if decision.two:
        return f"‘{label}’{particle(label, '을/를')} 제안했습니다. 다른 사람이 승인하면 확정됩니다."
    return f"확정했습니다: {label}"


def two_people(sheet: ScoreSheet, kind: SheetDecisionKind) -> str:
    """Return the sentence that says who decides."""
    if exclusions.needs_two(sheet, kind):
        return "다른 사람이 승인해야 확정됩니다."
    return "바로 확정됩니다."


def pending(sheet: ScoreSheet) -> bool:
    return sheet.decisions.filter(approved_at=None, discarded_at=None).exists()


def restorable(sheet: ScoreSheet) -> bool:
    return sheet.withdrawn_at is not None and sheet.application.state != ApplicationState.WITHDRAWN


def undecided(sheet: ScoreSheet) -> bool:
    return conflicts.open_ties(sheet).exists() and not pending(sheet)


def still_open(request: HttpRequest, sheet: ScoreSheet) -> bool:
    return (
        sheet.locked_at is None
        and not sheet.ended
        and sheet.application.state == ApplicationState.ASSESSING
    )


class LateFilter(admin.SimpleListFilter):
    title = "기한"
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "기한 지남")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ScoreSheet]
    ) -> QuerySet[ScoreSheet]:
        return late_sheets(queryset, now()) if self.value() == "yes" else queryset


@admin.register(ScoreSheet)
class ScoreSheetAdmin(FoundByApplication, WorkflowAdmin):
    read_roles = STAFF_READERS
    page_template = "admin/applications/assessment/sheets_page.html"
    list_display = ["subject", "company", "program", "assessor", "assigned", "status"]
    list_filter = [LateFilter]
    ordering = ["-pk"]
    sorts = [Sort("assigned")]
    acts = [
        Act(
            "unassign",
            "배정 취소",
            unassign,
            done=lambda assessor: f"배정을 취소했습니다: {told_apart(assessor)}",
            roles=[OFFICER, MANAGER],
            form=NoteForm,
            show=still_open,
            danger=True,
        ),
        Act(
            "exclude",
            "합산에서 제외",
            propose(K.EXCLUDE),
            done=proposed,
            roles=[OFFICER, MANAGER],
            form=REASON,
            show=lambda request, sheet: not sheet.ended and not pending(sheet),
            danger=True,
            intro=lambda sheet: (
                "기피 신청을 받아들이거나 이해관계가 확인되었을 때 평가표를 합산에서 뺍니다. 적은 점수와 "
                "의견은 그대로 남고, 이미 이 평가표로 낸 점수는 다시 산정해야 합니다. "
                + two_people(sheet, K.EXCLUDE)
            ),
        ),
        Act(
            "keep",
            "이해관계가 있어도 유지",
            propose(K.KEEP),
            done=proposed,
            roles=[OFFICER, MANAGER],
            form=REASON,
            show=lambda request, sheet: not sheet.ended and undecided(sheet),
            intro=lambda sheet: (
                "배정한 뒤에 확인된 이해관계가 평가에 영향을 주지 않는다고 판단합니다. "
                + two_people(sheet, K.KEEP)
            ),
            aside=True,
        ),
        Act(
            "restore",
            "제외한 평가표 복원",
            propose(K.RESTORE),
            done=proposed,
            roles=[OFFICER, MANAGER],
            form=REASON,
            show=lambda request, sheet: restorable(sheet) and not pending(sheet),
            intro="잘못 제외한 평가표를 그대로 되살립니다. 이 평가표 없이 낸 점수는 다시 산정해야 합니다. "
            "다른 사람이 승인해야 확정됩니다.",
            aside=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScoreSheet]:
        return (
            sheets_of(person(request))
            .select_related("rubric", "application__company", "application__sub_program__round")
            .prefetch_related(committee.named())
        )

    def back_url(self, thing: Any) -> str:
        return reverse("admin:applications_application_change", args=[thing.application_id])

    def page(self, request: HttpRequest, thing: ScoreSheet) -> dict[str, Any]:
        statements = thing.application.conflict_statements.filter(assessor=thing.assessor_id)
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
            "statements": list(statements.order_by("pk")),
            "ties": list(
                thing.application.conflicts.filter(assessor=thing.assessor_id).order_by("pk")
            ),
            "decisions": list(
                thing.decisions.select_related(
                    "proposed_by", "approved_by", "discarded_by"
                ).order_by("pk")
            ),
            "status": self.status(thing),
        }

    @admin.display(description="접수번호")
    def subject(self, sheet: ScoreSheet) -> str:
        return sheet.application.number or ""

    @admin.display(description="신청기업")
    def company(self, sheet: ScoreSheet) -> str:
        return sheet.application.company.name

    @admin.display(description="내역사업")
    def program(self, sheet: ScoreSheet) -> str:
        return sheet.application.sub_program.short

    @admin.display(description="배정 시각")
    def assigned(self, sheet: ScoreSheet) -> str:
        return kst(sheet.assigned_at)

    @admin.display(description="상태")
    def status(self, sheet: ScoreSheet) -> SafeString:
        if sheet.withdrawn_at:
            return format_html("{} {}", badge("제외", tone="danger"), kst(sheet.withdrawn_at))
        if sheet.abstained_at:
            return format_html("{} {}", badge("회피", tone="neutral"), kst(sheet.abstained_at))
        if sheet.locked_at:
            return format_html("{} {}", badge("제출", tone="success"), kst(sheet.locked_at))
        if sheet.declared_at is None:
            return badge("이해관계 확인 전", tone="warning")
        return badge("작성 중" if sheet.marks else "작성 전", tone="warning")
