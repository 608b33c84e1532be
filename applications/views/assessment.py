"""The pages of assessors.

A conflict statement opens an application; its sheet is then filled in until it is locked.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Min, Q
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from applications.forms.assessment import (
    AbstainForm,
    BatchForm,
    ConflictForm,
    SheetForm,
    TieForm,
)
from applications.forms.inquiries import InquiryForm
from applications.models import ScoreSheet
from applications.queries import inquiries
from applications.queries.assessment import batches, reading
from applications.queries.assessment.sheets import unfinished_sheets
from applications.roles import ASSESSOR
from applications.services.assessment import batches as batch_services
from applications.services.assessment import conflicts, rubrics, sheets
from applications.states import ApplicationState
from applications.views.application import content
from applications.visibility import (
    listed_sheets,
    opened_sheets,
    others_sheets,
    own_sheets,
    undeclared_sheets,
)
from portal.access.decorators import with_second_factor
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import BadInput, PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse, show_error
from portal.models import User
from portal.paper import workbooks
from portal.web.drafts import saved_answer

PAGE = 25
DEADLINES = 20  # on the page at most
OPEN_SHEETS = 100  # on the page at most
RELATED = ("application__company", "application__sub_program__round", "rubric")


@with_second_factor(ASSESSOR)
@require_safe
def assessor_desk(request: SignedInRequest) -> HttpResponse:
    """List open sheets by due date, and finished ones, the latest first."""
    at = now()
    mine = listed_sheets(request.user)
    unfinished = list(unfinished_sheets(mine).select_related(*RELATED)[:OPEN_SHEETS])
    done = mine.exclude(pk__in=unfinished_sheets(mine).order_by().values("pk")).order_by("-pk")
    before = row_number(request.GET.get("before"))
    if before is not None:
        done = done.filter(pk__lt=before)
    page = list(done.select_related(*RELATED)[: PAGE + 1])
    context = {
        "now": at,
        "statements": _statements(request.user),
        "deadlines": _deadlines(request.user),
        "waiting": [sheet_summary(row) for row in unfinished],
        "done": [sheet_summary(row) for row in page[:PAGE]],
        "following": f"?before={page[PAGE - 1].pk}" if len(page) > PAGE else "",
        "figures": own_sheets(request.user).aggregate(
            assigned=Count("pk", filter=Q(abstained_at=None, withdrawn_at=None)),
            handed_in=Count("pk", filter=Q(locked_at__isnull=False, withdrawn_at=None)),
            late=Count(
                "pk",
                filter=Q(due_at__lt=at, locked_at=None, abstained_at=None, withdrawn_at=None),
            ),
        ),
    }
    return render(request, "applications/assessment/list.html", context)


@with_second_factor(ASSESSOR)
@require_safe
def assessor_export(request: SignedInRequest) -> HttpResponseBase:
    rows = listed_sheets(request.user).select_related(*RELATED).order_by("pk")
    header = ["신청", "신청기업", "내역사업", "제출 기한", "상태", "제출 시각"]
    lines = (
        (
            reading.label_of(sheet),
            reading.applicant_of(sheet),
            sheet.application.sub_program.name,
            sheet.due_at,
            sheet_summary(sheet)["status"],
            sheet.locked_at,
        )
        for sheet in rows.iterator(chunk_size=2_000)
    )
    return workbooks.table(request, ScoreSheet, "평가_목록", header, lines, at=now())


@with_second_factor(ASSESSOR)
@require_safe
def assessor_next(request: SignedInRequest) -> HttpResponse:
    statement = next(iter(_statements(request.user)), None)
    if statement is not None:
        return redirect("assessor_batch", pk=statement["program"])
    following = unfinished_sheets(listed_sheets(request.user)).first()
    if following is None:
        messages.info(request, "남은 평가표가 없습니다.")
        return redirect("assessor_desk")
    return redirect("assessor_sheet", pk=following.pk)


@with_second_factor(ASSESSOR)
@require_http_methods(["GET", "POST"])
def assessor_conflict(request: SignedInRequest, pk: int) -> HttpResponse:
    sheet = _own_sheet(request, pk)
    if sheet.declared_at is not None or _closed(sheet):
        return redirect("assessor_sheet", pk=pk)
    if sheet.application.sub_program.blind:
        return redirect("assessor_batch", pk=sheet.application.sub_program_id)
    form, status = ConflictForm(_posted(request)), 200
    if form.is_valid():
        tied = form.cleaned_data["tied"] == "yes"
        try:
            sheets.declare(
                sheet,
                tied=tied,
                words=form.cleaned_data["words"],
                by=request.user,
                now=now(),
            )
        except PortalError as error:
            refuse(form, error)
            status = error.status
        else:
            if tied:
                messages.success(request, "이해관계를 신고하고 평가를 회피했습니다.")
                return redirect("assessor_desk")
            return redirect("assessor_sheet", pk=pk)
    elif form.is_bound:
        status = 400
    context = {
        "sheet": sheet,
        "label": reading.label_of(sheet),
        "applicant": reading.applicant_of(sheet),
        "partners": reading.partners_of(sheet.application),
        "form": form,
    }
    return render(request, "applications/assessment/conflict.html", context, status=status)


@with_second_factor(ASSESSOR)
@require_http_methods(["GET", "POST"])
def assessor_batch(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take the conflict statement of a blind stage over all firms of the assessor's sheets."""
    rows = undeclared_sheets(request.user).filter(application__sub_program=pk)
    first = rows.select_related("application__sub_program__round").first()
    batch = batches.batch_of(request.user, first.application.sub_program) if first else None
    if batch is None:  # made already, perhaps by a second click; others have nothing here
        if not own_sheets(request.user).filter(application__sub_program=pk).exists():
            raise Http404
        return redirect("assessor_desk")
    form, status = BatchForm(batch, _posted(request)), 200
    if form.is_valid():
        data = form.cleaned_data
        try:
            batch_services.declare(
                batch.program,
                tied=data["firms"],
                words=data["words"],
                version=data["version"],
                by=request.user,
                now=now(),
            )
        except PortalError as error:
            refuse(form, error)
            form.data = request.POST.copy()
            form.data["version"] = batch.version  # what was ticked holds for the list now shown
            status = error.status
        else:
            messages.success(
                request,
                "이해관계를 신고했습니다. 그 기업의 신청은 평가하지 않습니다."
                if data["firms"]
                else "이해관계가 없음을 확인했습니다.",
            )
            return redirect("assessor_desk")
    elif form.is_bound:
        status = 400
    context = {"batch": batch, "form": form, "due_at": min(_dues(batch.sheets), default=None)}
    return render(request, "applications/assessment/batch.html", context, status=status)


