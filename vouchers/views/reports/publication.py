"""Published reports and their pictures."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal.access.decorators import may_be_older, public, same_for_strangers
from portal.core.validators import row_number
from portal.uploads import files
from vouchers.models import ConsumerReport, ReportEvidence
from vouchers.queries.reports import publication, ratings
from vouchers.states import Category, MemberKind
from vouchers.views import good_cases
from vouchers.visibility import pictures_of, public_books, public_reports

PAGE = 20


@public
@same_for_strangers("category", "kind", "before")
@may_be_older
@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
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
    params = request.GET.copy()
    if len(listed) > PAGE:
        params["before"] = str(listed[PAGE - 1].pk)
    context = {
        "rows": [{"report": row, "counted": ratings.counted(row)} for row in listed[:PAGE]],
        "next": f"?{params.urlencode()}" if len(listed) > PAGE else "",
        "categories": Category.choices,
        "kinds": MemberKind.choices,
        "category": category,
        "kind": kind,
        "books": public_books().select_related("round").order_by("category", "-number"),
        "cases": good_cases.shown(),
    }
    return render(request, "vouchers/reports/list.html", context)


@public
@same_for_strangers()
@may_be_older
@require_safe
def published_report(request: HttpRequest, pk: int) -> HttpResponse:
    report = get_object_or_404(publication.reports_in_full(public_reports()), pk=pk)
    context = {
        "report": report,
        "service": report.assignment.service,
        "content": report.submitted_version().content,
        "counted": ratings.counted(report),
        "comment": getattr(report, "comment", None),
        "pictures": submitted_pictures(request, report),
    }
    return render(request, "vouchers/reports/detail.html", context)


@public
@require_safe
def report_picture(request: HttpRequest, pk: int) -> HttpResponseBase:
    picture = get_object_or_404(pictures_of(request.user), pk=pk)
    ending = "png" if picture.content_type == "image/png" else "jpg"
    return files.serve(
        picture.file, filename=f"{picture.pk}.{ending}", content_type=picture.content_type
    )


def submitted_pictures(request: HttpRequest, report: ConsumerReport) -> QuerySet[ReportEvidence]:
    """Return the pictures of the submitted version that the reader may see."""
    filed = [row["id"] for row in report.filed.content["evidence"]] if report.filed else []
    return pictures_of(request.user).filter(report=report, pk__in=filed)
