"""Staff screen of submitted reports: automatic checks, moderation, issues, good cases."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import due, kst
from vouchers.models import ConsumerReport, Correction, GoodCase, ReportCheck
from vouchers.queries.reports import ratings
from vouchers.roles import AGENCY, MINISTRY, PANEL_OPERATOR
from vouchers.rules.reports.moderation import shared_runs
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


NOTE_TO_MEMBER = note_form(max_length=1_000, rows=4, help_text="단원이 그대로 읽습니다.")
NOTE = note_form(max_length=1_000, rows=4)
ACCEPT_NOTE = note_form(
    label="채택 사유",
    max_length=1_000,
    rows=4,
    required=False,
    help_text="자동 점검에서 찾은 것이 있으면 채택해도 되는 까닭을 꼭 적어 주세요.",
)


class IssueForm(forms.Form):
    kind = forms.ChoiceField(label="구분", choices=IssueKind.choices, widget=forms.RadioSelect)
    text = forms.CharField(label="내용", max_length=2_000, widget=forms.Textarea({"rows": 5}))


class GoodCaseForm(forms.Form):
    headline = forms.CharField(label="한 줄 소개", max_length=80)
    reason = forms.CharField(label="추천 사유", max_length=300, widget=forms.Textarea({"rows": 3}))


def send_back(
    request: HttpRequest, report: ConsumerReport, data: dict[str, Any], at: datetime
) -> None:
    moderation.send_back(report, by=person(request), now=at, **data)


def reject(
    request: HttpRequest, report: ConsumerReport, data: dict[str, Any], at: datetime
) -> None:
    moderation.reject(report, by=person(request), now=at, **data)


def accept(
    request: HttpRequest, report: ConsumerReport, data: dict[str, Any], at: datetime
) -> ConsumerReport:
    moderation.accept(report, by=person(request), now=at, **data)
    return report


def accepted(report: ConsumerReport) -> str:
    return f"채택했습니다. 공급기업은 {due(report.comment_until)}까지 의견을 낼 수 있습니다."


def publish(
    request: HttpRequest, report: ConsumerReport, data: dict[str, Any], at: datetime
) -> None:
    moderation.publish(report, by=person(request), now=at)


def retract(
    request: HttpRequest, report: ConsumerReport, data: dict[str, Any], at: datetime
) -> None:
    moderation.retract(report, by=person(request), now=at, **data)


def restore(
    request: HttpRequest, report: ConsumerReport, data: dict[str, Any], at: datetime
) -> None:
    moderation.restore(report, by=person(request), now=at, **data)


def raise_issue(
    request: HttpRequest, report: ConsumerReport, data: dict[str, Any], at: datetime
) -> Correction:
    return corrections.raise_issue(report, by=person(request), now=at, **data)


def propose(
    request: HttpRequest, report: ConsumerReport, data: dict[str, Any], at: datetime
) -> GoodCase:
    return good_cases.propose(report, by=person(request), now=at, **data)


def _moves(report: ConsumerReport, *, named: bool) -> list[dict[str, Any]]:
    """Return the history of a report, with the author's kind instead of the name unless `named`."""
    rows = history(report)
    if not named:
        for row in rows:
            row["by"] = report.name_of(row["person"]) if row["person"] else row["by"]
    return rows


def may_publish(request: HttpRequest, report: ConsumerReport) -> bool:
    return not moderation.comment_pending(report, now=now())


