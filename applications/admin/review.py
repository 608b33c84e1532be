"""Score sheets: assessors see and fill their own, staff see them all and take unfinished ones back."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.admin import frozen
from applications.admin.application import NoteForm
from applications.models import ScoreSheet
from applications.services import review
from applications.states import ApplicationState
from applications.visibility import DESK, sheets_of
from portal.admin import Act, WorkflowAdmin
from portal.clock import now
from portal.errors import PortalError
from portal.roles import ASSESSOR, AUDITOR, MANAGER, OFFICER, roles_of
from portal.templatetags.portal import badge, kst


class SheetForm(forms.Form):
    """Marks and reasons, one pair for each criterion; gaps are allowed until the lock."""

    def __init__(self, sheet: ScoreSheet, data: Any = None) -> None:
        super().__init__(data)
        self.criteria = list(sheet.application.sub_program.criteria.all())
        for row in self.criteria:
            self.fields[f"mark_{row.code}"] = forms.IntegerField(
                label=f"{row.label} 점수",
                required=False,
                min_value=0,
                max_value=row.max_points,
                initial=sheet.marks.get(row.code),
                help_text=row.guide,
                widget=forms.NumberInput({"data-unit": f"/ {row.max_points}점"}),
            )
            self.fields[f"reason_{row.code}"] = forms.CharField(
                label=f"{row.label} 의견",
                required=False,
                max_length=review.REASON_LENGTH,
                initial=sheet.reasons.get(row.code, ""),
                widget=forms.Textarea({"rows": 3}),
            )
        self.fields["comment"] = forms.CharField(
            label="종합 의견",
            required=False,
            max_length=review.REASON_LENGTH,
            initial=sheet.comment,
            widget=forms.Textarea({"rows": 4}),
        )
        self.fields["version"] = forms.IntegerField(initial=sheet.version, widget=forms.HiddenInput)

    def pairs(self) -> list[dict[str, Any]]:
        """The fields in the order of the sheet."""
        return [
            {"row": row, "mark": self[f"mark_{row.code}"], "reason": self[f"reason_{row.code}"]}
            for row in self.criteria
        ]

    def sent(self) -> dict[str, Any]:
        """What the service takes."""
        data = self.cleaned_data
        return {
            "marks": {row.code: data[f"mark_{row.code}"] for row in self.criteria},
            "reasons": {row.code: data[f"reason_{row.code}"] for row in self.criteria},
            "comment": data["comment"],
            "version": data["version"],
        }


def unassign(request: HttpRequest, sheet: ScoreSheet, data: dict[str, Any], at: datetime) -> str:
    """Take an unfinished sheet back."""
    review.unassign(sheet, by=request.user, now=at, **data)
    return f"배정을 취소했습니다: {sheet.assessor}"


def still_open(request: HttpRequest, sheet: ScoreSheet) -> bool:
    """Not handed in, and the application still under assessment."""
    return sheet.locked_at is None and sheet.application.state == ApplicationState.ASSESSING


@admin.register(ScoreSheet)
class ScoreSheetAdmin(WorkflowAdmin):
    """The sheets a person may see."""

    read_roles = [ASSESSOR, OFFICER, MANAGER, AUDITOR]
    page_template = "admin/applications/scoresheet/change_form.html"
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
        )
    ]

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which an assessor fills a sheet."""
        page = self.admin_site.admin_view(self.score_view)
        name = "applications_scoresheet_score"
        return [path("<int:pk>/score/", page, name=name), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScoreSheet]:
        """An assessor's own, or those of the desk."""
        return sheets_of(request.user).select_related(
            "assessor", "application__company", "application__sub_program__round"
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ScoreSheet], search_term: str
    ) -> tuple[QuerySet[ScoreSheet], bool]:
        """By the application's whole number."""
        term = search_term.strip()
        return (queryset.filter(application__number=term) if term else queryset), False

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """An assessor's list needs no column of assessors."""
        staff = roles_of(request.user) & DESK
        return [name for name in self.list_display if staff or name != "assessor"]

    def back_url(self, thing: Any) -> str:
        """The application's page."""
        return reverse("admin:applications_application_change", args=[thing.application_id])

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Assessors go to their form; staff read."""
        sheet = self.own(request, object_id)
        if sheet.assessor_id == request.user.pk:
            return redirect("admin:applications_scoresheet_score", sheet.pk)
        return super().change_view(request, object_id, form_url, extra_context)

    def page(self, request: HttpRequest, thing: ScoreSheet) -> dict[str, Any]:
        """The sheet as it stands."""
        return {"title": f"평가표 {thing.application.number}", "rows": _rows(thing)}

    def score_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The assessor's page: what was filed, and the sheet to fill."""
        sheet = self.own(request, pk)
        if sheet.assessor_id != request.user.pk:
            raise Http404
        form = SheetForm(sheet, request.POST or None)
        if request.method == "POST" and form.is_valid() and self._take(request, sheet, form):
            return redirect(request.path)
        filed = sheet.application.submission
        open_now = still_open(request, sheet)
        return self.shown(
            request,
            sheet,
            "admin/applications/scoresheet/score.html",
            title=f"평가표 {sheet.application.number}",
            rows=_rows(sheet),
            form=form,
            filed=filed,
            parts=frozen.parts(filed),
            papers=frozen.papers(filed, request.user),
            partners=frozen.partners(sheet.application),
            open=open_now,
        )

    def _take(self, request: HttpRequest, sheet: ScoreSheet, form: SheetForm) -> bool:
        """Save, and lock when asked to; tell whether the page may be read anew."""
        at = now()
        try:
            review.save(sheet, by=request.user, now=at, **form.sent())
            if request.POST.get("act") == "lock":
                review.lock(sheet, by=request.user, now=at)
                messages.success(request, "평가표를 제출했습니다. 이제 고칠 수 없습니다.")
            else:
                messages.success(request, "저장했습니다. 아직 제출하지 않았습니다.")
        except PortalError as error:
            for finding in error.findings:
                messages.error(request, f"{finding.message} ({finding.code})")
            return error.code == "rule_broken"
        return True

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
        """Handed in or not."""
        if sheet.locked_at:
            return format_html("{} {}", badge("제출", tone="success"), kst(sheet.locked_at))
        return badge("작성 중" if sheet.marks else "작성 전", tone="warning")


def _rows(sheet: ScoreSheet) -> list[dict[str, Any]]:
    return [
        {"row": row, "mark": sheet.marks.get(row.code), "reason": sheet.reasons.get(row.code, "")}
        for row in sheet.application.sub_program.criteria.all()
    ]
