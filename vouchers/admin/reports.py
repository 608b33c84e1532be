"""The moderator's desk: reports to read, what the machine points at, and what came of each."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from portal.access.roles import roles_of
from portal.core.clock import now
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.templatetags.components import badge
from portal.templatetags.dates import kst, until
from vouchers.models import ConsumerReport, ReportCheck
from vouchers.queries.reports import ratings
from vouchers.roles import AGENCY, MINISTRY, PANEL_OPERATOR
from vouchers.rules.reports.moderation import shared
from vouchers.services import corrections, good_cases
from vouchers.services.reports import moderation
from vouchers.states import ACCEPTED_STATES, IssueKind, ReportMoves, ReportState
from vouchers.visibility import STAFF, pictures_of, staff_reports

TONES = {
    ReportState.SUBMITTED: "info",
    ReportState.RETURNED: "warning",
    ReportState.REJECTED: "danger",
    ReportState.COMMENTING: "info",
    ReportState.PUBLISHED: "success",
    ReportState.RETRACTED: "warning",
}


NoteForm = note_form(max_length=1_000, rows=4, help_text="단원이 그대로 읽습니다.")


StaffNoteForm = note_form(max_length=1_000, rows=4)


AcceptForm = note_form(
    label="채택 사유",
    max_length=1_000,
    rows=4,
    required=False,
    help_text="자동 점검에서 찾은 것이 있으면 채택해도 되는 까닭을 꼭 적어 주세요.",
)


class IssueForm(forms.Form):
    """What the report finds wrong."""

    kind = forms.ChoiceField(label="구분", choices=IssueKind.choices, widget=forms.RadioSelect)
    text = forms.CharField(label="내용", max_length=2_000, widget=forms.Textarea({"rows": 5}))


class GoodCaseForm(forms.Form):
    """Why the service is a good case."""

    headline = forms.CharField(label="한 줄 소개", max_length=80)
    reason = forms.CharField(label="추천 사유", max_length=300, widget=forms.Textarea({"rows": 3}))


def send_back(request: HttpRequest, report: ConsumerReport, data: Any, at: datetime) -> str:
    """Return it."""
    moderation.send_back(report, by=request.user, now=at, **data)
    return "보완을 요청했습니다. 단원에게 메일로 알립니다."


def reject(request: HttpRequest, report: ConsumerReport, data: Any, at: datetime) -> str:
    """Turn it down."""
    moderation.reject(report, by=request.user, now=at, **data)
    return "채택하지 않았습니다. 단원에게 메일로 알립니다."


def accept(request: HttpRequest, report: ConsumerReport, data: Any, at: datetime) -> str:
    """Accept it."""
    moderation.accept(report, by=request.user, now=at, **data)
    return f"채택했습니다. 공급기업은 {until(report.comment_until)}까지 의견을 낼 수 있습니다."


def publish(request: HttpRequest, report: ConsumerReport, data: Any, at: datetime) -> str:
    """Publish it."""
    moderation.publish(report, by=request.user, now=at)
    return "공개했습니다."


def retract(request: HttpRequest, report: ConsumerReport, data: Any, at: datetime) -> str:
    """Take it back."""
    moderation.retract(report, by=request.user, now=at, **data)
    return "공개를 중단했습니다."


def restore(request: HttpRequest, report: ConsumerReport, data: Any, at: datetime) -> str:
    """Show it again."""
    moderation.restore(report, by=request.user, now=at, **data)
    return "다시 공개했습니다."


def raise_issue(request: HttpRequest, report: ConsumerReport, data: Any, at: datetime) -> str:
    """Raise what it finds wrong."""
    case = corrections.raise_issue(report, by=request.user, now=at, **data)
    return f"문제를 제기했습니다. 전담기관이 확인합니다: {case}"


def propose(request: HttpRequest, report: ConsumerReport, data: Any, at: datetime) -> str:
    """Propose its service as a good case."""
    case = good_cases.propose(report, by=request.user, now=at, **data)
    return f"우수 사례로 추천했습니다. 다른 사람이 확정합니다: {case}"


def _moves(report: ConsumerReport, *, named: bool) -> list[dict[str, Any]]:
    """The history of a report; who may not know its author reads the kind instead of the name."""
    member = report.assignment.monitor
    rows = history(report)
    if not named:
        for row in rows:
            row["by"] = member.get_kind_display() if row["by"] == member.user else row["by"]
    return rows


def may_publish(request: HttpRequest, report: ConsumerReport) -> bool:
    """The supplier has spoken, or its time is over."""
    return not moderation.waits(report, now=now())


@admin.register(ConsumerReport)
class ConsumerReportAdmin(WorkflowAdmin):
    """Submitted reports; drafts are their authors' alone, and nobody sees their own here."""

    read_roles = sorted(STAFF)
    page_template = "admin/vouchers/reports/report.html"
    list_display = ["service", "kind", "submitted", "flags", "status"]
    list_filter = ["state", "assignment__service__category", "assignment__monitor__kind"]
    search_fields = ["=assignment__service__code"]
    search_help_text = "서비스 번호(전체)"
    ordering = ["-pk"]
    acts = [
        Act("accept", "채택", accept, move=ReportMoves.ACCEPT, form=AcceptForm),
        Act("return", "보완 요청", send_back, move=ReportMoves.RETURN, form=NoteForm),
        Act("reject", "채택하지 않음", reject, move=ReportMoves.REJECT, form=NoteForm, danger=True),
        Act(
            "publish",
            "공개",
            publish,
            move=ReportMoves.PUBLISH,
            show=may_publish,
            intro="제출한 그대로 누구나 읽게 됩니다. 공급기업 의견은 나란히 나옵니다.",
        ),
        Act(
            "retract",
            "공개 중단",
            retract,
            move=ReportMoves.RETRACT,
            form=StaffNoteForm,
            danger=True,
        ),
        Act("restore", "다시 공개", restore, move=ReportMoves.RESTORE, form=StaffNoteForm),
        Act(
            "issue",
            "문제 제기",
            raise_issue,
            roles=sorted(corrections.RAISERS),
            form=IssueForm,
            show=lambda request, report: report.state in ACCEPTED_STATES,
            intro="전담기관이 확인하기 전에는 공개하지 않습니다.",
        ),
        Act(
            "good-case",
            "우수 사례 추천",
            propose,
            roles=sorted(good_cases.PROPOSERS),
            form=GoodCaseForm,
            show=lambda request, report: report.state == ReportState.PUBLISHED,
            intro="추천한 사람이 아닌 다른 사람이 확정해야 누리집 첫 화면에 나옵니다.",
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        """Add the page that shows two reports side by side."""
        page = self.admin_site.admin_view(self.compare_view)
        name = "vouchers_consumerreport_compare"
        return [path("<int:pk>/compare/<int:check>/", page, name=name), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsumerReport]:
        """Submitted ones that are not the reader's own."""
        return (
            staff_reports(request.user)
            .select_related(
                "filed__screening",
                "comment",
                "assignment__round__plan",
                "assignment__round__fee_pot",
                "assignment__monitor__user",
                "assignment__service__supplier",
            )
            .annotate(found=Count("filed__checks"))
        )

    def page(self, request: HttpRequest, thing: ConsumerReport) -> dict[str, Any]:
        """The report, what was found, its history; names for those who pay, not for moderators."""
        filed = thing.filed
        ids = [row["id"] for row in filed.content["evidence"]]
        comment = getattr(thing, "comment", None)
        named = bool(roles_of(request.user) & {PANEL_OPERATOR, AGENCY, MINISTRY})
        return {
            "title": f"소비자 보고서: {thing.assignment.service.name}",
            "state_badge": badge(thing.get_state_display(), tone=TONES[ReportState(thing.state)]),
            "content": filed.content,
            "filed": filed,
            "screened": getattr(filed, "screening", None),
            "checks": [self._check(thing, row) for row in filed.checks.select_related("other")],
            "pictures": pictures_of(request.user).filter(report=thing, pk__in=ids),
            "counted": ratings.counted(thing),
            "comment": comment,
            "waits": thing.state == ReportState.COMMENTING and moderation.waits(thing, now=now()),
            "named": named,
            "issues": thing.issues.select_related("correction"),
            "versions": thing.versions.order_by("-number"),
            "moves": _moves(thing, named=named),
        }

    def compare_view(self, request: HttpRequest, pk: int, check: int) -> HttpResponse:
        """Two reports side by side, what stands in both marked."""
        report = self.get_or_404(request, pk)
        found = (
            ReportCheck.objects.filter(pk=check, version__report=report, other__isnull=False)
            .select_related("version", "other__report__assignment__service")
            .first()
        )
        if found is None:
            raise Http404
        mine, theirs = moderation.written(found.version), moderation.written(found.other)
        return self.render(
            request,
            report,
            "admin/vouchers/reports/compare.html",
            title="비슷한 보고서 견주기",
            check=found,
            mine=shared(mine, theirs),
            theirs=shared(theirs, mine),
            back=self.back_url(report),
            buttons=[],
        )

    def _check(self, report: ConsumerReport, row: ReportCheck) -> dict[str, Any]:
        url = ""
        if row.other_id:
            url = reverse("admin:vouchers_consumerreport_compare", args=[report.pk, row.pk])
        return {"row": row, "url": url}

    @admin.display(description="서비스")
    def service(self, report: ConsumerReport) -> str:
        """About what."""
        return report.assignment.service.name

    @admin.display(description="쓴 사람")
    def kind(self, report: ConsumerReport) -> str:
        """By what kind of member."""
        return report.assignment.monitor.get_kind_display()

    @admin.display(description="제출")
    def submitted(self, report: ConsumerReport) -> str:
        """When."""
        return kst(report.filed.submitted_at)

    @admin.display(description="자동 점검")
    def flags(self, report: ConsumerReport) -> SafeString | str:
        """How much was pointed at."""
        if getattr(report.filed, "screening", None) is None:
            return "점검 중"
        return badge(f"{report.found}건", tone="warning") if report.found else "없음"

    @admin.display(description="상태")
    def status(self, report: ConsumerReport) -> SafeString:
        """Where it stands."""
        return badge(report.get_state_display(), tone=TONES[ReportState(report.state)])
