"""Round reports, and the figures of a round for staff."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from applications.models import RoundReport
from applications.queries.statistics import charts, figures, progress
from applications.services import statistics as statistics_services
from portal.access.requests import person
from portal.access.roles import AUDITOR, roles_of
from portal.core.clock import now
from portal.models import JobState
from portal.paper import tables
from portal.staff.acts import WorkflowAdmin
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from portal.uploads import files
from programs.models import ProgramRound
from programs.roles import MANAGER, OFFICER
from programs.visibility import rounds_of, sees_all, sub_programs_of


class ReportForm(forms.Form):
    round = forms.ModelChoiceField(
        label="회차", queryset=ProgramRound.objects.none(), empty_label="고르세요"
    )
    form = forms.ChoiceField(label="형식", choices=RoundReport.Form.choices)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None)
        rounds = cast("forms.ModelChoiceField[ProgramRound]", self.fields["round"])
        rounds.queryset = rounds_of(person(request))


@admin.register(RoundReport)
class RoundReportAdmin(WorkflowAdmin):
    read_roles = [MANAGER, AUDITOR]
    change_list_template = "admin/applications/statistics/round_report_list.html"
    page_template = "admin/applications/statistics/round_report_page.html"
    list_display = ["name", "form", "status", "rows", "requested_by", "requested"]
    list_filter = ["form"]
    list_select_related = ["round", "job", "requested_by"]
    ordering = ["-pk"]
    sorts = [Sort("requested")]

    def get_urls(self) -> list[URLPattern]:
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
        may = bool(roles_of(request.user) & statistics_services.MAKERS)
        return super().changelist_view(request, {"may_start": may, **(extra_context or {})})

    def page(self, request: HttpRequest, thing: RoundReport) -> dict[str, Any]:
        # The requester may cancel the job.
        own = thing.job is not None and thing.job.requested_by_id == request.user.pk
        return {"job": thing.job if thing.made_at is None else None, "own": own}

    def start_view(self, request: HttpRequest) -> HttpResponse:
        if not roles_of(request.user) & statistics_services.MAKERS:
            raise Http404
        return self.start_page(
            request,
            ReportForm(request),
            lambda data, at: statistics_services.request(
                data["round"], form=data["form"], by=person(request), now=at
            ),
            template="admin/applications/statistics/round_report_start.html",
            title="회차 보고서 만들기",
        )

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """Show the figures as staff see them: approved decisions, small numbers included.

        Officers of single sub-programmes read of the whole round what the public reads.
        """
        if not roles_of(request.user) & {OFFICER, MANAGER, AUDITOR}:
            raise Http404
        rounds = list(rounds_of(person(request)).order_by("-opens_at"))
        code = request.GET.get("round", "")
        round = next((row for row in rounds if row.code == code), rounds[0] if rounds else None)
        public = not sees_all(person(request))
        context = {
            "rounds": rounds,
            "round": round,
            "now": now(),
            "public": public,
            "goals": figures.goals(),
            "goals_chart": charts.goals(figures.goals()),
            **(self._progress(request, round) if round else {}),
            "drawn": charts.drawn(figures.figures(round, public=public)) if round else [],
        }
        template = "admin/applications/statistics/figures.html"
        return self.render(request, None, template, title="현황판", **context)

    def _progress(self, request: HttpRequest, round: ProgramRound) -> dict[str, Any]:
        """Return the stages of the reader's own sub-programmes; every number leads to its list."""
        mine = sub_programs_of(person(request)).filter(round=round)
        lines = progress.lines(round, set(mine.values_list("pk", flat=True)))
        listed = reverse("admin:applications_application_changelist")
        rows = [
            (
                line.label,
                [
                    (stage, f"{listed}?program={line.program}&state={stage.state}")
                    for stage in line.stages
                ],
            )
            for line in lines
        ]
        chart = progress.funnel(lines)
        return {"stages": rows, "funnel": chart if chart.shows else None}

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Send the file and record the download."""
        thing: RoundReport = self.get_or_404(request, pk)
        if thing.made_at is None:
            raise Http404
        tables.log_download(request, RoundReport, f"내려받기: {thing} ({thing.rows:,}줄)")
        name = f"{thing.round.code}_보고서_{thing.pk}.{thing.form}"
        kind = statistics_services.TYPES[RoundReport.Form(thing.form)]
        return files.serve(thing.file, filename=name, content_type=kind)

    @admin.display(description="회차")
    def name(self, report: RoundReport) -> str:
        return str(report.round)

    @admin.display(description="요청 시각")
    def requested(self, report: RoundReport) -> str:
        return kst(report.requested_at)

    @admin.display(description="상태")
    def status(self, report: RoundReport) -> SafeString:
        if report.made_at:
            return badge("완료", tone="success")
        state = report.job.state if report.job else JobState.PARKED
        labels: dict[str, str] = {JobState.PARKED: "중단(확인 필요)", JobState.CANCELLED: "취소"}
        tones: dict[str, str] = {JobState.PARKED: "danger", JobState.CANCELLED: "neutral"}
        return badge(labels.get(state, "만드는 중"), tone=tones.get(state, "info"))
