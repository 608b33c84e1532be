"""What everybody may read: reports in full, corrections, good cases, books, open data."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal.access.decorators import public
from portal.core.clock import now
from portal.core.validators import row_number
from portal.paper.tables import csv_lines
from portal.uploads import files
from vouchers.models import ConsumerReport, ReportEvidence
from vouchers.queries import opendata, published
from vouchers.states import Category, CorrectionState, IssueKind, MemberKind
from vouchers.visibility import (
    pictures_of,
    public_books,
    public_cases,
    public_corrections,
    public_reports,
)

PAGE = 20
CORRECTION_TONES = {
    CorrectionState.RAISED: "neutral",
    CorrectionState.DISMISSED: "neutral",
    CorrectionState.VERIFIED: "info",
    CorrectionState.ASKED: "warning",
    CorrectionState.ANSWERED: "info",
    CorrectionState.FIXED: "success",
    CorrectionState.SUSPENDED: "danger",
}


@public
@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    """List the published reports, the newest first, with the books of each field."""
    rows = public_reports()
    category, kind = request.GET.get("category", ""), request.GET.get("kind", "")
    if category in Category.values:
        rows = rows.filter(assignment__service__category=category)
    if kind in MemberKind.values:
        rows = rows.filter(assignment__monitor__kind=kind)
    before = row_number(request.GET.get("before"))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    listed = list(
        rows.select_related(
            "filed", "assignment__monitor", "assignment__service__supplier"
        ).order_by("-pk")[: PAGE + 1]
    )
    words = request.GET.copy()
    if len(listed) > PAGE:
        words["before"] = str(listed[PAGE - 1].pk)
    context = {
        "rows": [{"report": row, "counted": published.counted(row)} for row in listed[:PAGE]],
        "next": f"?{words.urlencode()}" if len(listed) > PAGE else "",
        "categories": Category.choices,
        "kinds": MemberKind.choices,
        "category": category,
        "kind": kind,
        "books": public_books().select_related("round").order_by("category", "-number"),
        "cases": _cases(),
    }
    return render(request, "vouchers/report/list.html", context)


@public
@require_safe
def published_report(request: HttpRequest, pk: int) -> HttpResponse:
    """One report in full: its author by kind, the supplier's word beside it."""
    report = get_object_or_404(published.reports_in_full(public_reports()), pk=pk)
    context = {
        "report": report,
        "service": report.assignment.service,
        "content": report.filed.content,
        "counted": published.counted(report),
        "comment": getattr(report, "comment", None),
        "pictures": pictures(request, report),
    }
    return render(request, "vouchers/report/detail.html", context)


@public
@require_safe
def report_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a picture of a report that the reader may read."""
    picture = get_object_or_404(pictures_of(request.user), pk=pk)
    ending = "png" if picture.content_type == "image/png" else "jpg"
    return files.serve(
        picture.file, filename=f"{picture.pk}.{ending}", content_type=picture.content_type
    )


@public
@require_safe
def correction_list(request: HttpRequest) -> HttpResponse:
    """List what the agency has found and what became of it."""
    rows = public_corrections().select_related("service__supplier")
    counts = dict(public_corrections().order_by().values_list("state").annotate(Count("pk")))
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    if state in CorrectionState.values:
        rows = rows.filter(state=state)
    if kind in IssueKind.values:
        rows = rows.filter(kind=kind)
    before = row_number(request.GET.get("before"))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    listed = list(rows.order_by("-pk")[: PAGE + 1])
    words = request.GET.copy()
    if len(listed) > PAGE:
        words["before"] = str(listed[PAGE - 1].pk)
    context = {
        "rows": [
            {"case": row, "tone": CORRECTION_TONES[CorrectionState(row.state)]}
            for row in listed[:PAGE]
        ],
        "next": f"?{words.urlencode()}" if len(listed) > PAGE else "",
        "states": [(one.value, one.label) for one in opendata.SHOWN_STATES],
        "counts": [
            (one.value, one.label, counts.get(one.value, 0)) for one in opendata.SHOWN_STATES
        ],
        "kinds": IssueKind.choices,
        "state": state,
        "kind": kind,
    }
    return render(request, "vouchers/report/corrections.html", context)


@public
@require_safe
def correction_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One case from what was found to how it ended, with the supplier's answers."""
    rows = public_corrections().select_related("service__supplier")
    case = get_object_or_404(rows, pk=pk)
    context = {
        "case": case,
        "tone": CORRECTION_TONES[CorrectionState(case.state)],
        "answers": case.answers.all(),
        "steps": opendata.steps(case),
    }
    return render(request, "vouchers/report/correction.html", context)


@public
@require_safe
def report_book(request: HttpRequest, token: str) -> HttpResponse:
    """Hand out a book."""
    book = get_object_or_404(public_books(), token=token)
    return files.serve(book.file, filename=f"{book}.pdf", content_type="application/pdf")


@public
@require_safe
def open_data(request: HttpRequest) -> HttpResponse:
    """Say what data there are, what each field means, and under which licence."""
    context = {
        "sets": opendata.SETS.values(),
        "licence": opendata.LICENCE,
    }
    return render(request, "vouchers/data/index.html", context)


@public
@require_safe
def open_data_file(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """Send a whole data set; its address never changes."""
    chosen = opendata.SETS.get(name)
    if chosen is None or kind not in ("csv", "json"):
        raise Http404
    rows = chosen.rows()
    header = [field.name for field in chosen.fields]
    if kind == "json":
        body: dict[str, Any] = {
            "name": chosen.name,
            "licence": opendata.LICENCE,
            "made_at": now().isoformat(timespec="seconds"),
            "fields": {field.name: field.meaning for field in chosen.fields},
            "rows": [dict(zip(header, row, strict=True)) for row in rows],
        }
        return JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    lines: Iterator[str] = csv_lines(header, rows)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{chosen.name}.csv"'
    return response


def pictures(request: HttpRequest, report: ConsumerReport) -> QuerySet[ReportEvidence]:
    """The pictures that were handed in with a report and that the reader may see."""
    filed = [row["id"] for row in report.filed.content["evidence"]] if report.filed else []
    return pictures_of(request.user).filter(report=report, pk__in=filed)


def _cases() -> list[Any]:
    return list(
        public_cases().select_related("service__supplier", "report").order_by("-decided_at")[:6]
    )
