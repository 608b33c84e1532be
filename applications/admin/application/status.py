"""The screening desk: every filed application of the own sub-programmes, and each one's page."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
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
    PanelWish,
    ScoreSheet,
)
from applications.queries.selection import aid, decisions
from applications.roles import ASSESSOR
from applications.rules.assessment import scoring as rules
from applications.services import documents
from applications.services.assessment import committee, conflicts, rubrics
from applications.services.assessment import sheets as sheets_services
from applications.services.screening import checks, supplements
from applications.services.selection import aid as aids
from applications.states import ApplicationMoves, ApplicationState
from applications.visibility import staff_applications
from portal.access.roles import AUDITOR, roles_of
from portal.core.clock import now
from portal.core.errors import Finding, PortalError
from portal.core.validators import row_number
from portal.models import User
from portal.paper import tables
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.templatetags.components import badge
from portal.templatetags.dates import kst, until
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
AT_ONCE = 200
RECEIPT_NUMBER = re.compile(r"[0-9]{4}-.+-[0-9]{6,}")
WRITERS = {OFFICER, MANAGER}


def state_badge(application: Application) -> SafeString:
    """The state in words and colour."""
    return badge(application.get_state_display(), tone=TONES.get(application.state, "neutral"))


NoteForm = note_form(max_length=2_000, rows=4)


ToldNoteForm = note_form(
    max_length=2_000, rows=4, help_text="신청기업에 이메일로 알리고 신청 화면에도 보여 줍니다."
)


def supplement_form(request: HttpRequest, application: Application) -> type[forms.Form]:
    """Ask what is wanted, which papers again, and by when."""
    papers = application.submission.form.content.get("documents", [])
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
            choices=[(row["code"], row["label"]) for row in papers],
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
    if not papers:
        del fields["requirements"]
    return type("SupplementForm", (forms.Form,), fields)


def assessor_form(request: HttpRequest, application: Application) -> type[forms.Form]:
    """Offer the assessors who are not assigned yet; those with a tie say so."""
    rows = sheets_services.candidates(application)
    tied = conflicts.ties_of(application, list(rows))

    class Choice(forms.ModelMultipleChoiceField):
        def label_from_instance(self, assessor: User) -> str:
            found = tied.get(assessor.pk)
            return f"{assessor} - 배정할 수 없음: {found[0].message}" if found else str(assessor)

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


def take_up(request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime) -> str:
    """Begin screening."""
    checks.take_up(thing, by=request.user, now=at)
    return "요건검토를 시작했습니다. 자동 판정 결과를 확인해 주세요."


def confirm_met(
    request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime
) -> str:
    """Agree with all that was found met."""
    count = checks.confirm_met(thing, by=request.user, now=at)
    return f"충족으로 판정된 요건 {count}건을 확인했습니다."


def ask(request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime) -> str:
    """Ask for more."""
    asked = supplements.ask(thing, by=request.user, now=at, **data)
    return f"보완을 요청하고 알렸습니다. 기한은 {until(asked.due_at)}입니다."


def qualify(request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime) -> str:
    """Send on to assessment."""
    checks.qualify(thing, by=request.user, now=at)
    return "평가로 넘겼습니다."


def exclude(request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime) -> str:
    """Turn away."""
    checks.exclude(thing, by=request.user, now=at, **data)
    return "요건 미충족으로 처리하고 신청기업에 알렸습니다."


def reinstate(request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime) -> str:
    """Take back into screening."""
    checks.reinstate(thing, by=request.user, now=at, **data)
    return "요건검토로 되돌리고 신청기업에 알렸습니다."


def assign(request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime) -> str:
    """Give to assessors."""
    assessors = list(data["assessors"])
    sheets_services.assign_all(thing, assessors=assessors, by=request.user, now=at)
    return f"평가위원 {len(assessors)}명을 배정하고 알렸습니다."


def print_sheets(
    request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime
) -> str:
    """Ask for the sheets on paper."""
    documents.request_sheets(thing, now=at)
    return "평가표 PDF를 만들고 있습니다. 아래 ‘발급 문서’에서 받을 수 있습니다."


def free_places(application: Application) -> int:
    """Places without a sheet that stands."""
    taken: int = application.sheets.active().count()
    return application.sub_program.assessors - taken


def refill(request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime) -> str:
    """Solve the free places of this one."""
    made = committee.propose(
        thing.sub_program, seed=thing.pk, application=thing, by=request.user, now=at
    )
    return f"배정안 #{made.pk}을(를) 만들고 있습니다. ‘평가위원 배정안’에서 확인하고 확정하세요."


def wish_form(request: HttpRequest, application: Application) -> type[forms.Form]:
    """Which assessor, pinned or forbidden, and why."""
    people = User.objects.filter(is_active=True, groups__name=ASSESSOR).order_by("name", "pk")
    fields: dict[str, forms.Field] = {
        "assessor": forms.ModelChoiceField(label="평가위원", queryset=people),
        "kind": forms.ChoiceField(label="조건", choices=PanelWish.Kind.choices),
        "reason": forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3})),
    }
    return type("WishForm", (forms.Form,), fields)


def wish(request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime) -> str:
    """Pin or forbid a pair."""
    made = committee.wish(thing, by=request.user, now=at, **data)
    return f"배정 조건을 정했습니다: {made.assessor} {made.get_kind_display()}"


def standing(request: HttpRequest, application: Application) -> aid.Standing:
    """The firm's aid, read once for the button, its form and the page."""
    read = request.__dict__.setdefault("aid_of", {})
    if application.pk not in read:
        read[application.pk] = aid.standing(application)
    return read[application.pk]


