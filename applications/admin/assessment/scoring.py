"""Score runs: started here, followed by their jobs; and requests for a selection."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from applications.models import ScoreRun, Selection
from applications.services.assessment import scoring
from applications.services.selection import proposals
from applications.visibility import runs_of
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.particles import with_particle
from portal.forms.ranges import within
from portal.models import JobState
from portal.staff.acts import Act
from portal.staff.jobs import JobProgressAdmin
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from programs.forms.catalogue import StartForm
from programs.roles import MANAGER, OFFICER, STAFF_READERS
from programs.rules.grants import quota


def proposal_form(request: HttpRequest, run: ScoreRun) -> type[forms.Form]:
    """Return a form for the places to select; the quota of the notice is the default."""
    program = run.sub_program
    usual = quota.places(program.quota_count, program.quota_kind)
    quota_text = quota.label(program.quota_count, program.quota_kind)
    fields: dict[str, forms.Field] = {
        "places": forms.IntegerField(
            label="선정 수",
            required=False,
            initial=usual,
            help_text=f"공고의 모집 규모는 ‘{quota_text}’입니다. 비워 두면 공고대로 정하며, "
            "다른 수를 넣으면 선정안에 그 사실을 표시합니다.",
            validators=[within("places")],
        ),
        "reserve_places": forms.IntegerField(
            label="예비 수",
            required=False,
            help_text="비워 두면 기준점수 이상인 나머지 신청을 모두 예비로 둡니다.",
            validators=[within("places")],
        ),
    }
    return type("ProposalForm", (forms.Form,), fields)


def propose(request: HttpRequest, run: ScoreRun, data: dict[str, Any], at: datetime) -> Selection:
    return proposals.start(run, by=person(request), now=at, **data)


class ScoringForm(StartForm):
    """The sub-programme; while its intake runs, also that the person knows what that means."""

    while_open = forms.BooleanField(
        label="접수 중에 점수를 냅니다",
        required=False,
        help_text="접수가 끝나기 전에 점수를 낼 때만 표시하세요. 그 뒤에 접수한 신청은 이번 순위에 들지 않습니다.",
    )


@admin.register(ScoreRun)
class ScoreRunAdmin(JobProgressAdmin):
    read_roles = STAFF_READERS
    change_list_template = "admin/applications/assessment/scoring_list.html"
    page_template = "admin/applications/assessment/scoring_page.html"
    list_display = ["name", "requested", "requested_by", "scored", "finished"]
    list_select_related = ["sub_program", "requested_by", "job"]
    acts = [
        Act(
            "propose",
            "선정안 만들기",
            propose,
            done=lambda made: (
                f"선정안 #{with_particle(made.pk, '을/를')} 만들고 있습니다. 아래 ‘선정’ 목록에서 볼 수 있습니다."
            ),
            roles=[OFFICER, MANAGER],
            form=proposal_form,
            show=lambda request, run: run.finished_at is not None and run.stale_at is None,
            intro="순위를 매기고 남은 예산과 선정 수에 맞추어 선정선을 긋습니다. 예산은 결정할 때 잡습니다.",
        )
    ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.start_view)
        return [path("start/", page, name="applications_scorerun_start"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScoreRun]:
        return runs_of(person(request)).select_related("sub_program__round", "job", "requested_by")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = bool(roles_of(request.user) & {OFFICER, MANAGER})
        return super().changelist_view(request, {"may_start": may, **(extra_context or {})})

    def page(self, request: HttpRequest, thing: ScoreRun) -> dict[str, Any]:
        return {
            "selections": list(thing.selections.order_by("-pk")),
            "following": list(thing.later.order_by("pk")),
            **self.job_context(thing),
        }

    def start_view(self, request: HttpRequest) -> HttpResponse:
        if not roles_of(request.user) & {OFFICER, MANAGER}:
            raise Http404
        return self.start_page(
            request,
            ScoringForm(request),
            lambda data, at: scoring.start(**data, by=person(request), now=at),
            template="admin/applications/assessment/scoring_start.html",
            title="점수 산정 시작",
            done="점수 산정을 시작했습니다.",
        )

    @admin.display(description="점수 산정")
    def name(self, run: ScoreRun) -> str:
        return str(run)

    @admin.display(description="요청 시각")
    def requested(self, run: ScoreRun) -> str:
        return kst(run.requested_at)

    @admin.display(description="상태")
    def finished(self, run: ScoreRun) -> SafeString:
        if run.stale_at:
            return badge("다시 산정 필요", tone="danger")
        if run.finished_at:
            return badge("완료", tone="success")
        if run.job and run.job.state == JobState.PARKED:
            return badge("중단(확인 필요)", tone="danger")
        return badge("계산 중", tone="info")
