"""What everybody may read: reports in full, corrections, good cases, books, open data."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal.access.decorators import public
from portal.core.validators import row_number
from portal.uploads import files
from vouchers.models import ConsumerReport, ReportEvidence
from vouchers.queries.reports import publication, ratings
from vouchers.states import Category, MemberKind
from vouchers.views.good_cases import _cases
from vouchers.visibility import pictures_of, public_books, public_reports

PAGE = 20


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
        "rows": [{"report": row, "counted": ratings.counted(row)} for row in listed[:PAGE]],
        "next": f"?{words.urlencode()}" if len(listed) > PAGE else "",
        "categories": Category.choices,
        "kinds": MemberKind.choices,
        "category": category,
        "kind": kind,
        "books": public_books().select_related("round").order_by("category", "-number"),
        "cases": _cases(),
    }
    return render(request, "vouchers/reports/list.html", context)


@public
@require_safe
def published_report(request: HttpRequest, pk: int) -> HttpResponse:
    """One report in full: its author by kind, the supplier's word beside it."""
    report = get_object_or_404(publication.reports_in_full(public_reports()), pk=pk)
    context = {
        "report": report,
        "service": report.assignment.service,
        "content": report.filed.content,
        "counted": ratings.counted(report),
        "comment": getattr(report, "comment", None),
        "pictures": pictures(request, report),
    }
    return render(request, "vouchers/reports/detail.html", context)


@public
@require_safe
def report_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a picture of a report that the reader may read."""
    picture = get_object_or_404(pictures_of(request.user), pk=pk)
    ending = "png" if picture.content_type == "image/png" else "jpg"
    return files.serve(
        picture.file, filename=f"{picture.pk}.{ending}", content_type=picture.content_type
    )


def pictures(request: HttpRequest, report: ConsumerReport) -> QuerySet[ReportEvidence]:
    """The pictures that were handed in with a report and that the reader may see."""
    filed = [row["id"] for row in report.filed.content["evidence"]] if report.filed else []
    return pictures_of(request.user).filter(report=report, pk__in=filed)
