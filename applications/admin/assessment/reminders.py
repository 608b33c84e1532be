"""Assessors who are late, and the reminders that they got."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from applications.models import AssessmentReminder
from applications.queries.assessment import committee, progress
from applications.services.assessment import reminders
from applications.visibility import reminders_of, sheets_of
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.validators import row_number
from portal.models import User
from portal.staff.acts import WorkflowAdmin
from portal.templatetags.dates import kst
from programs.roles import MANAGER, OFFICER, STAFF_READERS

SHOWN = 200
ACTING = {OFFICER, MANAGER}


class RemindForm(forms.Form):
    """Whom to remind: those who are ticked, or everybody by the other button."""

    to = forms.ChoiceField(choices=[("chosen", "고른 평가위원"), ("all", "모두")])
    assessors = forms.ModelMultipleChoiceField(queryset=User.objects.none(), required=False)

    def __init__(self, late: list[progress.Late], data: Any = None) -> None:
        super().__init__(data)
        field: Any = self.fields["assessors"]
        field.queryset = User.objects.filter(pk__in=[row.assessor.pk for row in late])

    def chosen(self) -> list[User] | None:
        everybody = self.cleaned_data["to"] == "all"
        return None if everybody else list(self.cleaned_data["assessors"])


@admin.register(AssessmentReminder)
class AssessmentReminderAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    change_list_template = "admin/applications/assessment/reminders_list.html"
    page_template = "admin/applications/assessment/reminders_page.html"
    list_display = ["at", "by", "number"]
    list_display_links = ["at"]
    list_select_related = ["by"]
    ordering = ["-pk"]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.late_view)
        return [
            path("late/", page, name="applications_assessmentreminder_late"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AssessmentReminder]:
        rows = reminders_of(person(request)).select_related("by")
        return rows.annotate(people=Count("assessors"))

    def page(self, request: HttpRequest, thing: AssessmentReminder) -> dict[str, Any]:
        rows = thing.assessors.prefetch_related(committee.named()).order_by("due_at", "pk")
        return {"title": f"평가 독려 {kst(thing.at)}", "rows": list(rows)}

    def late_view(self, request: HttpRequest) -> HttpResponse:
        """List the assessors who are late, and remind those who are chosen."""
        if not self.has_view_permission(request):
            raise Http404
        at = now()
        late = progress.late(sheets_of(person(request)), now=at)
        may = bool(roles_of(request.user) & ACTING)
        if request.method == "POST" and not may:
            raise Http404
        form = RemindForm(late, request.POST if request.method == "POST" else None)
        return self.start_page(
            request,
            form,
            lambda data, then: _remind(form, person(request), then),
            template="admin/applications/assessment/late.html",
            title="기한이 지난 평가위원",
            done="기한이 지난 평가표를 제출해 달라고 알렸습니다.",
            rows=[(row, reminders.reminded_today(row, at)) for row in late[:SHOWN]],
            late_count=len(late),
            overdue=sum(row.overdue for row in late),
            chosen=row_number(request.GET.get("assessor")),
            may_remind=may,
            records=reverse("admin:applications_assessmentreminder_changelist"),
        )

    @admin.display(description="알린 평가위원")
    def number(self, reminder: Any) -> str:
        return f"{reminder.people:,}명"


def _remind(form: RemindForm, by: User, at: datetime) -> AssessmentReminder:
    made, _ = reminders.remind(form.chosen(), by=by, now=at)
    return made
