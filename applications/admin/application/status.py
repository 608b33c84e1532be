"""Filed applications of the own sub-programmes: the list, and the page of each."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.admin import flags, inquiries, notes
from applications.admin.application import asking, header, neighbours, papers, standing, tabs
from applications.admin.application.filters import (
    BonusFilter,
    ReceivedFilter,
    RegionFilter,
    SizeFilter,
    StateFilter,
    SubProgramFilter,
    SupplementFilter,
    TrackFilter,
)
from applications.admin.company import REGIONS, SIZES, told_too_short
from applications.admin.officers import charge
from applications.admin.set_acts.lists import SetListAdmin
from applications.models import (
    Application,
    CommitteeProposal,
    CommitteeWish,
    Submission,
)
from applications.queries import search
from applications.queries.assessment import committee as people
from applications.queries.assessment import progress
from applications.services import documents, presence
from applications.services.assessment import committee, conflicts
from applications.services.assessment import sheets as sheets_services
from applications.services.screening import checks, exclusions
from applications.services.selection import aid as aid_services
from applications.states import ApplicationMoves, ApplicationState, CheckDecision
from applications.visibility import attachments_of, staff_applications
from portal.access.requests import person
from portal.access.roles import AUDITOR, roles_of
from portal.core.clock import now
from portal.core.particles import with_particle
from portal.core.validators import row_number
from portal.forms.people import PersonField, PersonsField
from portal.models import MoveLogBase, User
from portal.staff import trail
from portal.staff.acts import Act
from portal.staff.forms import note_form
from portal.staff.list_pages import wants_every_row
from portal.staff.lists import StaffList
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from portal.templatetags.values import business_number, won
from programs.queries import kept
from programs.roles import MANAGER, OFFICER, STAFF_READERS
from programs.rules.grants.limits import Limit

S = ApplicationState
TONES = {
    S.SUBMITTED: "info",
    S.SCREENING: "warning",
    S.ASSESSING: "info",
    S.DECIDED: "warning",
    S.RELEASED: "success",
    S.INELIGIBLE: "danger",
    S.WITHDRAWN: "neutral",
}
ASKED_WON = Coalesce("submission__support_won", 0)
SEARCH_HELP = "기업명·대표자·사업장의 일부(두 글자부터), 접수번호나 그 끝자리, 사업자등록번호, 전화번호, 이메일"
ACTING_ROLES = {OFFICER, MANAGER}
GOES_ON = {"clear", "qualify"}


@cache
def _badge(state: str) -> SafeString:
    return badge(S(state).label, tone=TONES.get(S(state), "neutral"))


def state_badge(application: Application) -> SafeString:
    return _badge(application.state)


NoteForm = note_form(max_length=2_000, rows=4)
NotifiedNoteForm = note_form(
    max_length=2_000, rows=4, help_text="신청기업에 이메일로 알리고 신청 화면에도 보여 줍니다."
)


def exclusion_form(request: HttpRequest, application: Application) -> type[forms.Form]:
    """Ask which checks failed; those that staff have found unmet are chosen already."""
    field = forms.MultipleChoiceField(
        label="충족하지 못한 요건",
        choices=list(exclusions.failable(application).items()),
        initial=exclusions.failed(application),
        widget=forms.CheckboxSelectMultiple,
        help_text="신청기업에 그대로 알립니다.",
    )
    return type(
        "ExclusionForm", (NotifiedNoteForm,), {"failed": field, "field_order": ["failed", "note"]}
    )


def assessor_form(request: HttpRequest, application: Application) -> type[forms.Form]:
    """Offer the assessors who are not assigned yet; those with a conflict are marked."""
    rows = sheets_services.candidates(application)
    tied = conflicts.ties_of(application, list(rows))

    class Choice(PersonsField):
        def label_from_instance(self, assessor: User) -> str:
            who, ties = super().label_from_instance(assessor), tied.get(assessor.pk)
            return f"{who} - 배정할 수 없음: {ties[0].message}" if ties else who

    field = Choice(
        label="평가위원",
        queryset=rows,
        widget=forms.CheckboxSelectMultiple,
        help_text="여러 명을 한 번에 배정할 수 있습니다. 한 명이라도 이해관계가 있으면 "
        "아무도 배정하지 않고 사유를 모두 알려 드립니다."
        if tied
        else "더 배정할 수 있는 평가위원이 없습니다.",
    )
    return type("AssessorForm", (forms.Form,), {"assessors": field})


Data = dict[str, Any]


def take_up(request: HttpRequest, application: Application, data: Data, at: datetime) -> None:
    checks.take_up(application, by=person(request), now=at)


def confirm_met(request: HttpRequest, application: Application, data: Data, at: datetime) -> int:
    return checks.confirm_met(application, by=person(request), now=at)


def qualify(
    request: HttpRequest, application: Application, data: Data, at: datetime
) -> MoveLogBase:
    return checks.qualify(application, by=person(request), now=at)


def clear(request: HttpRequest, application: Application, data: Data, at: datetime) -> MoveLogBase:
    return checks.clear(application, by=person(request), now=at)


def has_pending_met(request: HttpRequest, application: Application) -> bool:
    return any(
        check.met and check.decision == CheckDecision.PENDING for check in application.checks.all()
    )


def sent_on(row: Any) -> str:
    return f"{row.thing} 신청을 평가로 넘겼습니다."


def propose_exclusion(
    request: HttpRequest, application: Application, data: Data, at: datetime
) -> None:
    exclusions.propose(application, by=person(request), now=at, **data)


def reinstate(request: HttpRequest, application: Application, data: Data, at: datetime) -> None:
    checks.reinstate(application, by=person(request), now=at, **data)


def assign(request: HttpRequest, application: Application, data: Data, at: datetime) -> int:
    assessors = list(data["assessors"])
    sheets_services.assign_all(application, assessors=assessors, by=person(request), now=at)
    return len(assessors)


def print_sheets(request: HttpRequest, application: Application, data: Data, at: datetime) -> None:
    documents.request_sheets(application, now=at)


def free_places(application: Application) -> int:
    taken = [sheet for sheet in application.sheets.all() if not sheet.ended]
    return application.sub_program.assessors - len(taken)


def refill(
    request: HttpRequest, application: Application, data: Data, at: datetime
) -> CommitteeProposal:
    return committee.propose(
        application.sub_program,
        seed=application.pk,
        application=application,
        by=person(request),
        now=at,
    )


def wish_form(request: HttpRequest, application: Application) -> type[forms.Form]:
    assessors = people.assessors()
    fields: dict[str, forms.Field] = {
        "assessor": PersonField(label="평가위원", queryset=assessors),
        "kind": forms.ChoiceField(label="조건", choices=CommitteeWish.Kind.choices),
        "reason": forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3})),
    }
    return type("WishForm", (forms.Form,), fields)


def wish(request: HttpRequest, application: Application, data: Data, at: datetime) -> CommitteeWish:
    return committee.wish(application, by=person(request), now=at, **data)


def liftable(request: HttpRequest, application: Application) -> list[Limit]:
    if application.state not in aid_services.OPEN_STATES:
        return []
    position = standing.aid_position(request, application)
    stopping = {row.code for row in position.over}
    return [row for row, _ in position.used if row.exception and row.finding in stopping]


def exception_form(request: HttpRequest, application: Application) -> type[forms.Form]:
    fields: dict[str, forms.Field] = {
        "limit": forms.ChoiceField(
            label="한도", choices=[(row.code, row.label) for row in liftable(request, application)]
        ),
        "reason": forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3})),
    }
    return type("ExceptionForm", (forms.Form,), fields)


def allow_aid(request: HttpRequest, application: Application, data: Data, at: datetime) -> None:
    aid_services.allow(application, by=person(request), now=at, **data)


class ApplicationList(StaffList):
    """The list, with the catalogue that the process keeps instead of two joins for each row."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        kept.put_on(self.result_list)
        charge.put_on(self.result_list)
        flags.put_on(self.result_list)
        if "support" in self.list_display:
            filed = Submission.objects.filter(pk__in=[row.pk for row in self.result_list])
            asked = dict(filed.values_list("pk", "support_won"))
            for row in self.result_list:
                row.asked_won = asked.get(row.pk)
        progress.put_on(self.result_list)