@with_second_factor(ASSESSOR)
@require_http_methods(["GET", "POST"])
def assessor_sheet(request: SignedInRequest, pk: int) -> HttpResponse:
    sheet = _own_sheet(request, pk)
    if sheet.ended:
        return render(request, "applications/assessment/ended.html", _header(sheet))
    if sheet.declared_at is None:
        return redirect("assessor_conflict", pk=pk)
    form, status = SheetForm(sheet, _posted(request)), 200
    if form.is_valid():
        try:
            return _save_or_lock(request, sheet, form)
        except PortalError as error:
            refuse(form, error, fields=_fields(form))
            status = error.status
    elif form.is_bound:
        status = 400
    readable = reading.readable(sheet)
    context = {
        **_header(sheet),
        "form": form,
        "open": not _closed(sheet),
        "read": readable,
        "groups": content.filed(readable.filed),
        "marks": _marks(sheet),
        "others": _others(sheet),
        "progress": sheet_summary(sheet),
        "inquiries": inquiries.thread_of_panel(sheet),
        "inquiry_form": InquiryForm(),
    }
    return render(request, "applications/assessment/sheet.html", context, status=status)


@with_second_factor(ASSESSOR)
@require_POST
def assessor_autosave(request: SignedInRequest, pk: int) -> HttpResponse:
    """Save what is valid; never locks the sheet."""
    sheet = get_object_or_404(opened_sheets(request.user).select_related(*RELATED), pk=pk)
    form = SheetForm(sheet, request.POST)
    at = now()
    if not form.is_valid() and "version" in form.errors:
        raise BadInput("화면을 새로 열고 다시 입력해 주세요.", code="form_damaged")
    saved = sheets.save(sheet, by=request.user, now=at, **form.sent())
    return saved_answer(form, version=saved.version, at=at, status=BadInput.status)


@with_second_factor(ASSESSOR)
@require_http_methods(["GET", "POST"])
def assessor_abstain(request: SignedInRequest, pk: int) -> HttpResponse:
    sheet = _own_sheet(request, pk)
    if _closed(sheet):
        return redirect("assessor_sheet", pk=pk)
    form, status = AbstainForm(_posted(request)), 200
    if form.is_valid():
        try:
            sheets.abstain(sheet, reason=form.cleaned_data["reason"], by=request.user, now=now())
        except PortalError as error:
            refuse(form, error, fields={"words": "reason"})
            status = error.status
        else:
            messages.success(request, "평가를 회피했습니다. 담당자에게 알렸습니다.")
            return redirect("assessor_desk")
    elif form.is_bound:
        status = 400
    return render(
        request,
        "applications/assessment/abstain.html",
        {**_header(sheet), "form": form},
        status=status,
    )


@with_second_factor(ASSESSOR)
@require_http_methods(["GET", "POST"])
def assessor_ties(request: SignedInRequest) -> HttpResponse:
    form, status = TieForm(_posted(request)), 200
    if form.is_valid():
        try:
            conflicts.declare_tie(request.user, **form.cleaned_data, by=request.user, now=now())
        except PortalError as error:
            refuse(form, error, fields={"tie": "firm_name"})
            status = error.status
        else:
            messages.success(
                request, "신고했습니다. 이 기업이 참여한 신청의 평가표가 있으면 합산에서 뺍니다."
            )
            return redirect("assessor_ties")
    elif form.is_bound:
        status = 400
    context = {"form": form, "ties": request.user.declared_ties.order_by("-pk")}
    return render(request, "applications/assessment/ties.html", context, status=status)


