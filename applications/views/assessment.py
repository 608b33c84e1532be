"""The assessor's desk: what is assigned, a word on conflicts first, then the sheet until its lock."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from applications.forms.assessment import AbstainForm, ConflictForm, SheetForm, TieForm
from applications.models import ScoreSheet
from applications.queries import assessment
from applications.roles import ASSESSOR
from applications.services.assessment import conflicts, rubrics, sheets
from applications.states import ApplicationState
from applications.views.application import content
from applications.visibility import opened_sheets, others_sheets, own_sheets
from portal.access.decorators import with_second_factor
from portal.access.requests import person
from portal.core.clock import KST, now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse, show_error
from portal.paper import tables

PAGE = 25
WAITING = 100
REACHED = ("application__company", "application__sub_program__round", "rubric")


@with_second_factor(ASSESSOR)
@require_safe
def assessor_desk(request: HttpRequest) -> HttpResponse:
    """List what waits, the soonest due first, and what is done, the latest first."""
    at = now()
    mine = own_sheets(person(request))
    waiting = list(_waiting(mine).select_related(*REACHED)[:WAITING])
    done = mine.exclude(pk__in=_waiting(mine).order_by().values("pk")).order_by("-pk")
    before = row_number(request.GET.get("before"))
    if before is not None:
        done = done.filter(pk__lt=before)
    page = list(done.select_related(*REACHED)[: PAGE + 1])
    context = {
        "now": at,
        "waiting": [described(row) for row in waiting],
        "done": [described(row) for row in page[:PAGE]],
        "following": f"?before={page[PAGE - 1].pk}" if len(page) > PAGE else "",
        "figures": mine.aggregate(
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
def assessor_export(request: HttpRequest) -> HttpResponse:
    """The own sheets as a table, with what the page shows and nothing more."""
    rows = own_sheets(person(request)).select_related(*REACHED).order_by("pk")
    header = ["신청", "신청기업", "내역사업", "제출 기한", "상태", "제출 시각"]
    lines = (
        (
            assessment.label_of(sheet),
            assessment.applicant_of(sheet),
            sheet.application.sub_program.name,
            sheet.due_at,
            described(sheet)["status"],
            sheet.locked_at,
        )
        for sheet in rows.iterator(chunk_size=2_000)
    )
    return tables.table(request, ScoreSheet, "평가_목록", header, lines, at=now())


@with_second_factor(ASSESSOR)
@require_safe
def assessor_next(request: HttpRequest) -> HttpResponse:
    """Go to the sheet that is due soonest, or back to the desk."""
    following = _waiting(own_sheets(person(request))).first()
    if following is None:
        messages.info(request, "남은 평가표가 없습니다.")
        return redirect("assessor_desk")
    return redirect("assessor_sheet", pk=following.pk)


@with_second_factor(ASSESSOR)
@require_http_methods(["GET", "POST"])
def assessor_conflict(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask about conflicts of interest before the file opens; the answer stays on record."""
    sheet = _own(request, pk)
    if sheet.declared_at is not None or _over(sheet):
        return redirect("assessor_sheet", pk=pk)
    form, status = ConflictForm(_sent(request)), 200
    if form.is_valid():
        tied = form.cleaned_data["tied"] == "yes"
        try:
            sheets.declare(
                sheet,
                tied=tied,
                words=form.cleaned_data["words"],
                by=person(request),
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
        "label": assessment.label_of(sheet),
        "applicant": assessment.applicant_of(sheet),
        "form": form,
    }
    return render(request, "applications/assessment/conflict.html", context, status=status)


@with_second_factor(ASSESSOR)
@require_http_methods(["GET", "POST"])
def assessor_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Fill the sheet beside what was filed; save as often as wanted, hand in once."""
    sheet = _own(request, pk)
    if sheet.ended:
        return render(request, "applications/assessment/ended.html", _shell(sheet))
    if sheet.declared_at is None:
        return redirect("assessor_conflict", pk=pk)
    form, status = SheetForm(sheet, _sent(request)), 200
    if form.is_valid():
        try:
            return _take(request, sheet, form)
        except PortalError as error:
            refuse(form, error, fields=_fields(form))
            status = error.status
    elif form.is_bound:
        status = 400
    read = assessment.readable(sheet)
    context = {
        **_shell(sheet),
        "form": form,
        "open": not _over(sheet),
        "read": read,
        "groups": content.filed(read.filed),
        "marks": _marks(sheet),
        "others": _others(sheet),
        "progress": described(sheet),
    }
    return render(request, "applications/assessment/sheet.html", context, status=status)


@with_second_factor(ASSESSOR)
@require_POST
def assessor_autosave(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is typed, as long as it is a sheet; nothing is handed in here."""
    sheet = get_object_or_404(opened_sheets(person(request)).select_related(*REACHED), pk=pk)
    form = SheetForm(sheet, request.POST)
    at = now()
    if not form.is_valid():
        message = next(iter(form.errors.values()))[0]
        return JsonResponse({"code": "bad_input", "message": message}, status=400)
    saved = sheets.save(sheet, by=person(request), now=at, **form.sent())
    return JsonResponse({"version": saved.version, "saved_at": at.astimezone(KST).isoformat()})


