"""Published reports and ratings, as page, API, book and open data all read them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet

from portal.core.clock import KST
from vouchers.models import ConsumerReport, Correction, Service
from vouchers.rules import ratings
from vouchers.rules.ratings import ALL, Summary, Vote
from vouchers.states import CorrectionState, MemberKind, MonitorState
from vouchers.visibility import public_corrections, public_reports

KINDS = tuple(MemberKind.values)
MOVE_WORDS = {"sell": "판매 시작", "suspend": "판매 중지", "resume": "판매 재개"}
OVERALL = "satisfaction"
"""The scale that stands for a report where there is room for one figure only."""
NOT_JUDGED = "평가 없음"
"""What stands for an average where nobody could judge."""


@dataclass(frozen=True)
class Scale:
    """One scale with its summary for everybody and for each kind."""

    code: str
    label: str
    low: int
    high: int
    low_label: str
    high_label: str
    whole: Summary
    kinds: tuple[tuple[str, Summary], ...]


@dataclass(frozen=True)
class Standing:
    """What the published reports of a service come to."""

    scales: tuple[Scale, ...]
    counted: int
    excluded: int
    by_kind: tuple[tuple[str, int], ...]

    @property
    def reports(self) -> int:
        """All published reports, counted or not."""
        return self.counted + self.excluded


def reports_in_full(rows: QuerySet[ConsumerReport]) -> QuerySet[ConsumerReport]:
    """Fetch what a published report shows, in a fixed number of queries."""
    return rows.select_related(
        "filed", "comment", "assignment__monitor", "assignment__service__supplier"
    ).order_by("-published_at", "-pk")


def reports_of_service(service: Service) -> list[ConsumerReport]:
    """The published reports of a service, the newest first."""
    return list(reports_in_full(public_reports().filter(assignment__service=service)))


def counted(report: ConsumerReport) -> bool:
    """Tell whether a report counts in averages: not when its author was excluded."""
    return report.assignment.monitor.state != MonitorState.EXCLUDED


def vote(report: ConsumerReport) -> Vote:
    """The ratings of a report as they were submitted."""
    content = report.filed.content
    given = {row["code"]: row["value"] for row in content["ratings"]}
    return Vote(content["kind"], given, counted(report))


def standing(reports: Sequence[ConsumerReport]) -> Standing:
    """Sum up reports; the words of a scale are those of the newest report."""
    votes = [vote(report) for report in reports]
    asked: dict[str, Mapping[str, Any]] = {}
    for report in reports:
        for row in report.filed.content["ratings"]:
            asked.setdefault(row["code"], row)
    table = ratings.table(votes, scales=list(asked), kinds=KINDS)
    scales = tuple(
        Scale(
            code,
            row["label"],
            row["low"],
            row["high"],
            row["low_label"],
            row["high_label"],
            table[code][ALL],
            tuple((MemberKind(kind).label, table[code][kind]) for kind in KINDS),
        )
        for code, row in asked.items()
    )
    kinds = tuple(
        (MemberKind(kind).label, sum(one.counted and one.kind == kind for one in votes))
        for kind in KINDS
    )
    left_out = sum(not one.counted for one in votes)
    return Standing(scales, len(votes) - left_out, left_out, kinds)


def overall(services: Iterable[Service]) -> dict[int, Summary]:
    """The overall rating of many services, in one query; a service without any is left out."""
    rows = public_reports().filter(assignment__service__in=[row.pk for row in services])
    given: dict[int, list[int | None]] = {}
    for report in rows.select_related("filed", "assignment__monitor"):
        if counted(report):
            mark = vote(report).ratings.get(OVERALL)
            given.setdefault(report.assignment.service_id, []).append(mark)
    return {pk: ratings.summarise(values) for pk, values in given.items()}


def compared(services: Sequence[Service]) -> list[tuple[str, list[Summary]]]:
    """Every scale with its summary for each service, for a comparison side by side."""
    rows = reports_in_full(public_reports().filter(assignment__service__in=services))
    by_service: dict[int, list[ConsumerReport]] = {service.pk: [] for service in services}
    for report in rows:
        by_service[report.assignment.service_id].append(report)
    standings = [standing(by_service[service.pk]) for service in services]
    labels = {scale.code: scale.label for each in standings for scale in each.scales}
    return [
        (
            label,
            [
                next((scale.whole for scale in each.scales if scale.code == code), Summary(0))
                for each in standings
            ],
        )
        for code, label in labels.items()
    ]


def corrections_of_service(service: Service) -> list[Correction]:
    """The public cases of a service, the newest first."""
    return list(public_corrections().filter(service=service).order_by("-pk"))


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


def as_number(value: Decimal | None) -> float | None:
    """A decimal as JSON writes numbers."""
    return None if value is None else float(value)
