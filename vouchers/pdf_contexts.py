"""Template, title and context of each PDF."""

from typing import Any

from portal.core.clock import KST
from portal.paper.charts import Chart, bars
from vouchers.models import Certificate, ConsumerReport, ReportBook, Service
from vouchers.queries import corrections
from vouchers.queries.reports import publication, ratings

AGENCY_NAME = "창업진흥원"


def certificate(document: Certificate) -> tuple[str, str, dict[str, Any]]:
    """Return template, title and context of a member's commendation."""
    award = document.award
    paid_at = award.award_round.paid_at
    context = {
        "document_number": document.number,
        "organisation": AGENCY_NAME,
        "award": award,
        "name": award.monitor.application.name or award.monitor.user.name,
        "round": award.award_round.round,
        "breakdown": award.breakdown,
        "results_sha256": award.award_round.results_sha256,
        "on": paid_at.astimezone(KST).date() if paid_at else None,
    }
    return "pdf/vouchers/certificate.html", f"표창장 {document.number}", context


def book(document: ReportBook) -> tuple[str, str, dict[str, Any]]:
    """Return template, title and context of a book of reports: cover, comparison, full reports."""
    reports = list(
        publication.reports_in_full(document.included.all()).order_by(
            "assignment__service__name", "assignment__service", "published_at", "pk"
        )
    )
    chapters = [_chapter(service, own) for service, own in _by_service(reports)]
    title = f"{document.get_category_display()} 소비자 보고서집"
    context = {
        "document_number": f"{document.round.code}-{document.category}-{document.number}",
        "organisation": "K-비대면 서비스 바우처 국민 모니터링단",
        "book": document,
        "round": document.round,
        "whole": ratings.summary_of(reports),
        "chapters": chapters,
        "chart": bars(
            "서비스별 전반적 만족도 평균",
            [row["service"].name for row in chapters],
            {"만족도": [row["overall"] for row in chapters]},
            unit="점",
            label_header="서비스",
            unknown=ratings.NOT_JUDGED,
        ),
        "kinds_chart": _kinds_chart(chapters),
        "on": document.requested_at,
    }
    return "pdf/vouchers/book.html", f"{title} {document.number}판", context


def _by_service(reports: list[ConsumerReport]) -> list[tuple[Service, list[ConsumerReport]]]:
    grouped: dict[int, tuple[Service, list[ConsumerReport]]] = {}
    for report in reports:
        service = report.assignment.service
        grouped.setdefault(service.pk, (service, []))[1].append(report)
    return list(grouped.values())


def _chapter(service: Service, reports: list[ConsumerReport]) -> dict[str, Any]:
    summary = ratings.summary_of(reports)
    overall = next((row for row in summary.scales if row.code == ratings.OVERALL), None)
    return {
        "service": service,
        "summary": summary,
        "overall": overall.whole.mean if overall else None,
        "reports": [{"report": row, "counted": ratings.counted(row)} for row in reports],
        "corrections": corrections.corrections_of_service(service),
    }


def _kinds_chart(chapters: list[dict[str, Any]]) -> Chart:
    kinds = [label for label, _ in chapters[0]["summary"].by_kind]
    counts = [dict(row["summary"].by_kind) for row in chapters]
    return bars(
        "서비스별 보고서 수(구분별, 평균에 넣은 것)",
        [row["service"].name for row in chapters],
        {kind: [row[kind] for row in counts] for kind in kinds},
        unit="건",
        stacked=True,
        label_header="서비스",
    )