def liftable(request: HttpRequest, application: Application) -> list[Limit]:
    """Limits that would stop the application and that a manager may lift."""
    if application.state not in aids.OPEN:
        return []
    found = standing(request, application)
    stopping = {row.code for row in found.over}
    return [row for row, _ in found.used if row.exception and row.finding in stopping]


def exception_form(request: HttpRequest, application: Application) -> type[forms.Form]:
    """Which limit, and why it does not stop this one."""
    fields: dict[str, forms.Field] = {
        "limit": forms.ChoiceField(
            label="한도", choices=[(row.code, row.label) for row in liftable(request, application)]
        ),
        "reason": forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3})),
    }
    return type("ExceptionForm", (forms.Form,), fields)


def allow_aid(request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime) -> str:
    """Lift a limit."""
    aids.allow(thing, by=request.user, now=at, **data)
    return (
        "지원 한도의 예외를 인정했습니다. 이미 만든 선정안에는 반영되지 않으니 다시 만들어 주세요."
    )


@admin.register(Application)
class ApplicationAdmin(WorkflowAdmin):
    """The desk."""

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
        Act("take-up", "요건검토 시작", take_up, move=ApplicationMoves.TAKE_UP),
        Act(
            "confirm-met",
            "충족 판정 모두 확인",
            confirm_met,
            move=ApplicationMoves.CHECK,
            show=lambda request, thing: thing.checks.filter(met=True, decision="pending").exists(),
            intro="자동 판정이 ‘충족’인 요건을 한 번에 확인합니다. 미충족이거나 판정하지 못한 요건은 하나씩 정해 주세요.",
        ),
        Act("ask", "보완 요청", ask, move=ApplicationMoves.ASK, form=supplement_form),
        Act(
            "qualify",
            "요건 충족(평가로)",
            qualify,
            move=ApplicationMoves.QUALIFY,
            intro="모든 요건과 가점을 확인했는지 살핀 뒤 평가 단계로 넘깁니다.",
        ),
        Act(
            "exclude",
            "요건 미충족 처리",
            exclude,
            move=ApplicationMoves.EXCLUDE,
            form=ToldNoteForm,
            danger=True,
        ),
        Act(
            "reinstate",
            "요건검토로 되돌리기",
            reinstate,
            move=ApplicationMoves.REINSTATE,
            form=ToldNoteForm,
        ),
        Act(
            "print-sheets",
            "평가표 PDF",
            print_sheets,
            roles=[OFFICER, MANAGER, AUDITOR],
            show=lambda request, thing: thing.sheets.filter(locked_at__isnull=False).exists(),
            intro="제출된 평가표를 한 문서로 만듭니다. 평가위원의 이름은 들어가지 않습니다.",
        ),
        Act("assign", "평가위원 배정", assign, move=ApplicationMoves.ASSIGN, form=assessor_form),
        Act(
            "refill",
            "빈 자리 배정",
            refill,
            move=ApplicationMoves.ASSIGN,
            show=lambda request, thing: free_places(thing) > 0,
            intro="다른 배정은 그대로 두고 이 신청의 빈 자리만 다시 배정합니다.",
        ),
        Act("wish", "배정 조건", wish, move=ApplicationMoves.ASSIGN, form=wish_form),
        Act(
            "allow-aid",
            "지원 한도 예외",
            allow_aid,
            roles=[MANAGER],
            show=lambda request, thing: bool(liftable(request, thing)),
            form=exception_form,
            intro="이 기업이 한도를 넘어도 이 신청을 선정할 수 있게 합니다. 되돌릴 수 없으며 누가 왜 인정했는지 남습니다.",
            danger=True,
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        """Add the table to take away."""
        page = self.admin_site.admin_view(self.export_view)
        return [path("export/", page, name="applications_application_export"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        """Filed applications of the own sub-programmes."""
        return staff_applications(request.user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Application], search_term: str
    ) -> tuple[QuerySet[Application], bool]:
        """Whole numbers or the beginning of a name; each is one look into an index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if RECEIPT_NUMBER.fullmatch(term):
            return queryset.filter(number=term), False
        return queryset.filter(company__in=company_ids(term)), False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Application | None:
        """Fetch it with all that its page shows of it."""
        rows = self.get_queryset(request).select_related(
            "sub_program__round", "track", "company", "site", "submission__form"
        )
        return rows.filter(pk=row_number(object_id)).first()

    def page(self, request: HttpRequest, thing: Application) -> dict[str, Any]:
        """Everything about one application, read in a fixed number of queries."""
        return described(request, thing)

    def has_take_permission(self, request: HttpRequest) -> bool:
        """Who may begin a screening."""
        return bool(roles_of(request.user) & WRITERS)

    @admin.action(description="요건검토 시작", permissions=["take"])
    def take_up_many(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        """Begin many screenings; each succeeds or is refused by itself."""
        rows = list(queryset.select_related("submission__form")[: AT_ONCE + 1])
        if len(rows) > AT_ONCE:
            messages.error(request, f"한 번에 {AT_ONCE}건까지 처리할 수 있습니다.")
            return
        at, begun = now(), 0
        for row in rows:
            try:
                checks.take_up(row, by=request.user, now=at)
            except PortalError as error:
                messages.error(request, f"{row.number}: {error.message}", extra_tags=error.code)
            else:
                begun += 1
        messages.info(request, f"선택한 {len(rows)}건 가운데 {begun}건의 요건검토를 시작했습니다.")

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """The filtered desk as a table."""
        if not self.has_view_permission(request):
            raise Http404
        rows = self.get_changelist_instance(request).get_queryset(request)
        header = ["접수번호", "내역사업", "지원유형", "상태", "기업명", "사업자등록번호"]
        header += ["지역", "기업 규모", "접수 시각", "정부지원금(원)"]
        return tables.table(request, Application, "신청목록", header, _lines(rows), at=now())

    @admin.display(description="접수번호")
    def receipt(self, application: Application) -> str:
        """The number."""
        return application.number or ""

    @admin.display(description="내역사업")
    def program_label(self, application: Application) -> str:
        """The sub-programme's short name."""
        return application.sub_program.short

    @admin.display(description="지원유형")
    def track_label(self, application: Application) -> str:
        """The track."""
        return application.track.name if application.track else ""

    @admin.display(description="상태")
    def state_label(self, application: Application) -> SafeString:
        """The state."""
        return state_badge(application)

    @admin.display(description="지역")
    def region_label(self, application: Application) -> str:
        """Where the site is."""
        return REGIONS.get(application.region, application.region)

    @admin.display(description="기업 규모")
    def size_label(self, application: Application) -> str:
        """How large the firm is."""
        return SIZES.get(application.size, application.size)

    @admin.display(description="접수 시각")
    def received(self, application: Application) -> str:
        """To the second."""
        return kst(application.submitted_at)


def described(request: HttpRequest, thing: Application) -> dict[str, Any]:
    """What the page of one application shows."""
    filed = thing.submission
    sheets = list(thing.sheets.select_related("assessor").order_by("pk"))
    claimed = content.claimed(filed)
    return {
        "title": f"신청 {thing.number}",
        "filed": filed,
        "state_badge": state_badge(thing),
        "region": REGIONS.get(thing.region, thing.region),
        "size": SIZES.get(thing.size, thing.size),
        "parts": content.parts(filed),
        "consents": content.consents(filed),
        "papers": content.papers(filed, request.user),
        "partners": content.partners(thing),
        "issued": list(thing.documents.order_by("pk")),
        **aided(request, thing),
        **decided(thing),
        "checks": list(thing.checks.select_related("decided_by").order_by("pk")),
        "supplements": list(thing.supplements.select_related("asked_by").order_by("-pk")),
        "bonuses": [
            (claim, *claimed.get(claim.code, (claim.claim, "")))
            for claim in thing.bonuses.select_related("decided_by").order_by("pk")
        ],
        "unready": _in_short(checks.unready(thing)) if thing.state == S.SCREENING else [],
        **_scores(thing, sheets),
        "moves": history(thing),
        "may_act": bool(roles_of(request.user) & WRITERS),
    }


def _in_short(findings: list[Finding]) -> list[str]:
    """Open checks as one line with their number; the table below names them."""
    pending = sum(finding.code == "check_pending" for finding in findings)
    rest = [finding.message for finding in findings if finding.code != "check_pending"]
    return [f"확인하지 않은 요건이 {pending}건 있습니다.", *rest] if pending else rest


def _scores(thing: Application, sheets: list[ScoreSheet]) -> dict[str, Any]:
    version = rubrics.current(thing.sub_program_id)
    rubric = rubrics.read(version) if version else rubrics.rubric_of(thing.sub_program)
    rows = [
        {
            "sheet": sheet,
            "marks": [_mark(sheet, row.code) for row in rubric.criteria],
            "total": rules.total(rubric, sheet.marks),
        }
        for sheet in sheets
    ]
    counted = [sheet.marks for sheet in sheets if sheet.locked_at and not sheet.ended]
    fitting = [marks for marks in counted if rules.fits(rubric, marks)]
    return {
        "criteria": rubric.criteria,
        "sheets": rows,
        "locked": len(counted),
        "ended": sum(sheet.ended for sheet in sheets),
        "opinions": rules.opinions(rubric, fitting),
        "trimmed_counts": len(fitting) >= rubric.trim_from,
    }


def decided(thing: Application) -> dict[str, Any]:
    """Every decision that was in force, and where the award goes on."""
    return {
        "decisions": decisions.told(thing),
        "changes": thing.changes.order_by("pk"),
        "objection": getattr(thing, "objection", None),
        "agreement": getattr(thing, "agreement", None),
    }


def aided(request: HttpRequest, thing: Application) -> dict[str, Any]:
    """What the firm holds of all sub-programmes, how far the limits are used up and passed."""
    found = standing(request, thing)
    codes = {row.code: row.label for row, _ in found.used}
    return {
        "aid": found.held,
        "aid_open": set(_seen(request, found)),
        "aid_won": found.won,
        "aid_used": [(row.label, used, amount(row, row.most)) for row, used in found.used],
        "aid_over": found.over,
        "aid_exceptions": [
            (codes.get(row.limit, row.limit), row)
            for row in thing.aid_exceptions.select_related("by").order_by("pk")
        ],
    }


def _seen(request: HttpRequest, found: aid.Standing) -> Iterable[int]:
    """Which of the firm's applications this person may open."""
    mine = staff_applications(request.user)
    return mine.filter(pk__in=[row.application.pk for row in found.held]).values_list(
        "pk", flat=True
    )


def _mark(sheet: ScoreSheet, code: str) -> object:
    if code in sheet.marks and sheet.marks[code] is None:
        return "해당 없음"
    return sheet.marks.get(code)


def _lines(rows: QuerySet[Application]) -> Iterator[tuple[object, ...]]:
    wanted = rows.select_related("company", "sub_program", "track", "submission").only(
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
    for row in wanted.iterator(chunk_size=2_000):
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
