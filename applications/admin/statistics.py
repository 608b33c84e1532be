"""Round reports and the figures of a round, for those who answer for them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from applications.models import RoundReport
from applications.queries.statistics import charts, figures
from applications.services import statistics as statistics_services
from portal.access.roles import AUDITOR, roles_of
from portal.core.clock import now
from portal.models import JobState
from portal.paper import tables
from portal.staff.acts import WorkflowAdmin
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from portal.uploads import files
from programs.models import ProgramRound
from programs.roles import MANAGER, OFFICER
from programs.visibility import rounds_of


class ReportForm(forms.Form):
    """Which round, in which form."""

    round = forms.ModelChoiceField(
        label="회차", queryset=ProgramRound.objects.none(), empty_label="고르세요"
    )
    form = forms.ChoiceField(label="형식", choices=RoundReport.Form.choices)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None)
        self.fields["round"].queryset = rounds_of(request.user)


@admin.register(RoundReport)
class RoundReportAdmin(WorkflowAdmin):
    """Reports that were asked for: how far they are, what they hold, and the file."""

    read_roles = [MANAGER, AUDITOR]
    change_list_template = "admin/applications/statistics/round_report_list.html"
    page_template = "admin/applications/statistics/round_report_page.html"
    list_display = ["name", "form", "status", "rows", "requested_by", "requested"]
    list_filter = ["form"]
    list_select_related = ["round", "job", "requested_by"]
    ordering = ["-pk"]

    def get_urls(self) -> list[URLPattern]:
        """Add the page that starts a report, the file, and the figures."""
        name = "applications_roundreport"
        view = self.admin_site.admin_view
        return [
            path("start/", view(self.start_view), name=f"{name}_start"),
            path("figures/", view(self.figures_view), name=f"{name}_figures"),
            path("<int:pk>/file/", view(self.file_view), name=f"{name}_file"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer to start one."""
        may = bool(roles_of(request.user) & statistics_services.MAKERS)
        return super().changelist_view(request, {"may_start": may, **(extra_context or {})})

    def page(self, request: HttpRequest, thing: RoundReport) -> dict[str, Any]:
        """The job while it goes on; who asked may stop it."""
        own = thing.job is not None and thing.job.requested_by_id == request.user.pk
        return {"job": thing.job if thing.made_at is None else None, "own": own}

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Choose a round and a form."""
        if not roles_of(request.user) & statistics_services.MAKERS:
            raise Http404
        form = ReportForm(request)
        if request.method == "POST" and form.is_valid():
            made = statistics_services.request(
                form.cleaned_data["round"],
                form=form.cleaned_data["form"],
                by=request.user,
                now=now(),
            )
            return redirect("admin:applications_roundreport_change", made.pk)
        template = "admin/applications/statistics/round_report_start.html"
        return self.render(request, None, template, title="회차 보고서 만들기", form=form)

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """The figures of a round as staff see them: approved decisions, small numbers as well."""
        if not roles_of(request.user) & {OFFICER, MANAGER, AUDITOR}:
            raise Http404
        rounds = list(rounds_of(request.user).order_by("-opens_at"))
        wanted = request.GET.get("round", "")
        round = next((row for row in rounds if row.code == wanted), rounds[0] if rounds else None)
        context = {
            "rounds": rounds,
            "round": round,
            "now": now(),
            "goals": figures.goals(),
            "goals_chart": charts.goals(figures.goals()),
            "drawn": charts.drawn(figures.figures(round, public=False)) if round else [],
        }
        template = "admin/applications/statistics/figures.html"
        return self.render(request, None, template, title="현황판", **context)

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand out the file; who took it away is kept."""
        thing: RoundReport = self.get_or_404(request, pk)
        if thing.made_at is None:
            raise Http404
        tables.log_download(request, RoundReport, f"내려받기: {thing} ({thing.rows:,}줄)")
        name = f"{thing.round.code}_보고서_{thing.pk}.{thing.form}"
        kind = statistics_services.TYPES[RoundReport.Form(thing.form)]
        return files.serve(thing.file, filename=name, content_type=kind)

    @admin.display(description="회차")
    def name(self, report: RoundReport) -> str:
        """Which round."""
        return str(report.round)

    @admin.display(description="요청 시각")
    def requested(self, report: RoundReport) -> str:
        """When it was asked for."""
        return kst(report.requested_at)

    @admin.display(description="상태")
    def status(self, report: RoundReport) -> SafeString:
        """Made, on its way, stopped or given up."""
        if report.made_at:
            return badge("완료", tone="success")
        state = report.job.state if report.job else JobState.PARKED
        words = {JobState.PARKED: "중단(확인 필요)", JobState.CANCELLED: "취소"}
        tone = {JobState.PARKED: "danger", JobState.CANCELLED: "neutral"}
        return badge(words.get(state, "만드는 중"), tone=tone.get(state, "info"))
