"""Assessor profiles, wishes for pairs, and committee proposals."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from applications.admin.application.status import NoteForm
from applications.forms.assessment import ProfileForm
from applications.models import (
    Application,
    AssessorProfile,
    CommitteeProposal,
    CommitteeWish,
    ScoreSheet,
)
from applications.queries.assessment import committee as people
from applications.services.assessment import committee, conflicts
from applications.visibility import committee_proposals_of, staff_applications
from applications.worklists import SOLVED_COMMITTEE
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.forms.ranges import within
from portal.models import User
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.edits import EditAdmin
from portal.staff.filters import waiting
from portal.staff.forms import note_form
from portal.staff.jobs import JobProgressAdmin
from portal.staff.lists import QuickPaginator
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from programs.forms.catalogue import StartForm
from programs.roles import MANAGER, OFFICER, STAFF_READERS

SHOWN = 200  # pairs on the page


class SolveForm(StartForm):
    seed = forms.IntegerField(
        label="시드",
        initial=2021,
        help_text="같은 자료와 같은 시드는 같은 배정안을 냅니다.",
        validators=[within("seed")],
    )


def confirm(
    request: HttpRequest, proposal: CommitteeProposal, data: dict[str, Any], at: datetime
) -> int:
    return committee.confirm(proposal, by=person(request), now=at, **data)


def discard(
    request: HttpRequest, proposal: CommitteeProposal, data: dict[str, Any], at: datetime
) -> None:
    committee.discard(proposal, by=person(request), now=at, **data)


MaybeNoteForm = note_form(
    max_length=300, required=False, help_text="채우지 못한 자리가 있는데도 확정하려면 꼭 적으세요."
)


def is_open(request: HttpRequest, proposal: CommitteeProposal) -> bool:
    return proposal.confirmed_at is None and proposal.discarded_at is None


@admin.register(CommitteeProposal)
class CommitteeProposalAdmin(JobProgressAdmin):
    read_roles = STAFF_READERS
    change_list_template = "admin/applications/assessment/committee_list.html"
    page_template = "admin/applications/assessment/committee_page.html"
    list_display = ["name", "places", "requested", "status"]
    list_filter = [waiting(SOLVED_COMMITTEE)]
    acts = [
        Act(
            "confirm",
            "배정 확정",
            confirm,
            done=lambda count: f"평가표 {count:,}부를 배정하고 평가위원마다 알렸습니다.",
            roles=[OFFICER, MANAGER],
            form=MaybeNoteForm,
            show=lambda request, proposal: (
                is_open(request, proposal) and proposal.solved_at is not None
            ),
            intro="배정안의 평가표를 한꺼번에 만들고 평가위원마다 알림을 한 통씩 보냅니다.",
        ),
        Act(
            "discard",
            "배정안 폐기",
            discard,
            done="배정안을 폐기했습니다.",
            roles=[OFFICER, MANAGER],
            form=NoteForm,
            show=is_open,
            danger=True,
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.start_view)
        return [
            path("start/", page, name="applications_committeeproposal_start"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CommitteeProposal]:
        return (
            committee_proposals_of(person(request))
            .select_related("sub_program__round", "application", "job", "requested_by")
            .defer("pairs")
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = bool(roles_of(request.user) & {OFFICER, MANAGER})
        return super().changelist_view(request, {"may_start": may, **(extra_context or {})})

    def page(self, request: HttpRequest, thing: CommitteeProposal) -> dict[str, Any]:
        pairs = thing.pairs[:SHOWN]
        named = people.everybody().in_bulk({pair[0] for pair in thing.pairs})
        subjects = Application.objects.select_related("company").in_bulk(
            {pair[1] for pair in pairs}
        )
        loads: dict[int, int] = {}
        for assessor, _ in thing.pairs:
            loads[assessor] = loads.get(assessor, 0) + 1
        return {
            "status": self.status(thing),
            "rows": [(subjects[pk], named[who]) for who, pk in sorted(pairs, key=lambda p: p[1])],
            "shown": len(pairs),
            "loads": sorted(((named[pk], count) for pk, count in loads.items()), key=_by_load),
            **_without(thing),
            **self.job_context(thing),
        }

    def start_view(self, request: HttpRequest) -> HttpResponse:
        if not roles_of(request.user) & {OFFICER, MANAGER}:
            raise Http404
        return self.start_page(
            request,
            SolveForm(request),
            lambda data, at: committee.propose(**data, by=person(request), now=at),
            template="admin/applications/assessment/committee_start.html",
            title="평가위원 배정안 만들기",
        )

    @admin.display(description="배정안")
    def name(self, proposal: CommitteeProposal) -> str:
        return str(proposal)

    @admin.display(description="채운 자리")
    def places(self, proposal: CommitteeProposal) -> str:
        return f"{proposal.placed:,} / {proposal.wanted:,}" if proposal.solved_at else ""

    @admin.display(description="요청 시각")
    def requested(self, proposal: CommitteeProposal) -> str:
        return kst(proposal.requested_at)

    @admin.display(description="상태")
    def status(self, proposal: CommitteeProposal) -> SafeString:
        if proposal.confirmed_at:
            return badge("확정", tone="success")
        if proposal.discarded_at:
            return badge("폐기", tone="neutral")
        if proposal.solved_at is None:
            return badge("계산 중", tone="info")
        if proposal.placed < proposal.wanted:
            return badge("자리 부족", tone="danger")
        return badge("확정 대기", tone="warning")


def _by_load(row: tuple[User, int]) -> tuple[int, str]:
    return -row[1], str(row[0])


def _without(proposal: CommitteeProposal) -> dict[str, Any]:
    """Return the applications that got no panel, the first received first, each with the reason."""
    rows = [row for row in proposal.shortages if row[4] in committee.NO_PANEL]
    shown = Application.objects.select_related("company").in_bulk([row[0] for row in rows[:SHOWN]])
    return {
        "without_count": len(rows),
        "without": [
            (
                shown[pk],
                f"이해관계와 배정 금지를 빼면 맡을 수 있는 평가위원이 {permitted}명뿐입니다."
                if reason == "people"
                else "평가위원이 더 맡을 수 있는 자리가 모자랍니다.",
            )
            for pk, _, _, permitted, reason in rows[:SHOWN]
        ],
    }


@admin.register(AssessorProfile)
class AssessorProfileAdmin(EditAdmin):
    ranges = {"max_load": "load"}
    form = ProfileForm
    paginator = QuickPaginator
    show_full_result_count = False
    list_display = ["user", "active", "max_load", "employer", "waiting"]
    list_select_related = ["user"]
    ordering = ["user__name", "pk"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(roles_of(request.user) & set(STAFF_READERS))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(roles_of(request.user) & {OFFICER, MANAGER})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # set inactive instead

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        if db_field.name == "user":
            kwargs["queryset"] = people.assessors()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # Employer and address may tie the assessor to applications.
        conflicts.recheck(now=now(), users=[obj.user_id])

    @admin.display(description="제출할 평가표")
    def waiting(self, profile: AssessorProfile) -> str:
        count = ScoreSheet.objects.waiting().filter(assessor=profile.user_id).count()
        return f"{count:,}부"


def end_wish(request: HttpRequest, wish: CommitteeWish, data: dict[str, Any], at: datetime) -> None:
    committee.end_wish(wish.application, assessor=wish.assessor, by=person(request), now=at)


@admin.register(CommitteeWish)
class CommitteeWishAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["application", "assessor", "kind", "reason", "by", "at", "ended_at"]
    list_select_related = ["application", "by"]
    ordering = ["-pk"]
    acts = [
        Act(
            "end",
            "조건 거두기",
            end_wish,
            done="배정 조건을 거두었습니다.",
            roles=[OFFICER, MANAGER],
            show=lambda request, wish: wish.ended_at is None,
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CommitteeWish]:
        return (
            CommitteeWish.objects.filter(application__in=staff_applications(person(request)))
            .select_related("application", "by")
            .prefetch_related(people.named())
        )
