"""Filed applications of the own sub-programmes: the list, and the page of each."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from applications.admin.application import content
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
from applications.admin.company import REGIONS, SIZES, company_ids
from applications.models import (
    Application,
    CommitteeProposal,
    CommitteeWish,
    ScoreSheet,
    Supplement,
)
from applications.queries.selection import aid, decisions
from applications.roles import ASSESSOR
from applications.rules.assessment import scoring as scoring_rules
from applications.services import documents
from applications.services.assessment import committee, conflicts, rubrics
from applications.services.assessment import sheets as sheets_services
from applications.services.screening import checks, supplements
from applications.services.selection import aid as aid_services
from applications.states import ApplicationMoves, ApplicationState
from applications.visibility import staff_applications
from portal.access.requests import person
from portal.access.roles import AUDITOR, roles_of
from portal.core.clock import now
from portal.core.errors import Finding, PortalError
from portal.core.validators import row_number
from portal.models import User
from portal.paper import tables
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.templatetags.components import badge
from portal.templatetags.dates import due, kst
from portal.templatetags.values import business_number
from programs.roles import MANAGER, OFFICER, STAFF_READERS
from programs.rules.grants.limits import Limit, amount

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
MAX_SELECTED = 200
RECEIPT_NUMBER = re.compile(r"[0-9]{4}-.+-[0-9]{6,}")
ACTING_ROLES = {OFFICER, MANAGER}


def state_badge(application: Application) -> SafeString:
    return badge(application.get_state_display(), tone=TONES.get(S(application.state), "neutral"))


NoteForm = note_form(max_length=2_000, rows=4)
NotifiedNoteForm = note_form(
    max_length=2_000, rows=4, help_text="신청기업에 이메일로 알리고 신청 화면에도 보여 줍니다."
)


def supplement_form(request: HttpRequest, application: Application) -> type[forms.Form]:
    declared = application.submission.form.content.get("documents", [])
    days = application.sub_program.supplement_days
    fields: dict[str, forms.Field] = {
        "message": forms.CharField(
            label="요청 내용",
            max_length=2_000,
            widget=forms.Textarea({"rows": 5}),
            help_text="무엇을 어떻게 고쳐야 하는지 신청기업이 알 수 있게 적어 주세요.",
        ),
        "requirements": forms.MultipleChoiceField(
            label="다시 받을 서류",
            required=False,
            choices=[(row["code"], row["label"]) for row in declared],
            widget=forms.CheckboxSelectMultiple,
        ),
        "days": forms.IntegerField(
            label="기한(일)",
            min_value=1,
            max_value=60,
            initial=days,
            help_text="오늘은 세지 않으며, 마지막 날 18시(한국 시각)에 끝납니다. "
            "토요일·일요일이면 다음 월요일까지입니다.",
        ),
    }
    if not declared:
        del fields["requirements"]
    return type("SupplementForm", (forms.Form,), fields)


def assessor_form(request: HttpRequest, application: Application) -> type[forms.Form]:
    """Offer the assessors who are not assigned yet; those with a conflict are marked."""
    rows = sheets_services.candidates(application)
    tied = conflicts.ties_of(application, list(rows))

    class Choice(forms.ModelMultipleChoiceField):
        def label_from_instance(self, assessor: User) -> str:
            ties = tied.get(assessor.pk)
            return f"{assessor} - 배정할 수 없음: {ties[0].message}" if ties else str(assessor)

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


def request_supplement(
    request: HttpRequest, application: Application, data: Data, at: datetime
) -> Supplement:
    return supplements.request(application, by=person(request), now=at, **data)


def qualify(request: HttpRequest, application: Application, data: Data, at: datetime) -> None:
    checks.qualify(application, by=person(request), now=at)


def exclude(request: HttpRequest, application: Application, data: Data, at: datetime) -> None:
    checks.exclude(application, by=person(request), now=at, **data)


def reinstate(request: HttpRequest, application: Application, data: Data, at: datetime) -> None:
    checks.reinstate(application, by=person(request), now=at, **data)


def assign(request: HttpRequest, application: Application, data: Data, at: datetime) -> int:
    assessors = list(data["assessors"])
    sheets_services.assign_all(application, assessors=assessors, by=person(request), now=at)
    return len(assessors)


def print_sheets(request: HttpRequest, application: Application, data: Data, at: datetime) -> None:
    documents.request_sheets(application, now=at)


def free_places(application: Application) -> int:
    taken: int = application.sheets.active().count()
    return application.sub_program.assessors - taken


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
    people = User.objects.filter(is_active=True, groups__name=ASSESSOR).order_by("name", "pk")
    fields: dict[str, forms.Field] = {
        "assessor": forms.ModelChoiceField(label="평가위원", queryset=people),
        "kind": forms.ChoiceField(label="조건", choices=CommitteeWish.Kind.choices),
        "reason": forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3})),
    }
    return type("WishForm", (forms.Form,), fields)


def wish(request: HttpRequest, application: Application, data: Data, at: datetime) -> CommitteeWish:
    return committee.wish(application, by=person(request), now=at, **data)


def aid_position(request: HttpRequest, application: Application) -> aid.AidStatus:
    # Read once for the button, its form and the page.
    cache: dict[int, aid.AidStatus] = request.__dict__.setdefault("aid_by_application", {})
    if application.pk not in cache:
        cache[application.pk] = aid.status(application)
    return cache[application.pk]


def liftable(request: HttpRequest, application: Application) -> list[Limit]:
    if application.state not in aid_services.OPEN_STATES:
        return []
    position = aid_position(request, application)
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


@admin.register(Application)
class ApplicationAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    page_template = "admin/applications/application/page.html"
    list_display = [
        "receipt",
        "company",
        "program_label",
        "track_label",
        "state_label",
        "region_label",
        "size_label",
        "received",
    ]
    list_select_related = ["company", "sub_program", "track"]
    list_filter = [
        SubProgramFilter,
        StateFilter,
        SupplementFilter,
        BonusFilter,
        ReceivedFilter,
        TrackFilter,
        RegionFilter,
        SizeFilter,
    ]
    search_fields = ["number"]
    search_help_text = "접수번호(전체), 사업자등록번호(10자리) 또는 기업명의 앞부분"
    ordering = ["-pk"]
    actions = ["take_up_many"]

    acts = [
        Act(
            "take-up",
            "요건검토 시작",
            take_up,
            done="요건검토를 시작했습니다. 자동 판정 결과를 확인해 주세요.",
            move=ApplicationMoves.TAKE_UP,
        ),
        Act(
            "confirm-met",
            "충족 판정 모두 확인",
            confirm_met,
            done=lambda count: f"충족으로 판정된 요건 {count}건을 확인했습니다.",
            move=ApplicationMoves.CHECK,
            show=lambda request, application: application.checks.filter(
                met=True, decision="pending"
            ).exists(),
            intro="자동 판정이 ‘충족’인 요건을 한 번에 확인합니다. 미충족이거나 판정하지 못한 요건은 하나씩 정해 주세요.",
        ),
        Act(
            "ask",
            "보완 요청",
            request_supplement,
            done=lambda row: f"보완을 요청하고 알렸습니다. 기한은 {due(row.due_at)}입니다.",
            move=ApplicationMoves.ASK,
            form=supplement_form,
        ),
        Act(
            "qualify",
            "요건 충족(평가로)",
            qualify,
            done="평가로 넘겼습니다.",
            move=ApplicationMoves.QUALIFY,
            intro="모든 요건과 가점을 확인했는지 살핀 뒤 평가 단계로 넘깁니다.",
        ),
        Act(
            "exclude",
            "요건 미충족 처리",
            exclude,
            done="요건 미충족으로 처리하고 신청기업에 알렸습니다.",
            move=ApplicationMoves.EXCLUDE,
            form=NotifiedNoteForm,
            danger=True,
        ),
        Act(
            "reinstate",
            "요건검토로 되돌리기",
            reinstate,
            done="요건검토로 되돌리고 신청기업에 알렸습니다.",
            move=ApplicationMoves.REINSTATE,
            form=NotifiedNoteForm,
        ),
        Act(
            "print-sheets",
            "평가표 PDF",
            print_sheets,
            done="평가표 PDF를 만들고 있습니다. 아래 ‘발급 문서’에서 받을 수 있습니다.",
            roles=[OFFICER, MANAGER, AUDITOR],
            show=lambda request, application: application.sheets.filter(
                locked_at__isnull=False
            ).exists(),
            intro="제출된 평가표를 한 문서로 만듭니다. 평가위원의 이름은 들어가지 않습니다.",
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
                f"배정안 #{row.pk}을(를) 만들고 있습니다. ‘평가위원 배정안’에서 확인하고 확정하세요."
            ),
            move=ApplicationMoves.ASSIGN,
            show=lambda request, application: free_places(application) > 0,
            intro="다른 배정은 그대로 두고 이 신청의 빈 자리만 다시 배정합니다.",
        ),
        Act(
            "wish",
            "배정 조건",
            wish,
            done=lambda row: f"배정 조건을 정했습니다: {row.assessor} {row.get_kind_display()}",
            move=ApplicationMoves.ASSIGN,
            form=wish_form,
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
    ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.export_view)
        return [path("export/", page, name="applications_application_export"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        return staff_applications(person(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Application], search_term: str
    ) -> tuple[QuerySet[Application], bool]:
        """Search whole numbers or the beginning of a name; each uses an index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if RECEIPT_NUMBER.fullmatch(term):
            return queryset.filter(number=term), False
        return queryset.filter(company__in=company_ids(term)), False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Application | None:
        rows = self.get_queryset(request).select_related(
            "sub_program__round", "track", "company", "site", "submission__form"
        )
        return rows.filter(pk=row_number(object_id) or 0).first()

    def page(self, request: HttpRequest, application: Application) -> dict[str, Any]:
        return page_context(request, application)

    def has_take_permission(self, request: HttpRequest) -> bool:
        return bool(roles_of(person(request)) & ACTING_ROLES)

    @admin.action(description="요건검토 시작", permissions=["take"])
    def take_up_many(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        rows = list(queryset.select_related("submission__form")[: MAX_SELECTED + 1])
        if len(rows) > MAX_SELECTED:
            messages.error(request, f"한 번에 {MAX_SELECTED}건까지 처리할 수 있습니다.")
            return
        at, started = now(), 0
        for row in rows:
            try:
                checks.take_up(row, by=person(request), now=at)
            except PortalError as error:
                messages.error(request, f"{row.number}: {error.message}", extra_tags=error.code)
            else:
                started += 1
        messages.info(
            request, f"선택한 {len(rows)}건 가운데 {started}건의 요건검토를 시작했습니다."
        )

    def export_view(self, request: HttpRequest) -> StreamingHttpResponse:
        if not self.has_view_permission(request):
            raise Http404
        rows = self.get_changelist_instance(request).get_queryset(request)
        header = ["접수번호", "내역사업", "지원유형", "상태", "기업명", "사업자등록번호"]
        header += ["지역", "기업 규모", "접수 시각", "정부지원금(원)"]
        return tables.table(request, Application, "신청목록", header, _export_rows(rows), at=now())

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

    @admin.display(description="지역")
    def region_label(self, application: Application) -> str:
        return REGIONS.get(application.region, application.region)

    @admin.display(description="기업 규모")
    def size_label(self, application: Application) -> str:
        return SIZES.get(application.size, application.size)

    @admin.display(description="접수 시각")
    def received(self, application: Application) -> str:
        return kst(application.submitted_at)


def page_context(request: HttpRequest, application: Application) -> dict[str, Any]:
    filed = application.submission
    sheets = list(application.sheets.select_related("assessor").order_by("pk"))
    answers = content.bonus_answers(filed)
    return {
        "title": f"신청 {application.number}",
        "filed": filed,
        "state_badge": state_badge(application),
        "region": REGIONS.get(application.region, application.region),
        "size": SIZES.get(application.size, application.size),
        "parts": content.parts(filed),
        "consents": content.consents(filed),
        "attachments": content.attachments(filed, person(request)),
        "partners": content.partners(application),
        "issued": list(application.documents.order_by("pk")),
        **aid_context(request, application),
        **decision_context(application),
        "checks": list(application.checks.select_related("decided_by").order_by("pk")),
        "supplements": list(application.supplements.select_related("requested_by").order_by("-pk")),
        "bonuses": [
            (claim, *answers.get(claim.code, (claim.claim, "")))
            for claim in application.bonuses.select_related("decided_by").order_by("pk")
        ],
        "todo": _todo(checks.open_findings(application))
        if application.state == S.SCREENING
        else [],
        **_score_context(application, sheets),
        "moves": history(application),
        "may_act": bool(roles_of(person(request)) & ACTING_ROLES),
    }


def _todo(findings: list[Finding]) -> list[str]:
    pending = sum(finding.code == "check_pending" for finding in findings)
    rest = [finding.message for finding in findings if finding.code != "check_pending"]
    return [f"확인하지 않은 요건이 {pending}건 있습니다.", *rest] if pending else rest


def _score_context(application: Application, sheets: list[ScoreSheet]) -> dict[str, Any]:
    version = rubrics.current(application.sub_program_id)
    rubric = rubrics.read(version) if version else rubrics.rubric_of(application.sub_program)
    rows = [
        {
            "sheet": sheet,
            "marks": [_mark_text(sheet, row.code) for row in rubric.criteria],
            "total": scoring_rules.total(rubric, sheet.marks),
        }
        for sheet in sheets
    ]
    counted = [sheet.marks for sheet in sheets if sheet.locked_at and not sheet.ended]
    valid = [marks for marks in counted if scoring_rules.fits(rubric, marks)]
    return {
        "criteria": rubric.criteria,
        "sheets": rows,
        "locked": len(counted),
        "ended": sum(sheet.ended for sheet in sheets),
        "opinions": scoring_rules.opinions(rubric, valid),
        "trimmed_counts": len(valid) >= rubric.trim_from,
    }


def decision_context(application: Application) -> dict[str, Any]:
    return {
        "decisions": decisions.history(application),
        "changes": application.changes.order_by("pk"),
        "objection": getattr(application, "objection", None),
        "agreement": getattr(application, "agreement", None),
    }


def aid_context(request: HttpRequest, application: Application) -> dict[str, Any]:
    position = aid_position(request, application)
    codes = {row.code: row.label for row, _ in position.used}
    return {
        "aid": position.held,
        "aid_open": set(_readable_ids(request, position)),
        "aid_won": position.won,
        "aid_used": [(row.label, used, amount(row, row.most)) for row, used in position.used],
        "aid_over": position.over,
        "aid_exceptions": [
            (codes.get(row.limit, row.limit), row)
            for row in application.aid_exceptions.select_related("by").order_by("pk")
        ],
    }


def _readable_ids(request: HttpRequest, position: aid.AidStatus) -> Iterable[int]:
    visible = staff_applications(person(request))
    return visible.filter(pk__in=[row.application.pk for row in position.held]).values_list(
        "pk", flat=True
    )


def _mark_text(sheet: ScoreSheet, code: str) -> object:
    if code in sheet.marks and sheet.marks[code] is None:
        return "해당 없음"
    return sheet.marks.get(code)


def _export_rows(rows: QuerySet[Application]) -> Iterator[tuple[object, ...]]:
    selected = rows.select_related("company", "sub_program", "track", "submission").only(
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
        )