@admin.register(Application)
class ApplicationAdmin(SetListAdmin):
    read_roles = STAFF_READERS
    page_template = "admin/applications/application/page.html"
    list_display = [
        "receipt",
        "company",
        "program_label",
        "track_label",
        "state_label",
        "panel_label",
        "officer_label",
        "flag_labels",
        "region_label",
        "support",
        "received",
    ]
    more_columns = ["size_label"]
    list_select_related = ["company"]
    list_filter = [
        SubProgramFilter,
        StateFilter,
        charge.ChargeFilter,
        flags.FlagFilter,
        SupplementFilter,
        BonusFilter,
        ReceivedFilter,
        TrackFilter,
        RegionFilter,
        SizeFilter,
    ]
    search_fields = ["number"]
    search_help_text = SEARCH_HELP
    ordering = ["-pk"]
    sorts = [
        Sort("receipt"),
        Sort("received", ["submitted_at", "pk"]),
        Sort("support", [ASKED_WON, "submission__pk"], among=Q(submission__isnull=False)),
    ]
    set_list = "applications"

    acts = [
        Act(
            "take-up",
            "요건검토 시작",
            take_up,
            done="요건검토를 시작했습니다. 자동 판정 결과를 확인해 주세요.",
            move=ApplicationMoves.TAKE_UP,
            press=True,
        ),
        Act(
            "clear",
            "확인하고 평가로",
            clear,
            done=sent_on,
            move=ApplicationMoves.QUALIFY,
            show=has_pending_met,
            press=True,
        ),
        Act(
            "confirm-met",
            "충족 판정 모두 확인",
            confirm_met,
            done=lambda count: f"충족으로 판정된 요건 {count}건을 확인했습니다.",
            move=ApplicationMoves.CHECK,
            show=has_pending_met,
            press=True,
            aside=True,
        ),
        *asking.ACTS,
        inquiries.ASK,
        Act(
            "qualify",
            "요건 충족(평가로)",
            qualify,
            done=sent_on,
            move=ApplicationMoves.QUALIFY,
            show=lambda request, application: not has_pending_met(request, application),
            press=True,
        ),
        Act(
            "exclude",
            "요건 미충족 제안",
            propose_exclusion,
            done="요건 미충족을 제안했습니다. 다른 사람이 승인하면 처리하고 신청기업에 알립니다.",
            move=ApplicationMoves.EXCLUDE,
            show=lambda request, application: tabs.open_proposal(application) is None,
            form=exclusion_form,
            danger=True,
        ),
        Act(
            "reinstate",
            "요건검토로 되돌리기",
            reinstate,
            done="요건검토로 되돌리고 신청기업에 알렸습니다.",
            move=ApplicationMoves.REINSTATE,
            form=NotifiedNoteForm,
            aside=True,
        ),
        Act(
            "print-sheets",
            "평가표 PDF",
            print_sheets,
            done="평가표 PDF를 만들고 있습니다. 아래 ‘발급 문서’에서 받을 수 있습니다.",
            roles=[OFFICER, MANAGER, AUDITOR],
            show=lambda request, application: any(
                sheet.locked_at for sheet in application.sheets.all()
            ),
            intro="제출된 평가표를 한 문서로 만듭니다. 평가위원의 이름은 들어가지 않습니다.",
            aside=True,
        ),
        Act(
            "assign",
            "평가위원 배정",
            assign,
            done=lambda count: f"평가위원 {count}명을 배정하고 알렸습니다.",
            move=ApplicationMoves.ASSIGN,
            form=assessor_form,
        ),
        Act(
            "refill",
            "빈 자리 배정",
            refill,
            done=lambda row: (
                f"배정안 #{with_particle(row.pk, '을/를')} 만들고 있습니다. ‘평가위원 배정안’에서 확인하고 확정하세요."
            ),
            move=ApplicationMoves.ASSIGN,
            show=lambda request, application: free_places(application) > 0,
            intro="다른 배정은 그대로 두고 이 신청의 빈 자리만 다시 배정합니다.",
            aside=True,
        ),
        Act(
            "wish",
            "배정 조건",
            wish,
            done=lambda row: f"배정 조건을 정했습니다: {row.assessor} {row.get_kind_display()}",
            move=ApplicationMoves.ASSIGN,
            form=wish_form,
            aside=True,
        ),
        Act(
            "allow-aid",
            "지원 한도 예외",
            allow_aid,
            done="지원 한도의 예외를 인정했습니다. 이미 만든 선정안에는 반영되지 않으니 다시 만들어 주세요.",
            roles=[MANAGER],
            show=lambda request, application: bool(liftable(request, application)),
            form=exception_form,
            intro="이 기업이 한도를 넘어도 이 신청을 선정할 수 있게 합니다. 되돌릴 수 없으며 누가 왜 인정했는지 남습니다.",
            danger=True,
        ),
        *charge.ACTS,
        *notes.ACTS,
        *flags.ACTS,
    ]

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "applications_application"
        return [
            path("<int:pk>/papers/<int:paper>/", view(self.paper_view), name=f"{name}_paper"),
            path("<int:pk>/viewers/", view(self.viewers_view), name=f"{name}_viewers"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        return staff_applications(person(request))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[StaffList]:
        return neighbours.Quiet if request.__dict__.get(neighbours.QUIET) else ApplicationList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Application], search_term: str
    ) -> tuple[QuerySet[Application], bool]:
        if not search_term or told_too_short(request, search_term):
            return queryset.none() if search_term else queryset, False
        if wants_every_row(request):
            return search.applications(queryset, search_term), False
        found = search.first_applications(queryset, search_term)
        return self.show_found(request, queryset, found.ids, more=found.more), False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Application | None:
        rows = self.get_queryset(request).select_related(
            "company", "site", "submission__form", "agreement"
        )
        found = list(rows.filter(pk=row_number(object_id) or 0))
        kept.put_on(found)
        charge.put_on(found)
        return found[0] if found else None

    def page(self, request: HttpRequest, application: Application) -> dict[str, Any]:
        _read_for_buttons(application)
        may_act = bool(roles_of(person(request)) & ACTING_ROLES)
        tab = tabs.chosen(request, application)
        return {
            "title": f"신청 {application.number}",
            "state_badge": state_badge(application),
            "may_act": may_act and not self.why_none(request, application),
            "tab": tab,
            "tabs": [
                (row, trail.onto("", request, tab=row.code, paper="", page="")) for row in tabs.TABS
            ],
            "viewers": presence.look_in(application, by=person(request), now=now()),
            "neighbours": neighbours.pages(self, request, application),
            **header.facts(request, application),
            **tab.read(request, application),
        }

    def next_url(self, request: HttpRequest, thing: Application, step: Act) -> str:
        """Return the next application of the list after one that went on to assessment."""
        if step.name not in GOES_ON or not trail.filters(request):
            return ""
        found = neighbours.pages(self, request, thing).get("next")
        if found:
            return found
        messages.info(request, "이 목록의 마지막 신청이었습니다.")
        changelist = reverse("admin:applications_application_changelist")
        return f"{changelist}?{trail.filters(request)}"

    def paper_view(self, request: HttpRequest, pk: int, paper: int) -> HttpResponseBase:
        """Show one paper within the page, as pictures or text made of it."""
        application = self.get_or_404(request, pk)
        visible = attachments_of(person(request)).filter(application=application)
        return papers.response(request, get_object_or_404(visible, pk=paper))

    def viewers_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Note that the page is still open, and say who else has it open."""
        application = self.get_or_404(request, pk)
        others = presence.look_in(application, by=person(request), now=now())
        return JsonResponse({"viewers": [str(user) for user in others]})

    def export_table(self, cl: ChangeList) -> tuple[list[str], Iterator[tuple[object, ...]]]:
        header = ["접수번호", "내역사업", "지원유형", "상태", "기업명", "사업자등록번호"]
        header += ["지역", "기업 규모", "접수 시각", "정부지원금(원)", "담당자"]
        return header, _export_rows(cl.queryset)

    @admin.display(description="접수번호")
    def receipt(self, application: Application) -> str:
        return application.number or ""

    @admin.display(description="내역사업")
    def program_label(self, application: Application) -> str:
        return application.sub_program.short

    @admin.display(description="지원유형")
    def track_label(self, application: Application) -> str:
        return application.track.name if application.track else ""

    @admin.display(description="상태")
    def state_label(self, application: Application) -> SafeString:
        return state_badge(application)

    @admin.display(description="담당자")
    def officer_label(self, application: Application) -> str:
        return charge.label(application)

    @admin.display(description="표시")
    def flag_labels(self, application: Application) -> SafeString | str:
        return flags.label(application)

    @admin.display(description="평가표")
    def panel_label(self, application: Any) -> SafeString | str:
        if not hasattr(application, "panel"):  # on a page of its own
            progress.put_on([application])
        panel = application.panel
        if panel is None:
            return ""
        return format_html('<span class="nowrap">{} (최소 {})</span>', panel, panel.minimum)

    @admin.display(description="지역")
    def region_label(self, application: Application) -> str:
        return REGIONS.get(application.region, application.region)

    @admin.display(description="기업 규모")
    def size_label(self, application: Application) -> str:
        return SIZES.get(application.size, application.size)

    @admin.display(description="신청 지원금")
    def support(self, application: Application) -> str:
        asked = getattr(application, "asked_won", None)
        return "" if asked is None else won(asked)

    @admin.display(description="접수 시각")
    def received(self, application: Application) -> str:
        return kst(application.submitted_at)


def _read_for_buttons(application: Application) -> None:
    """Read once what the buttons ask of an application in this state."""
    if application.state == S.SCREENING:
        prefetch_related_objects(
            [application], "checks", "bonuses", "supplements", "exclusion_proposals"
        )
    elif application.state != S.SUBMITTED:
        prefetch_related_objects([application], "sheets")


def _export_rows(rows: QuerySet[Application]) -> Iterator[tuple[object, ...]]:
    joined = rows.select_related("company", "sub_program", "track", "submission", "officer")
    selected = joined.only(
        "number",
        "state",
        "region",
        "size",
        "submitted_at",
        "company__name",
        "company__business_number",
        "sub_program__short",
        "track__name",
        "submission__support_won",
        "officer__name",
        "officer__email",
    )
    for row in selected.iterator(chunk_size=2_000):
        yield (
            row.number,
            row.sub_program.short,
            row.track.name if row.track else "",
            row.get_state_display(),
            row.company.name,
            business_number(row.company.business_number),
            REGIONS.get(row.region, row.region),
            SIZES.get(row.size, row.size),
            row.submitted_at,
            row.submission.support_won,
            str(row.officer or ""),
        )