@admin.register(ConsumerReport)
class ConsumerReportAdmin(WorkflowAdmin):
    """Submitted reports; never drafts, and never the reader's own reports."""

    read_roles = sorted(STAFF)
    page_template = "admin/vouchers/reports/report.html"
    list_display = ["service", "kind", "submitted", "flags", "status"]
    list_filter = ["state", "assignment__service__category", "assignment__monitor__kind"]
    search_fields = ["=assignment__service__code"]
    search_help_text = "서비스 번호(전체)"
    ordering = ["-pk"]
    sorts = [Sort("submitted")]
    acts = [
        Act("accept", "채택", accept, done=accepted, move=ReportMoves.ACCEPT, form=ACCEPT_NOTE),
        Act(
            "return",
            "보완 요청",
            send_back,
            done="보완을 요청했습니다. 단원에게 메일로 알립니다.",
            move=ReportMoves.RETURN,
            form=NOTE_TO_MEMBER,
            aside=True,
        ),
        Act(
            "reject",
            "채택하지 않음",
            reject,
            done="채택하지 않았습니다. 단원에게 메일로 알립니다.",
            move=ReportMoves.REJECT,
            form=NOTE_TO_MEMBER,
            danger=True,
        ),
        Act(
            "publish",
            "공개",
            publish,
            done="공개했습니다.",
            move=ReportMoves.PUBLISH,
            show=may_publish,
            intro="제출한 그대로 누구나 읽게 됩니다. 공급기업 의견은 나란히 나옵니다.",
        ),
        Act(
            "retract",
            "공개 중단",
            retract,
            done="공개를 중단했습니다.",
            move=ReportMoves.RETRACT,
            form=NOTE,
            danger=True,
        ),
        Act(
            "restore",
            "다시 공개",
            restore,
            done="다시 공개했습니다.",
            move=ReportMoves.RESTORE,
            form=NOTE,
            aside=True,
        ),
        Act(
            "issue",
            "문제 제기",
            raise_issue,
            done=lambda case: f"문제를 제기했습니다. 전담기관이 확인합니다: {case}",
            roles=sorted(corrections.RAISERS),
            form=IssueForm,
            show=lambda request, report: report.state in ACCEPTED_STATES,
            intro="전담기관이 확인하기 전에는 공개하지 않습니다.",
            aside=True,
        ),
        Act(
            "good-case",
            "우수 사례 추천",
            propose,
            done=lambda case: f"우수 사례로 추천했습니다. 다른 사람이 확정합니다: {case}",
            roles=sorted(good_cases.PROPOSERS),
            form=GoodCaseForm,
            show=lambda request, report: report.state == ReportState.PUBLISHED,
            intro="추천한 사람이 아닌 다른 사람이 확정해야 누리집 첫 화면에 나옵니다.",
            aside=True,
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.compare_view)
        name = "vouchers_consumerreport_compare"
        return [path("<int:pk>/compare/<int:check>/", page, name=name), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsumerReport]:
        return (
            staff_reports(person(request))
            .select_related(
                "filed__screening",
                "comment",
                "assignment__round__plan",
                "assignment__round__fee_pot",
                "assignment__monitor__user",
                "assignment__service__supplier",
            )
            .annotate(findings=Count("filed__checks"))
        )

    def page(self, request: HttpRequest, report: ConsumerReport) -> dict[str, Any]:
        # Names are for those who pay, not for moderators.
        filed = report.submitted_version()
        ids = [row["id"] for row in filed.content["evidence"]]
        comment = getattr(report, "comment", None)
        named = bool(roles_of(request.user) & {PANEL_OPERATOR, AGENCY, MINISTRY})
        return {
            "title": f"소비자 보고서: {report.assignment.service.name}",
            "state_badge": badge(report.get_state_display(), tone=TONES[ReportState(report.state)]),
            "content": filed.content,
            "filed": filed,
            "screened": getattr(filed, "screening", None),
            "checks": [self._check(report, row) for row in filed.checks.select_related("other")],
            "pictures": pictures_of(request.user).filter(report=report, pk__in=ids),
            "counted": ratings.counted(report),
            "comment": comment,
            "comment_pending": report.state == ReportState.COMMENTING
            and moderation.comment_pending(report, now=now()),
            "named": named,
            "issues": report.issues.select_related("correction"),
            "versions": report.versions.order_by("-number"),
            "moves": _moves(report, named=named),
        }

    def compare_view(self, request: HttpRequest, pk: int, check: int) -> HttpResponse:
        report = self.get_or_404(request, pk)
        match = (
            ReportCheck.objects.filter(pk=check, version__report=report, other__isnull=False)
            .select_related("version", "other__report__assignment__service")
            .first()
        )
        if match is None or match.other is None:
            raise Http404
        mine, theirs = moderation.written_text(match.version), moderation.written_text(match.other)
        return self.render(
            request,
            report,
            "admin/vouchers/reports/compare.html",
            title="비슷한 보고서 견주기",
            check=match,
            mine=shared_runs(mine, theirs),
            theirs=shared_runs(theirs, mine),
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
        return report.assignment.service.name

    @admin.display(description="쓴 사람")
    def kind(self, report: ConsumerReport) -> str:
        return report.assignment.monitor.get_kind_display()

    @admin.display(description="제출")
    def submitted(self, report: ConsumerReport) -> str:
        return kst(report.submitted_version().submitted_at)

    @admin.display(description="자동 점검")
    def flags(self, report: ConsumerReport) -> SafeString | str:
        if getattr(report.filed, "screening", None) is None:
            return "점검 중"
        findings = getattr(report, "findings", 0)
        return badge(f"{findings}건", tone="warning") if findings else "없음"

    @admin.display(description="상태")
    def status(self, report: ConsumerReport) -> SafeString:
        return badge(report.get_state_display(), tone=TONES[ReportState(report.state)])
