"""Published reports of a service and its public history."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import QuerySet

from portal.core.clock import KST
from vouchers.models import ConsumerReport, Correction, Service
from vouchers.rules.reports import publication as publication_rules
from vouchers.visibility import public_reports

MOVE_LABELS = {"sell": "판매 시작", "suspend": "판매 중지", "resume": "판매 재개"}


def reports_in_full(rows: QuerySet[ConsumerReport]) -> QuerySet[ConsumerReport]:
    """Select everything a published report shows, the newest first."""
    return rows.select_related(
        "filed", "comment", "fee", "assignment__monitor", "assignment__service__supplier"
    ).order_by("-published_at", "-pk")


def disclosure(report: ConsumerReport) -> str:
    """Return what is said beside an accepted report on free use and fee."""
    return publication_rules.disclosure(report.fee.amount_won)


def reports_of_service(service: Service) -> list[ConsumerReport]:
    """Return the published reports of a service, the newest first."""
    return list(reports_in_full(public_reports().filter(assignment__service=service)))


def history(
    service: Service,
    *,
    reports: Iterable[ConsumerReport],
    corrections: Iterable[Correction],
    promoted_at: datetime | None,
) -> list[tuple[datetime, str]]:
    """Return the public events of a service as (instant, label), the newest first."""
    events = [
        (row.at, MOVE_LABELS[row.move]) for row in service.moves.all() if row.move in MOVE_LABELS
    ]
    days: dict[date, list[datetime]] = {}
    for report in reports:
        if report.published_at:
            days.setdefault(report.published_at.astimezone(KST).date(), []).append(
                report.published_at
            )
    events += [(max(day), f"소비자 보고서 {len(day)}건 공개") for day in days.values()]
    for case in corrections:
        for at, label in (
            (case.asked_at, "시정 요청"),
            (case.answered_at, "공급기업의 시정 결과 제출"),
            (case.closed_at, "시정 완료 확인"),
        ):
            if at is not None:
                events.append((at, f"{label}: {case.get_kind_display()}"))
    if promoted_at is not None:
        events.append((promoted_at, "우수 사례로 확정"))
    return sorted(events, key=lambda row: row[0])[::-1]