def sheet_summary(sheet: ScoreSheet) -> dict[str, Any]:
    """Return the status of a sheet in Korean, and how much of it is filled in."""
    total = len(rubrics.of_sheet(sheet).criteria)
    filled = sum(1 for code in sheet.marks if sheet.reasons.get(code))
    if sheet.withdrawn_at:
        status, tone = "제외", "neutral"
    elif sheet.abstained_at:
        status, tone = "회피", "neutral"
    elif sheet.locked_at:
        status, tone = "제출", "success"
    elif sheet.application.state != ApplicationState.ASSESSING:
        status, tone = "평가 종료", "neutral"
    elif sheet.declared_at is None:
        status, tone = "이해관계 확인 전", "warning"
    else:
        status, tone = ("작성 중" if sheet.marks else "작성 전"), "info"
    return {
        "sheet": sheet,
        "label": reading.label_of(sheet),
        "applicant": reading.applicant_of(sheet),
        "status": status,
        "tone": tone,
        "filled": filled,
        "total": total,
    }


def _posted(request: SignedInRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _own_sheet(request: SignedInRequest, pk: int) -> ScoreSheet:
    shown = listed_sheets(request.user) | undeclared_sheets(request.user)
    rows = shown.select_related(
        "assessor", "application__site", "application__submission__form", *RELATED
    )
    return get_object_or_404(rows, pk=pk)


def _statements(assessor: User) -> list[dict[str, Any]]:
    """Return the blind stages whose conflict statement is due, the first due first."""
    rows = undeclared_sheets(assessor).order_by().values("application__sub_program")
    named = rows.annotate(
        program=F("application__sub_program"),
        name=F("application__sub_program__name"),
        number=Count("pk"),
        due_at=Min("due_at"),
    )
    chosen = named.values("program", "name", "number", "due_at").order_by("due_at", "program")
    return [dict(row) for row in chosen]


def _deadlines(assessor: User) -> list[dict[str, Any]]:
    """Return until when the sheets of each round's sub-programme are due, and how many are left."""
    rows = unfinished_sheets(own_sheets(assessor)).exclude(due_at=None).order_by()
    named = rows.values(
        "due_at",
        round=F("application__sub_program__round__name"),
        program=F("application__sub_program__name"),
    )
    dated = named.annotate(number=Count("pk")).order_by("due_at", "program")
    return [dict(row) for row in dated[:DEADLINES]]


def _dues(rows: Iterable[ScoreSheet]) -> list[datetime]:
    return [row.due_at for row in rows if row.due_at is not None]


def _closed(sheet: ScoreSheet) -> bool:
    return (
        sheet.ended
        or sheet.locked_at is not None
        or sheet.application.state != ApplicationState.ASSESSING
    )


def _header(sheet: ScoreSheet) -> dict[str, Any]:
    return {
        "sheet": sheet,
        "label": reading.label_of(sheet),
        "applicant": reading.applicant_of(sheet),
    }


def _save_or_lock(request: SignedInRequest, sheet: ScoreSheet, form: SheetForm) -> HttpResponse:
    """Save, and lock if requested; what is saved stays when it cannot be locked yet."""
    at = now()
    sheets.save(sheet, by=request.user, now=at, **form.sent())
    if request.POST.get("act") != "lock":
        messages.success(request, "저장했습니다. 아직 제출하지 않았습니다.")
        return redirect("assessor_sheet", pk=sheet.pk)
    try:
        sheets.lock(sheet, by=request.user, now=at)
    except PortalError as error:
        show_error(request, error)
        return redirect("assessor_sheet", pk=sheet.pk)
    messages.success(
        request, f"{reading.label_of(sheet)} 평가표를 제출했습니다. 이제 고칠 수 없습니다."
    )
    return redirect("assessor_desk")


def _fields(form: SheetForm) -> dict[str, str]:
    return {f"mark_missing:{row.code}": f"mark_{row.code}" for row in form.criteria}


def _marks(sheet: ScoreSheet) -> list[dict[str, Any]]:
    return [
        {
            "row": row,
            "mark": sheet.marks.get(row.code),
            "skipped": row.code in sheet.marks and sheet.marks[row.code] is None,
            "reason": sheet.reasons.get(row.code, ""),
        }
        for row in rubrics.of_sheet(sheet).criteria
    ]


def _others(sheet: ScoreSheet) -> list[dict[str, Any]]:
    criteria = rubrics.of_sheet(sheet).criteria
    # By hash: an order that does not reveal whose sheet it is.
    rows = others_sheets(sheet).order_by("sha256").values_list("marks", flat=True)
    return [
        {
            "label": f"다른 평가위원 {place}",
            "marks": [{"label": row.label, "points": marks.get(row.code)} for row in criteria],
        }
        for place, marks in enumerate(rows, start=1)
    ]
