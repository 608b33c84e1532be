"""Published reports and ratings, as page, API, book and open data all read them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db.models import Count, QuerySet

from portal.core.clock import KST
from vouchers.models import ConsumerReport, Correction, Service
from vouchers.states import CorrectionState
from vouchers.visibility import public_corrections, public_reports

MOVE_WORDS = {"sell": "판매 시작", "suspend": "판매 중지", "resume": "판매 재개"}


def reports_in_full(rows: QuerySet[ConsumerReport]) -> QuerySet[ConsumerReport]:
    """Fetch what a published report shows, in a fixed number of queries."""
    return rows.select_related(
        "filed", "comment", "assignment__monitor", "assignment__service__supplier"
    ).order_by("-published_at", "-pk")


def reports_of_service(service: Service) -> list[ConsumerReport]:
    """The published reports of a service, the newest first."""
    return list(reports_in_full(public_reports().filter(assignment__service=service)))


def spoken_of(services: Sequence[Service]) -> dict[int, tuple[int, int, int]]:
    """For each service: published reports, corrections under way, corrections put right."""
    found = {service.pk: [0, 0, 0] for service in services}
    reports = public_reports().filter(assignment__service__in=services).order_by()
    for pk, count in reports.values_list("assignment__service").annotate(Count("pk")):
        found[pk][0] = count
    for pk, state in (
        public_corrections().filter(service__in=services).values_list("service", "state")
    ):
        found[pk][2 if state == CorrectionState.FIXED else 1] += 1
    return {pk: (row[0], row[1], row[2]) for pk, row in found.items()}


def history(
    service: Service,
    *,
    reports: Iterable[ConsumerReport],
    corrections: Iterable[Correction],
    promoted_at: datetime | None,
) -> list[tuple[datetime, str]]:
    """What has happened to a service in public, the newest first: sale, reports, corrections."""
    found = [
        (row.at, MOVE_WORDS[row.move]) for row in service.moves.all() if row.move in MOVE_WORDS
    ]
    days: dict[date, list[datetime]] = {}
    for report in reports:
        if report.published_at:
            days.setdefault(report.published_at.astimezone(KST).date(), []).append(
                report.published_at
            )
    found += [(max(day), f"소비자 보고서 {len(day)}건 공개") for day in days.values()]
    for case in corrections:
        for at, word in (
            (case.asked_at, "시정 요청"),
            (case.answered_at, "공급기업의 시정 결과 제출"),
            (case.closed_at, "시정 완료 확인"),
        ):
            if at is not None:
                found.append((at, f"{word}: {case.get_kind_display()}"))
    if promoted_at is not None:
        found.append((promoted_at, "우수 사례로 확정"))
    return sorted(found, key=lambda row: row[0])[::-1]