@with_second_factor(ASSESSOR)
@require_http_methods(["GET", "POST"])
def assessor_abstain(request: HttpRequest, pk: int) -> HttpResponse:
    """Step back from a sheet, with the reason."""
    sheet = _own(request, pk)
    if _over(sheet):
        return redirect("assessor_sheet", pk=pk)
    form, status = AbstainForm(_sent(request)), 200
    if form.is_valid():
        try:
            sheets.abstain(sheet, reason=form.cleaned_data["reason"], by=person(request), now=now())
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
        {**_shell(sheet), "form": form},
        status=status,
    )


@with_second_factor(ASSESSOR)
@require_http_methods(["GET", "POST"])
def assessor_ties(request: HttpRequest) -> HttpResponse:
    """Own ties to firms: what was declared, and declaring another."""
    me = person(request)
    form, status = TieForm(_sent(request)), 200
    if form.is_valid():
        try:
            conflicts.declare_tie(me, **form.cleaned_data, by=me, now=now())
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
    context = {"form": form, "ties": me.declared_ties.order_by("-pk")}
    return render(request, "applications/assessment/ties.html", context, status=status)


def described(sheet: ScoreSheet) -> dict[str, Any]:
    """Where a sheet stands, in words, and how much of it is filled."""
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
        "label": assessment.label_of(sheet),
        "applicant": assessment.applicant_of(sheet),
        "status": status,
        "tone": tone,
        "filled": filled,
        "total": total,
    }


def _sent(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with, were it nothing at all."""
    return request.POST if request.method == "POST" else None


def _waiting(mine: QuerySet[ScoreSheet]) -> QuerySet[ScoreSheet]:
    waiting = mine.filter(
        locked_at=None,
        abstained_at=None,
        withdrawn_at=None,
        application__state=ApplicationState.ASSESSING,
    )
    return waiting.order_by(F("due_at").asc(nulls_last=True), "pk")


def _own(request: HttpRequest, pk: int) -> ScoreSheet:
    rows = own_sheets(person(request)).select_related(
        "assessor", "application__site", "application__submission__form", *REACHED
    )
    return get_object_or_404(rows, pk=pk)


def _over(sheet: ScoreSheet) -> bool:
    return (
        sheet.ended
        or sheet.locked_at is not None
        or sheet.application.state != ApplicationState.ASSESSING
    )


def _shell(sheet: ScoreSheet) -> dict[str, Any]:
    return {
        "sheet": sheet,
        "label": assessment.label_of(sheet),
        "applicant": assessment.applicant_of(sheet),
    }


def _take(request: HttpRequest, sheet: ScoreSheet, form: SheetForm) -> HttpResponse:
    """Save, and hand in when asked to. What is saved stays even if it cannot be handed in yet."""
    at = now()
    sheets.save(sheet, by=person(request), now=at, **form.sent())
    if request.POST.get("act") != "lock":
        messages.success(request, "저장했습니다. 아직 제출하지 않았습니다.")
        return redirect("assessor_sheet", pk=sheet.pk)
    try:
        sheets.lock(sheet, by=person(request), now=at)
    except PortalError as error:
        show_error(request, error)
        return redirect("assessor_sheet", pk=sheet.pk)
    messages.success(
        request, f"{assessment.label_of(sheet)} 평가표를 제출했습니다. 이제 고칠 수 없습니다."
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
    """Marks of the others without names, in an order that does not give them away."""
    criteria = rubrics.of_sheet(sheet).criteria
    rows = others_sheets(sheet).order_by("sha256").values_list("marks", flat=True)
    return [
        {
            "label": f"다른 평가위원 {place}",
            "marks": [{"label": row.label, "points": marks.get(row.code)} for row in criteria],
        }
        for place, marks in enumerate(rows, start=1)
    ]
