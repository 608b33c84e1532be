"""What other pages show of the panel: a service's ratings, the good cases of the home page."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import template
from django.template.context import RequestContext

from portal.paper.charts import bars
from portal.templatetags.dates import kdate
from vouchers.models import Service
from vouchers.queries import corrections as corrections_queries
from vouchers.queries.reports import publication, ratings
from vouchers.rules.reports.ratings import Summary
from vouchers.states import Category, CorrectionState, MemberKind
from vouchers.visibility import pictures_of, public_cases, suppliers_of

register = template.Library()


SHOWN = 3


CASE_TONES = {
    CorrectionState.ASKED: "warning",
    CorrectionState.FIXED: "success",
    CorrectionState.SUSPENDED: "danger",
}


@register.filter
def kind_label(code: str) -> str:
    """Name a kind of member: the only thing the public learns of an author."""
    return MemberKind(code).label


@register.filter
def day(written: str) -> str:
    """Write a day that a submitted report keeps as text (2021-04-01) as pages write days."""
    return kdate(date.fromisoformat(written))


@register.inclusion_tag("vouchers/reports/_standing.html", takes_context=True)
def standing(context: RequestContext, service: Service) -> dict[str, Any]:
    """Show what the panel says of a service: ratings by kind, reports in full, corrections."""
    reports = publication.reports_of_service(service)
    found = ratings.standing(reports)
    drawn = None
    if found.counted:
        drawn = bars(
            "구분별 평균",
            [scale.label for scale in found.scales],
            {
                label: [dict(scale.kinds)[label].mean for scale in found.scales]
                for label, count in found.by_kind
                if count
            },
            unit="점",
            label_header="평가 척도",
            unknown=ratings.NOT_JUDGED,
        )
    corrections = corrections_queries.corrections_of_service(service)
    case = public_cases().filter(service=service).first()
    request = context.get("request")
    pictures: dict[int, list[Any]] = {}
    for row in pictures_of(getattr(request, "user", None)).filter(report__in=reports):
        pictures.setdefault(row.report_id, []).append(row)
    return {
        "service": service,
        "standing": found,
        "chart": drawn,
        "reports": [
            {
                "report": row,
                "content": row.filed.content,
                "counted": ratings.counted(row),
                "comment": getattr(row, "comment", None),
                "overall": _overall(row.filed.content),
                "pictures": _filed(row.filed.content, pictures.get(row.pk, [])),
            }
            for row in reports
        ],
        "corrections": [
            {"case": row, "tone": CASE_TONES.get(CorrectionState(row.state), "info")}
            for row in corrections
        ],
        "case": case,
        "history": publication.history(
            service,
            reports=reports,
            corrections=corrections,
            promoted_at=case.decided_at if case else None,
        ),
    }


@register.simple_tag(takes_context=True)
def at_supplier_desk(context: RequestContext) -> bool:
    """Tell whether the reader works at a supplier's desk."""
    user = getattr(context.get("request"), "user", None)
    return bool(user and user.is_authenticated and suppliers_of(user).exists())


@register.simple_tag
def ratings_side_by_side(services: Sequence[Service]) -> list[tuple[str, list[Summary]]]:
    """Sum up every scale for each service, for a comparison."""
    return ratings.compared(list(services))


@register.inclusion_tag("vouchers/good_cases/_cases.html")
def good_cases() -> dict[str, Any]:
    """Show the newest good cases, with the overall rating of each."""
    cases = list(
        public_cases().select_related("service__supplier").order_by("-decided_at", "-pk")[:SHOWN]
    )
    overall = ratings.overall([case.service for case in cases]) if cases else {}
    return {"rows": [{"case": case, "overall": overall.get(case.service_id)} for case in cases]}


def _overall(content: dict[str, Any]) -> dict[str, Any] | None:
    """The rating that stands for a report, unless its author could not judge."""
    rated = (row for row in content["ratings"] if row["code"] == ratings.OVERALL)
    return next((row for row in rated if row["value"] is not None), None)


def _filed(content: dict[str, Any], pictures: list[Any]) -> list[Any]:
    filed = {row["id"] for row in content["evidence"]}
    return [row for row in pictures if row.pk in filed]


@register.filter
def category(code: str) -> str:
    """Name a field of services."""
    return Category(code).label


@register.filter
def points(hundredths: int) -> str:
    """Write a score kept in hundredths: 83.25점."""
    return f"{hundredths // 100}.{hundredths % 100:02d}점"


@register.filter
def thousands(number: int) -> str:
    """Write a whole number with commas."""
    return f"{number:,}"
