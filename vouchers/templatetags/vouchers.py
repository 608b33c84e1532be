"""Filters and tags: labels, ratings and reports of a service, good cases of the home page."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import template
from django.db.models import QuerySet
from django.template.context import RequestContext
from django.utils.safestring import SafeString, mark_safe

from portal.paper.charts import bars
from portal.templatetags.components import badge
from portal.templatetags.dates import kdate
from portal.web.kept_pages import Standing, fragment
from vouchers.models import ConsumerReport, GoodCase, ReportEvidence, Service
from vouchers.queries import corrections as corrections_queries
from vouchers.queries.reports import publication, ratings
from vouchers.rules.reports.ratings import Summary
from vouchers.states import Category, CorrectionState, MemberKind
from vouchers.visibility import pictures_of, public_cases, suppliers_of

register = template.Library()

SHOWN = 3  # good cases on the home page
CASE = (
    "service_id",
    "pk",
    "headline",
    "reason",
    "service__code",
    "service__name",
    "service__category",
    "service__supplier__name",
)
"""What a card shows of a good case, beside its ratings."""
CASE_TONES = {
    CorrectionState.ASKED: "warning",
    CorrectionState.FIXED: "success",
    CorrectionState.SUSPENDED: "danger",
}


@register.filter
def kind_label(code: str) -> str:
    return MemberKind(code).label


@register.filter
def day(written: str) -> str:
    """Format an ISO date from a submitted report, such as `2021-04-01`, like other days."""
    return kdate(date.fromisoformat(written))


@register.filter
def category(code: str) -> str:
    return Category(code).label


@register.filter
def disclosure(report: ConsumerReport) -> str:
    return publication.disclosure(report)


@register.filter
def points(hundredths: int) -> str:
    """Format a score in hundredths of a point: `83.25점`."""
    return f"{hundredths // 100}.{hundredths % 100:02d}점"


@register.filter
def thousands(number: int) -> str:
    return f"{number:,}"


@register.inclusion_tag("vouchers/reports/_standing.html", takes_context=True)
def service_reports(context: RequestContext, service: Service) -> dict[str, Any]:
    reports = publication.reports_of_service(service)
    summary = ratings.summary_of(reports)
    chart = None
    if summary.counted:
        chart = bars(
            "구분별 평균",
            [scale.label for scale in summary.scales],
            {
                label: [dict(scale.kinds)[label].mean for scale in summary.scales]
                for label, count in summary.by_kind
                if count
            },
            unit="점",
            label_header="평가 척도",
            unknown=ratings.NOT_JUDGED,
        )
    corrections = corrections_queries.corrections_of_service(service)
    case = public_cases().filter(service=service).first()
    request = context.get("request")
    pictures: dict[int, list[ReportEvidence]] = {}
    for row in pictures_of(getattr(request, "user", None)).filter(report__in=reports):
        pictures.setdefault(row.report_id, []).append(row)
    return {
        "service": service,
        "summary": summary,
        "chart": chart,
        "reports": [
            {
                "report": row,
                "content": content,
                "counted": ratings.counted(row),
                "comment": getattr(row, "comment", None),
                "overall": _overall(content),
                "pictures": _filed_pictures(content, pictures.get(row.pk, [])),
            }
            for row, content in ((report, report.submitted_version().content) for report in reports)
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


@register.simple_tag
def correction_badges(service: Service) -> SafeString:
    """Render the corrections of a service that are under way and fixed; empty without any."""
    found = [
        (service.corrections_open, "시정 중", "warning"),
        (service.corrections_fixed, "시정 완료", "success"),
    ]
    marks = (badge(f"{label} {count:,}건", tone=tone) for count, label, tone in found if count)
    return mark_safe(" ".join(marks))  # noqa: S308 # badges are escaped


@register.simple_tag(takes_context=True)
def is_supplier_member(context: RequestContext) -> bool:
    user = getattr(context.get("request"), "user", None)
    return bool(user and user.is_authenticated and suppliers_of(user).exists())


@register.simple_tag
def ratings_side_by_side(services: Sequence[Service]) -> list[tuple[str, list[Summary]]]:
    return ratings.comparison(list(services))


def _shown() -> QuerySet[GoodCase]:
    return public_cases().order_by("-decided_at", "-pk")[:SHOWN]


CASES = Standing(lambda: _shown().values_list(*CASE))


@register.simple_tag
def good_cases() -> SafeString:
    """Render the latest good cases; their text is kept until something that it shows has changed."""
    if not (rows := CASES.rows()):
        return mark_safe("")
    key = (rows, ratings.standing(service for service, *_ in rows))
    return fragment("vouchers/good_cases/_cases.html", key=key, context=_cards)


def _cards() -> dict[str, Any]:
    cases = list(_shown().select_related("service__supplier"))
    overall = ratings.overall([case.service for case in cases])
    return {"rows": [{"case": case, "overall": overall.get(case.service_id)} for case in cases]}


def _overall(content: dict[str, Any]) -> dict[str, Any] | None:
    rated = (row for row in content["ratings"] if row["code"] == ratings.OVERALL)
    return next((row for row in rated if row["value"] is not None), None)


def _filed_pictures(
    content: dict[str, Any], pictures: list[ReportEvidence]
) -> list[ReportEvidence]:
    filed = {row["id"] for row in content["evidence"]}
    return [row for row in pictures if row.pk in filed]
