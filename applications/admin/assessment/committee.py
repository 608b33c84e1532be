"""The panel: who assesses, who is tied to whom, and assignments that are solved and confirmed."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from applications.admin.application.status import NoteForm
from applications.forms.assessment import ProfileForm
from applications.models import (
    Application,
    AssessorProfile,
    PanelProposal,
    PanelWish,
    ScoreSheet,
)
from applications.roles import ASSESSOR
from applications.services.assessment import committee, conflicts
from applications.visibility import panels_of, staff_applications
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import show_error
from portal.models import User
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form
from portal.staff.jobs import JobProgressAdmin
from portal.staff.lists import QuickPaginator, StaffAdmin
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from programs.forms.catalogue import StartForm
from programs.roles import MANAGER, OFFICER, STAFF_READERS

SHOWN = 200


class SolveForm(StartForm):
    """Which sub-programme, and the seed that makes the answer repeatable."""

    seed = forms.IntegerField(
        label="시드",
        min_value=0,
        max_value=2**31,
        initial=2021,
        help_text="같은 자료와 같은 시드는 같은 배정안을 냅니다.",
    )


def confirm(request: HttpRequest, thing: PanelProposal, data: dict[str, Any], at: datetime) -> str:
    """Assign everything as proposed."""
    count = committee.confirm(thing, by=request.user, now=at, **data)
    return f"평가표 {count:,}부를 배정하고 평가위원마다 알렸습니다."


def discard(request: HttpRequest, thing: PanelProposal, data: dict[str, Any], at: datetime) -> str:
    """Throw it away."""
    committee.discard(thing, by=request.user, now=at, **data)
    return "배정안을 폐기했습니다."


MaybeNoteForm = note_form(
    max_length=300, required=False, help_text="채우지 못한 자리가 있는데도 확정하려면 꼭 적으세요."
)


def is_open(request: HttpRequest, thing: PanelProposal) -> bool:
    """Neither confirmed nor thrown away."""
    return thing.confirmed_at is None and thing.discarded_at is None


@admin.register(PanelProposal)
class PanelProposalAdmin(JobProgressAdmin):
    """Assignments as they were solved."""

    read_roles = STAFF_READERS
    change_list_template = "admin/applications/assessment/committee_list.html"
    page_template = "admin/applications/assessment/committee_page.html"
    list_display = ["name", "places", "requested", "status"]
    acts = [
        Act(
            "confirm",
            "배정 확정",
            confirm,
            roles=[OFFICER, MANAGER],
            form=MaybeNoteForm,
            show=lambda request, thing: is_open(request, thing) and thing.solved_at is not None,
            intro="배정안의 평가표를 한꺼번에 만들고 평가위원마다 알림을 한 통씩 보냅니다.",
        ),
        Act(
            "discard",
            "배정안 폐기",
            discard,
            roles=[OFFICER, MANAGER],
            form=NoteForm,
            show=is_open,
            danger=True,
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        """Add the page that asks for an assignment."""
        page = self.admin_site.admin_view(self.start_view)
        return [path("start/", page, name="applications_panelproposal_start"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PanelProposal]:
        """Of the own sub-programmes."""
        return (
            panels_of(request.user)
            .select_related("sub_program__round", "application", "job", "requested_by")
            .defer("pairs")
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer to solve one to those who may."""
        may = bool(roles_of(request.user) & {OFFICER, MANAGER})
        return super().changelist_view(request, {"may_start": may, **(extra_context or {})})

    def page(self, request: HttpRequest, thing: PanelProposal) -> dict[str, Any]:
        """What was found, what is short and why, and the first pairs."""
        pairs = thing.pairs[:SHOWN]
        people = User.objects.in_bulk({pair[0] for pair in thing.pairs})
        subjects = Application.objects.select_related("company").in_bulk(
            {pair[1] for pair in pairs}
        )
        loads: dict[int, int] = {}
        for assessor, _ in thing.pairs:
            loads[assessor] = loads.get(assessor, 0) + 1
        return {
            "status": self.status(thing),
            "rows": [(subjects[pk], people[who]) for who, pk in sorted(pairs, key=lambda p: p[1])],
            "shown": len(pairs),
            "loads": sorted(((people[pk], count) for pk, count in loads.items()), key=_by_load),
            **self.job_context(thing),
        }

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Choose a sub-programme and a seed."""
        if not roles_of(request.user) & {OFFICER, MANAGER}:
            raise Http404
        form = SolveForm(request)
        if request.method == "POST" and form.is_valid():
            try:
                made = committee.propose(**form.cleaned_data, by=request.user, now=now())
            except PortalError as error:
                show_error(request, error)
            else:
                return redirect("admin:applications_panelproposal_change", made.pk)
        return self.render(
            request,
            None,
            "admin/applications/assessment/committee_start.html",
            title="평가위원 배정안 만들기",
            form=form,
        )

    @admin.display(description="배정안")
    def name(self, thing: PanelProposal) -> str:
        """Which."""
        return str(thing)

    @admin.display(description="채운 자리")
    def places(self, thing: PanelProposal) -> str:
        """How many of how many."""
        return f"{thing.placed:,} / {thing.wanted:,}" if thing.solved_at else ""

    @admin.display(description="요청 시각")
    def requested(self, thing: PanelProposal) -> str:
        """When it was asked for."""
        return kst(thing.requested_at)

    @admin.display(description="상태")
    def status(self, thing: PanelProposal) -> SafeString:
        """Where it stands."""
        if thing.confirmed_at:
            return badge("확정", tone="success")
        if thing.discarded_at:
            return badge("폐기", tone="neutral")
        if thing.solved_at is None:
            return badge("계산 중", tone="info")
        if thing.placed < thing.wanted:
            return badge("자리 부족", tone="danger")
        return badge("확정 대기", tone="warning")


def _by_load(row: tuple[User, int]) -> tuple[int, str]:
    return -row[1], str(row[0])


@admin.register(AssessorProfile)
class AssessorProfileAdmin(StaffAdmin):
    """What assessors know and can take; a plain row of data, kept by officers and managers."""

    form = ProfileForm
    paginator = QuickPaginator
    show_full_result_count = False
    list_display = ["user", "active", "max_load", "employer", "waiting"]
    list_select_related = ["user"]
    ordering = ["user__name", "pk"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The desk."""
        return bool(roles_of(request.user) & set(STAFF_READERS))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As for one."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Officers and managers."""
        return bool(roles_of(request.user) & {OFFICER, MANAGER})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Officers and managers."""
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An assessor who is out is set inactive."""
        return False

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Offer assessors only."""
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(groups__name=ASSESSOR, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and look for ties again: employer and address may tie."""
        super().save_model(request, obj, form, change)
        conflicts.recheck(now=now(), users=[obj.user_id])

    @admin.display(description="제출할 평가표")
    def waiting(self, profile: AssessorProfile) -> str:
        """How much is on their desk."""
        count = ScoreSheet.objects.waiting().filter(assessor=profile.user_id).count()
        return f"{count:,}부"


def end_wish(request: HttpRequest, thing: PanelWish, data: dict[str, Any], at: datetime) -> str:
    """Take a wish back."""
    committee.end_wish(thing.application, assessor=thing.assessor, by=request.user, now=at)
    return "배정 조건을 거두었습니다."


@admin.register(PanelWish)
class PanelWishAdmin(WorkflowAdmin):
    """Pairs that staff pinned or forbade."""

    read_roles = STAFF_READERS
    list_display = ["application", "assessor", "kind", "reason", "by", "at", "ended_at"]
    list_select_related = ["application", "assessor", "by"]
    ordering = ["-pk"]
    acts = [
        Act(
            "end",
            "조건 거두기",
            end_wish,
            roles=[OFFICER, MANAGER],
            show=lambda request, thing: thing.ended_at is None,
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PanelWish]:
        """Of the own sub-programmes."""
        return PanelWish.objects.filter(
            application__in=staff_applications(request.user)
        ).select_related("application", "assessor", "by")
